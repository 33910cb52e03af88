-- behaviour: dates and times at their limits
-- tables: public.ts
-- expect: equal
-- setup
CREATE TABLE ts (id timestamptz PRIMARY KEY, a timestamp, b date, c time, d timetz, e timestamp(0), f timestamptz(3), g interval);
-- load
INSERT INTO ts VALUES ('infinity', '-infinity', 'infinity', '24:00:00', '23:59:59.999999-15:59', '2024-02-29 23:59:59.6', '1999-12-31 23:59:59.9996+00', '-1 year +2 mons -3 days +04:05:06.7');
-- live
SET timezone = 'Asia/Kolkata';
SET datestyle = 'SQL, DMY';
INSERT INTO ts VALUES ('2024-03-10 02:30:00', '4713-01-01 00:00:00 BC', '4713-01-01 BC', '00:00', '00:00+00', '294276-12-31 23:59:59', '2024-01-01', '178000000 years');
UPDATE ts SET id = '1900-01-01 00:00:00+00:19:32' WHERE id <> 'infinity';
UPDATE ts SET a = 'infinity' WHERE id = 'infinity';
