-- behaviour: text keys differing only by case, accent normal form, trailing blank, zero-width or byte order; default and C collations
-- tables: public.tk, public.tkc
-- setup
CREATE TABLE tk (k text PRIMARY KEY, v int);
CREATE TABLE tkc (k text COLLATE "C" PRIMARY KEY, v int);
-- load
INSERT INTO tk VALUES ('abc', 1), ('ABC', 2), ('abc ', 3), (U&'\00E4bc', 4), (U&'a\0308bc', 5), (U&'ab\200Bc', 6), ('', 7);
INSERT INTO tkc SELECT * FROM tk;
-- live
UPDATE tk SET v = v + 100;
UPDATE tkc SET k = k || U&'\0301' WHERE v IN (4, 5);
-- step
DELETE FROM tk WHERE k IN ('ABC', U&'a\0308bc');
INSERT INTO tk VALUES (U&'\+01F469\200D\+01F4BB', 8), (U&'\FEFFbom', 9), (E'line\nbreak\ttab', 10);
