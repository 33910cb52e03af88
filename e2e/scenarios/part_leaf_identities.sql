-- behaviour: leaves of one table have other replica identities (the key, another index, FULL): rows with large values move between them, keep their values, are changed and deleted; identities of leaves change meanwhile
-- needs: ddl-sync
-- tables: public.li
-- setup
CREATE TABLE li (id int NOT NULL, r int NOT NULL, u int NOT NULL, big text, n int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE li_1 PARTITION OF li FOR VALUES IN (1);
CREATE TABLE li_2 (n int, big text, u int NOT NULL, r int NOT NULL, id int NOT NULL);
CREATE UNIQUE INDEX li_2_u ON li_2 (u);
ALTER TABLE li_2 REPLICA IDENTITY USING INDEX li_2_u;
ALTER TABLE li ATTACH PARTITION li_2 FOR VALUES IN (2);
CREATE TABLE li_3 PARTITION OF li FOR VALUES IN (3);
ALTER TABLE li_3 REPLICA IDENTITY FULL;
CREATE TABLE li_d PARTITION OF li DEFAULT;
-- load
INSERT INTO li SELECT g, 1 + g % 4, g, (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 300) i), g FROM generate_series(1, 40) g;
-- live
UPDATE li SET n = -n;
UPDATE li SET r = 1 + r % 4 WHERE id < 20;
UPDATE li SET id = id + 100, n = 0 WHERE id > 30;
UPDATE li_2 SET id = id + 1000;
DELETE FROM li WHERE id % 7 = 0;
-- step
BEGIN;
UPDATE li SET r = 2, u = u + 1000 WHERE id = 1;
UPDATE li SET r = 3, n = 5 WHERE id = 1;
UPDATE li SET r = 4 WHERE id = 1;
ALTER TABLE li_3 REPLICA IDENTITY DEFAULT;
UPDATE li SET n = n + 1;
ALTER TABLE li_1 REPLICA IDENTITY FULL;
UPDATE li SET r = 1, id = id + 5000 WHERE r = 3;
COMMIT;
ALTER TABLE li_2 REPLICA IDENTITY FULL;
DROP INDEX li_2_u;
UPDATE li SET r = 2 WHERE r = 1 AND n > 2;
UPDATE li SET u = 1 WHERE r = 2;
DELETE FROM li WHERE r = 2 AND n < 10;
