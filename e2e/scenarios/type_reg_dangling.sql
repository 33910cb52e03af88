-- behaviour: reg* columns that hold nothing (-) or an object that is gone keep what they show, in rows that are loaded, inserted and updated; so do names that need quotes
-- tables: public.rd, public.rd_bag
-- setup
CREATE SCHEMA "Odd schema";
CREATE TABLE "Odd schema"."Odd.table" (id int PRIMARY KEY);
CREATE TABLE rd (id int PRIMARY KEY, c regclass, p regproc, t regtype, o regoper, cfg regconfig, d regdictionary, r regrole, big text);
CREATE TABLE rd_bag (c regclass, p regprocedure, n int);
-- load
INSERT INTO rd VALUES (1, '-', '-', '-', 0, 'simple', 'simple', '-', repeat('x', 9000)), (2, '"Odd schema"."Odd.table"', 'pg_catalog.now', 'integer[]', 'pg_catalog.||/', 'english', 'english_stem', 'pg_monitor', NULL);
INSERT INTO rd_bag VALUES ('-', '-', 1), ('"Odd schema"."Odd.table"', 'now()', 2);
-- live
UPDATE rd SET id = id + 10;
INSERT INTO rd VALUES (3, '-', '-', '-', 0, 'simple', 'simple', '-', NULL), (4, 99999999, 99999998, 99999997, 99999996, 'simple', 'simple', 0, '');
INSERT INTO rd VALUES (5, '"Odd schema"."Odd.table"', NULL, '"char"', NULL, NULL, NULL, NULL, NULL);
UPDATE rd SET c = '-' WHERE id = 5;
INSERT INTO rd_bag VALUES (0, 0, 3), ('pg_class', 0, 4);
UPDATE rd_bag SET n = n + 10;
DELETE FROM rd_bag WHERE c = 0 AND n = 11;
