-- behaviour: a table with a row condition changes: a column of the condition is retyped, others come and go, rows cross the condition around each change, the table is truncated, one condition is of a partitioned table, and one of a table that is renamed
-- needs: ddl-sync
-- filter: public.ff: region = 'eu' AND n > 10
-- filter: public.fp: keep
-- filter: public.fr: n > 10
-- tables: public.ff, public.fp
-- expect: target: SELECT id, region, n, x FROM public.ff ORDER BY id => 1|eu|11|;3|eu|13|in;5|eu|99|;30|eu|40|
-- expect: target: SELECT id, r, v FROM public.fp ORDER BY id => 1|1|a;4|1|moved;7|2|in
-- expect: target: SELECT id, n FROM public.fr2 ORDER BY id => 2|20;4|40
-- setup
CREATE TABLE fr (id int PRIMARY KEY, n int);
CREATE TABLE ff (id int PRIMARY KEY, region text, n int, junk text);
CREATE TABLE fp (id int, r int, v text, keep boolean, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE fp_1 PARTITION OF fp FOR VALUES IN (1);
CREATE TABLE fp_2 (keep boolean, r int NOT NULL, id int NOT NULL, v text);
ALTER TABLE fp ATTACH PARTITION fp_2 FOR VALUES IN (2);
-- load
INSERT INTO fr VALUES (1, 1), (2, 20), (3, 30);
INSERT INTO ff VALUES (1, 'eu', 11, 'j'), (2, 'us', 12, 'j'), (3, 'us', 13, 'j'), (4, 'eu', 14, 'j'), (5, 'eu', 5, 'j');
INSERT INTO fp VALUES (1, 1, 'a', true), (2, 1, 'b', false), (3, 2, 'c', NULL), (4, 2, 'd', true), (5, 2, 'e', true);
-- live
ALTER TABLE fr RENAME TO fr2;
INSERT INTO fr2 VALUES (4, 40), (5, 5);
UPDATE fr2 SET n = 3 WHERE id = 3;
UPDATE fr2 SET n = 9 WHERE id = 1;
ALTER TABLE ff DROP junk, ADD x text;
UPDATE ff SET region = 'eu', x = 'in' WHERE id = 3;
UPDATE ff SET region = NULL WHERE id = 4;
ALTER TABLE ff ALTER n TYPE numeric;
UPDATE ff SET n = 99 WHERE id = 5;
UPDATE ff SET id = 20 WHERE id = 2;
INSERT INTO ff VALUES (30, 'eu', 40), (31, 'eu', 10.0), (32, 'eu', NULL);
UPDATE fp SET r = 1, v = 'moved' WHERE id = 4;
UPDATE fp SET keep = false WHERE id = 5;
INSERT INTO fp VALUES (6, 2, 'out', false), (7, 1, 'in', true);
UPDATE fp SET r = 2 WHERE id = 7;
-- step
BEGIN;
TRUNCATE fp_2;
INSERT INTO fp VALUES (7, 2, 'in', true), (8, 2, 'out', NULL);
COMMIT;
DELETE FROM ff WHERE id IN (31, 32);
