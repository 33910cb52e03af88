-- behaviour: empty transactions, transactions that touch only unselected, temporary, unlogged or catalog tables; position must still advance (slot does not pin WAL) and selected data is untouched
-- tables: public.pubd
-- select: public.pubd
-- expect: equal
-- expect: metric: confirmed_flush_lsn advances past the end of the live section without any row event
-- setup
CREATE TABLE pubd (id int PRIMARY KEY);
CREATE TABLE unpub (id int);
CREATE UNLOGGED TABLE ulog (id int);
-- load
INSERT INTO pubd VALUES (1);
-- live
BEGIN; COMMIT;
BEGIN; INSERT INTO unpub SELECT generate_series(1, 5000); COMMIT;
INSERT INTO ulog SELECT generate_series(1, 100);
UPDATE ulog SET id = id + 1;
CREATE TEMP TABLE tt AS SELECT 1 AS a;
UPDATE tt SET a = 2;
DROP TABLE tt;
-- step
BEGIN; INSERT INTO unpub VALUES (1); INSERT INTO pubd VALUES (2); UPDATE ulog SET id = 0; COMMIT;
