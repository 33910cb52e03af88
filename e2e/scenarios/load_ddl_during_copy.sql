-- behaviour: column added, table created and table dropped while the initial copy runs
-- needs: ddl-sync
-- tables: public.ldd, public.ldd_new
-- setup
CREATE TABLE ldd (id int PRIMARY KEY, v text);
CREATE TABLE ldd_gone (id int PRIMARY KEY);
-- load
INSERT INTO ldd SELECT g, 'x' FROM generate_series(1, 20000) g;
INSERT INTO ldd_gone SELECT generate_series(1, 1000);
-- during
ALTER TABLE ldd ADD COLUMN w int DEFAULT 5;
UPDATE ldd SET w = 6 WHERE id % 100 = 0;
CREATE TABLE ldd_new (id int PRIMARY KEY);
INSERT INTO ldd_new SELECT generate_series(1, 10);
DROP TABLE ldd_gone;
-- live
INSERT INTO ldd VALUES (30000, 'y', NULL);
INSERT INTO ldd_new VALUES (11);
