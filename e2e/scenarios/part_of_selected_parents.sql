-- behaviour: a job of one partitioned table by its name: partitions come with rows of tables that are not selected, leave with theirs, exchange names with others, come back, are partitioned themselves
-- select: public.psel
-- needs: ddl-sync; pg>=11
-- tables: public.psel
-- setup
CREATE TABLE psel (id int, r int, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE psel_1 PARTITION OF psel FOR VALUES IN (1);
CREATE TABLE psel_2 PARTITION OF psel FOR VALUES IN (2);
CREATE TABLE psel_3 (id int NOT NULL, r int NOT NULL, v text);
CREATE TABLE psel_tree (r int NOT NULL, v text, id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE psel_tree_a PARTITION OF psel_tree FOR VALUES FROM (0) TO (1000);
-- load
INSERT INTO psel SELECT g, 1 + g % 2, 'v' FROM generate_series(1, 40) g;
INSERT INTO psel_3 SELECT g, 3, 'unselected' FROM generate_series(1, 20) g;
INSERT INTO psel_tree SELECT 4, 'tree', g FROM generate_series(1, 20) g;
-- live
UPDATE psel_3 SET v = 'before' WHERE id < 3;
ALTER TABLE psel ATTACH PARTITION psel_3 FOR VALUES IN (3);
UPDATE psel SET v = 'in' WHERE r = 3 AND id < 6;
BEGIN;
UPDATE psel SET v = 'last' WHERE r = 1 AND id < 10;
ALTER TABLE psel DETACH PARTITION psel_1;
UPDATE psel_1 SET v = 'out' WHERE id > 30;
INSERT INTO psel VALUES (100, 2, 'behind');
COMMIT;
-- step
ALTER TABLE psel ATTACH PARTITION psel_tree FOR VALUES IN (4);
UPDATE psel SET r = 2 WHERE r = 4 AND id > 15 AND id + 1000 NOT IN (SELECT id FROM psel WHERE r = 2) AND id NOT IN (SELECT id FROM psel WHERE r = 2);
ALTER TABLE psel_1 RENAME TO psel_x;
ALTER TABLE psel_2 RENAME TO psel_1;
ALTER TABLE psel_x RENAME TO psel_2;
UPDATE psel SET v = 'renamed' WHERE id = 100;
DELETE FROM psel_2 WHERE id > 35;
ALTER TABLE psel ATTACH PARTITION psel_2 FOR VALUES IN (1);
INSERT INTO psel VALUES (200, 1, 'came back');
-- step
ALTER TABLE psel DETACH PARTITION psel_tree;
DROP TABLE psel_tree;
ALTER TABLE psel DETACH PARTITION psel_3;
TRUNCATE psel_3;
CREATE TABLE psel_4 PARTITION OF psel FOR VALUES IN (3, 4);
INSERT INTO psel VALUES (300, 3, 'new three'), (301, 4, 'new four');
DROP TABLE psel_1;
CREATE TABLE psel_1 PARTITION OF psel FOR VALUES IN (2);
INSERT INTO psel VALUES (400, 2, 'new two');
