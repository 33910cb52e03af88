-- behaviour: partial and expression indexes calling SQL functions on the table must not upset decode or apply
-- tables: public.ix
-- setup
CREATE TABLE ix (a int PRIMARY KEY, b int);
CREATE FUNCTION dbl(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x * 2';
CREATE INDEX ON ix (b) WHERE a > dbl(1);
CREATE INDEX ON ix (dbl(b));
-- load
INSERT INTO ix VALUES (1, 2);
-- live
INSERT INTO ix VALUES (5, 6);
UPDATE ix SET b = 7 WHERE a = 5;
