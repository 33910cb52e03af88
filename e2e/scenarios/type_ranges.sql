-- behaviour: ranges of every kind
-- tables: public.r
-- expect: equal
-- setup
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TABLE r (id int4range PRIMARY KEY, a int8range, b numrange, c tsrange, d tstzrange, e daterange, f floatrange, g int4range[]);
-- load
INSERT INTO r VALUES ('[1,5)', '(,5]', '[1.50,2.5]', '[2020-01-01,infinity)', '[2020-01-01 00:00:00+02,)', 'empty', '[-0,NaN]', '{"[1,2)","empty",NULL}');
-- live
INSERT INTO r VALUES ('empty', NULL, '(,)', NULL, NULL, '[2020-01-01,2020-01-05]', NULL, '{}');
UPDATE r SET id = '[7,9]' WHERE id = 'empty';
UPDATE r SET b = 'empty' WHERE id = '[1,5)';
DELETE FROM r WHERE id = '[7,9]';
