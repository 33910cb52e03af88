-- behaviour: intervals: mixed signs, months vs days vs time kept apart, microseconds, extremes, typmod fields, array
-- tables: public.iv
-- setup
CREATE TABLE iv (id int PRIMARY KEY, i interval NOT NULL, ym interval year to month, ds interval day to second(3), a interval[]);
-- load
INSERT INTO iv VALUES (1, '1 mon', '1-2', '3 4:05:06.7891', '{1 day,24 hours,-1 mon +1 day}'), (2, '30 days', '-178000000 years', '-106751991 days', '{}'), (3, '1 year -2 mons +3 days -04:05:06.789012', NULL, NULL, NULL), (4, '0', '0', '0', '{NULL}');
-- live
SET intervalstyle = 'sql_standard';
INSERT INTO iv VALUES (5, '-1-2 -3 -4:05:06', '1-1', '1 2:03:04', NULL);
SET intervalstyle = 'iso_8601';
INSERT INTO iv VALUES (6, 'P-1Y2M-3DT4H-5M6.000001S', 'P1Y', 'PT0.001S', '{PT1H}');
RESET intervalstyle;
UPDATE iv SET i = -i;
-- step
UPDATE iv SET i = i * 1000 WHERE id = 3;
DELETE FROM iv WHERE i = '-1 mon';
