-- behaviour: while a partitioned table is copied its partitions are exchanged, detached, attached with rows, dropped, truncated, and rows move between them
-- needs: ddl-sync
-- tables: public.lp, public.lp_out
-- setup
CREATE TABLE lp (id int, r int, big text, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE lp_0 PARTITION OF lp FOR VALUES IN (0);
CREATE TABLE lp_1 PARTITION OF lp FOR VALUES IN (1);
CREATE TABLE lp_2 (v text, r int NOT NULL, big text, id int NOT NULL);
ALTER TABLE lp ATTACH PARTITION lp_2 FOR VALUES IN (2);
CREATE TABLE lp_3 PARTITION OF lp FOR VALUES IN (3);
CREATE TABLE lp_d PARTITION OF lp DEFAULT;
CREATE TABLE lp_out (id int, r int, big text, v text, PRIMARY KEY (id, r));
ALTER TABLE lp ALTER big SET STORAGE EXTERNAL;
-- load
INSERT INTO lp SELECT g, g % 6, CASE WHEN g % 50 = 0 THEN repeat(md5(g::text), 100) END, 'v' FROM generate_series(1, 30000) g;
INSERT INTO lp_out SELECT g, 7, 'big', 'out' FROM generate_series(100000, 101000) g;
-- during
UPDATE lp SET r = 1 WHERE r = 0 AND id % 100 = 0;
ALTER TABLE lp ATTACH PARTITION lp_out FOR VALUES IN (7);
UPDATE lp SET r = 7 WHERE r = 2 AND id % 100 = 2;
BEGIN;
ALTER TABLE lp DETACH PARTITION lp_1;
UPDATE lp_1 SET v = 'detached' WHERE id % 10 = 1;
DELETE FROM lp_1 WHERE id % 10 = 3;
ALTER TABLE lp ATTACH PARTITION lp_1 FOR VALUES IN (1);
COMMIT;
DROP TABLE lp_3;
TRUNCATE lp_2;
BEGIN;
CREATE TABLE lp_4 (LIKE lp INCLUDING ALL);
WITH gone AS (DELETE FROM lp_d WHERE r = 4 RETURNING *) INSERT INTO lp_4 SELECT * FROM gone;
ALTER TABLE lp ATTACH PARTITION lp_4 FOR VALUES IN (4);
COMMIT;
UPDATE lp SET r = 5 WHERE r = 4 AND id % 60 = 4;
-- live
UPDATE lp SET v = 'live' WHERE r = 7;
ALTER TABLE lp DETACH PARTITION lp_out;
INSERT INTO lp VALUES (1, 7, NULL, 'default takes it');
UPDATE lp_out SET v = 'alone' WHERE id < 100010;
