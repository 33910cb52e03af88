-- behaviour: a partition that is partitioned itself, with rows, goes and comes under another parent, with columns in another order and holes, and its leaves are exchanged with tables of the same names in other schemas
-- needs: ddl-sync; pg>=11
-- tables: public.tm, public.tm_b, s.leaf, public.leaf
-- setup
CREATE SCHEMA s;
CREATE TABLE tm (id int NOT NULL, r int NOT NULL, q int NOT NULL, v text, PRIMARY KEY (id, r, q)) PARTITION BY LIST (r);
CREATE TABLE tm_1 PARTITION OF tm FOR VALUES IN (1) PARTITION BY RANGE (q);
CREATE TABLE tm_1a PARTITION OF tm_1 FOR VALUES FROM (0) TO (10);
CREATE TABLE tm_1b PARTITION OF tm_1 FOR VALUES FROM (10) TO (20);
CREATE TABLE tm_2 (gone text, q int NOT NULL, v text, gone2 int, r int NOT NULL, id int NOT NULL) PARTITION BY RANGE (q);
ALTER TABLE tm_2 DROP gone, DROP gone2;
CREATE TABLE tm_2a (v text, x int, id int NOT NULL, r int NOT NULL, q int NOT NULL);
ALTER TABLE tm_2a DROP x;
ALTER TABLE tm_2 ATTACH PARTITION tm_2a FOR VALUES FROM (0) TO (20);
CREATE TABLE tm_b (id int NOT NULL, r int NOT NULL, q int NOT NULL, v text) PARTITION BY LIST (r);
CREATE TABLE leaf (id int NOT NULL, r int NOT NULL, q int NOT NULL, v text);
CREATE TABLE s.leaf (v text, q int NOT NULL, r int NOT NULL, id int NOT NULL);
-- load
INSERT INTO tm SELECT g, 1, g % 20, 'v' || g FROM generate_series(1, 40) g;
INSERT INTO tm_2 (id, r, q, v) SELECT 100 + g, 2, g % 20, 'w' || g FROM generate_series(1, 40) g;
INSERT INTO leaf SELECT 200 + g, 3, g, 'l' FROM generate_series(1, 9) g;
INSERT INTO s.leaf (id, r, q, v) SELECT 300 + g, 4, g, 's' FROM generate_series(1, 9) g;
-- live
ALTER TABLE tm ATTACH PARTITION tm_2 FOR VALUES IN (2);
UPDATE tm SET v = 'both' WHERE q = 3;
UPDATE tm SET r = 2 WHERE id = 7;
BEGIN;
ALTER TABLE tm DETACH PARTITION tm_1;
UPDATE tm_1 SET v = 'alone' WHERE q = 4;
DELETE FROM tm_1 WHERE q = 5;
ALTER TABLE tm_b ATTACH PARTITION tm_1 FOR VALUES IN (1);
UPDATE tm_b SET v = 'under b' WHERE q = 6;
INSERT INTO tm_b VALUES (1, 1, 19, 'b'), (1, 1, 18, 'b');
COMMIT;
-- step
ALTER TABLE tm_b ATTACH PARTITION leaf FOR VALUES IN (3);
ALTER TABLE tm_b ATTACH PARTITION s.leaf FOR VALUES IN (4);
UPDATE tm_b SET r = 7 - r WHERE r IN (3, 4) AND q < 4;
BEGIN;
ALTER TABLE leaf RENAME TO leaf_x;
ALTER TABLE s.leaf SET SCHEMA public;
ALTER TABLE leaf_x SET SCHEMA s;
ALTER TABLE s.leaf_x RENAME TO leaf;
UPDATE leaf SET v = 'was in s' WHERE q = 5;
UPDATE s.leaf SET v = 'was in public' WHERE q = 5;
COMMIT;
INSERT INTO tm_b VALUES (900, 3, 1, 'three'), (901, 4, 1, 'four');
-- step
ALTER TABLE tm_1 DETACH PARTITION tm_1b;
UPDATE tm_1b SET q = q + 20, r = 2;
ALTER TABLE tm_2 ATTACH PARTITION tm_1b FOR VALUES FROM (30) TO (40);
INSERT INTO tm VALUES (800, 2, 31, 'moved');
-- step
ALTER TABLE tm_b DETACH PARTITION s.leaf;
ALTER TABLE tm_b DETACH PARTITION leaf;
UPDATE leaf SET id = -id WHERE q = 6;
INSERT INTO s.leaf VALUES (999, 9, 9, 'free');
ALTER TABLE tm_2 ADD CHECK (id > 0);
DELETE FROM tm WHERE id BETWEEN 110 AND 115;
