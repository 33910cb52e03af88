-- behaviour: a row with large unchanged values moves between partitions, levels and back, with its key and without, within one transaction and across several
-- needs: pg>=11
-- tables: public.tp
-- setup
CREATE TABLE tp (id int, r int, n int, t text, u text, PRIMARY KEY (id, r)) PARTITION BY RANGE (r);
CREATE TABLE tp_1 PARTITION OF tp FOR VALUES FROM (0) TO (10);
CREATE TABLE tp_2 (u text, gone int, n int, r int NOT NULL, t text, id int NOT NULL);
ALTER TABLE tp_2 DROP gone;
ALTER TABLE tp ATTACH PARTITION tp_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE tp_3 PARTITION OF tp FOR VALUES FROM (20) TO (40) PARTITION BY LIST (id);
CREATE TABLE tp_3a PARTITION OF tp_3 FOR VALUES IN (1, 3, 5);
CREATE TABLE tp_3d PARTITION OF tp_3 DEFAULT;
ALTER TABLE tp_1 ALTER t SET STORAGE EXTERNAL;
-- load
INSERT INTO tp SELECT g, g, 0, repeat(md5(g::text), 400), repeat(md5((-g)::text), 400) FROM generate_series(1, 9) g;
-- live
UPDATE tp SET n = 1;
UPDATE tp SET r = r + 10;
UPDATE tp SET n = 2 WHERE id % 2 = 0;
UPDATE tp SET r = r + 10;
UPDATE tp SET id = id + 1 WHERE id = 9;
BEGIN;
UPDATE tp SET r = r - 20 WHERE id < 4;
UPDATE tp SET n = 3 WHERE id < 4;
UPDATE tp SET r = r + 10, u = 'short' WHERE id = 2;
UPDATE tp SET n = n + 1;
COMMIT;
-- step
UPDATE tp SET id = 3 WHERE id = 4;
UPDATE tp SET id = 4, r = 0 WHERE r = 23;
DELETE FROM tp_3a;
UPDATE tp SET r = r % 10;
