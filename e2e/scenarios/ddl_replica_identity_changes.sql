-- behaviour: the replica identity goes from the key to FULL, to another index, and back, between updates and deletes with large values that do not change; then the key is dropped
-- needs: ddl-sync
-- tables: public.ri
-- setup
CREATE TABLE ri (id int PRIMARY KEY, k text NOT NULL, big text, n int);
CREATE UNIQUE INDEX ri_k ON ri (k);
ALTER TABLE ri ALTER big SET STORAGE EXTERNAL;
-- load
INSERT INTO ri SELECT g, 'k' || g, repeat(md5(g::text), 300), 0 FROM generate_series(1, 20) g;
-- live
UPDATE ri SET n = 1 WHERE id = 1;
ALTER TABLE ri REPLICA IDENTITY FULL;
UPDATE ri SET n = 2, id = 102 WHERE id = 2;
DELETE FROM ri WHERE id = 3;
ALTER TABLE ri REPLICA IDENTITY USING INDEX ri_k;
UPDATE ri SET n = 4 WHERE id = 4;
UPDATE ri SET k = 'K5' WHERE id = 5;
UPDATE ri SET id = 106 WHERE id = 6;
DELETE FROM ri WHERE k = 'k7';
ALTER TABLE ri REPLICA IDENTITY DEFAULT;
UPDATE ri SET n = 8, k = 'K8' WHERE id = 8;
-- step
BEGIN;
UPDATE ri SET n = 9 WHERE id = 9;
ALTER TABLE ri REPLICA IDENTITY FULL;
UPDATE ri SET n = 10 WHERE id = 10;
ALTER TABLE ri DROP CONSTRAINT ri_pkey;
UPDATE ri SET id = 1;
INSERT INTO ri VALUES (1, 'one more', 'x', 1);
COMMIT;
DELETE FROM ri WHERE k LIKE 'k1_';
-- step
DROP INDEX ri_k;
UPDATE ri SET k = 'same' WHERE n > 0;
INSERT INTO ri VALUES (1, 'same', NULL, NULL), (1, 'same', NULL, NULL);
