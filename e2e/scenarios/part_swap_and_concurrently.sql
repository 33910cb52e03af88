-- behaviour: a partition is exchanged for another with its bounds in one transaction, detached CONCURRENTLY, written to alone and attached again under other bounds; a subtree comes and goes
-- needs: pg>=14; ddl-sync
-- tables: public.px, public.px_1
-- setup
CREATE TABLE px (id int, r int, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE px_1 PARTITION OF px FOR VALUES IN (1);
CREATE TABLE px_2 PARTITION OF px FOR VALUES IN (2);
CREATE TABLE px_1n (v text, id int, r int, PRIMARY KEY (id, r));
-- load
INSERT INTO px SELECT g, 1 + g % 2, 'v' FROM generate_series(1, 40) g;
INSERT INTO px_1n SELECT 'n', g, 1 FROM generate_series(1, 10) g;
-- live
BEGIN;
UPDATE px SET v = 'old' WHERE id = 2;
ALTER TABLE px DETACH PARTITION px_1;
ALTER TABLE px ATTACH PARTITION px_1n FOR VALUES IN (1);
UPDATE px SET v = 'exchanged' WHERE id = 5;
ALTER TABLE px_1 RENAME TO px_1o;
ALTER TABLE px_1n RENAME TO px_1;
COMMIT;
INSERT INTO px VALUES (100, 1, 'x');
-- step
ALTER TABLE px DETACH PARTITION px_2 CONCURRENTLY;
ALTER TABLE px_2 DROP CONSTRAINT px_2_r_check;
UPDATE px_2 SET r = 3;
ALTER TABLE px ATTACH PARTITION px_2 FOR VALUES IN (3);
UPDATE px SET v = 'three' WHERE id = 1;
-- step
CREATE TABLE sub (id int, r int, v text, PRIMARY KEY (id, r)) PARTITION BY RANGE (id);
CREATE TABLE sub_1 PARTITION OF sub FOR VALUES FROM (0) TO (100);
CREATE TABLE sub_2 (r int NOT NULL, v text, id int NOT NULL);
ALTER TABLE sub ATTACH PARTITION sub_2 FOR VALUES FROM (100) TO (200);
INSERT INTO sub SELECT g, 4, 'sub' FROM generate_series(95, 105) g;
ALTER TABLE px ATTACH PARTITION sub FOR VALUES IN (4, 5);
UPDATE px SET r = 5 WHERE id = 101 AND r = 4;
UPDATE px SET id = 199 WHERE id = 95 AND r = 4;
ALTER TABLE sub DETACH PARTITION sub_1;
DROP TABLE sub_1;
DELETE FROM px WHERE id = 102;
