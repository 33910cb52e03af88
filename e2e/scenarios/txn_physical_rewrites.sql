-- behaviour: VACUUM FULL, CLUSTER, REINDEX, tablespace-neutral rewrites and hint-bit traffic produce no row changes and break nothing
-- tables: public.rw
-- setup
CREATE TABLE rw (id int PRIMARY KEY, v text);
ALTER TABLE rw ALTER v SET STORAGE EXTERNAL;
-- load
INSERT INTO rw SELECT g, repeat('x', 3000) FROM generate_series(1, 200) g;
DELETE FROM rw WHERE id % 2 = 0;
-- live
VACUUM FULL rw;
UPDATE rw SET id = -id WHERE id < 20;
CLUSTER rw USING rw_pkey;
REINDEX TABLE rw;
VACUUM (FREEZE) rw;
ANALYZE rw;
SELECT id FROM rw FOR UPDATE;
-- step
INSERT INTO rw VALUES (2, 'after');
UPDATE rw SET v = v || 'y' WHERE id = 21;
