-- behaviour: a stored generated column is the primary key, or the index that is the replica identity, which old servers leave out of the stream
-- needs: pg>=12; ddl-sync
-- tables: public.gk, public.gi, public.gl
-- setup
CREATE TABLE gk (a int, k int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY, v text);
CREATE TABLE gi (a int NOT NULL, k int GENERATED ALWAYS AS (a * 2) STORED NOT NULL, v text);
CREATE UNIQUE INDEX gi_k ON gi (k);
ALTER TABLE gi REPLICA IDENTITY USING INDEX gi_k;
CREATE TABLE gl (a int, b int, k int GENERATED ALWAYS AS (a * 2) STORED, v text, PRIMARY KEY (k, b));
-- load
INSERT INTO gk (a, v) SELECT g, 'v' FROM generate_series(1, 10) g;
INSERT INTO gi (a, v) SELECT g, 'v' FROM generate_series(1, 10) g;
INSERT INTO gl (a, b, v) SELECT g, 1, 'v' FROM generate_series(1, 10) g;
-- live
UPDATE gk SET v = 'w' WHERE k = 2;
DELETE FROM gk WHERE k = 4;
UPDATE gk SET a = 100 WHERE k = 6;
UPDATE gi SET v = 'w' WHERE k = 2;
DELETE FROM gi WHERE k = 4;
UPDATE gi SET a = 100 WHERE k = 6;
UPDATE gl SET v = 'w' WHERE k = 2;
DELETE FROM gl WHERE k = 4;
UPDATE gl SET a = 100 WHERE k = 6;
-- step
ALTER TABLE gk ADD w int DEFAULT 3;
INSERT INTO gk (a, v) VALUES (50, 'n');
DELETE FROM gk WHERE a = 50;
CREATE TABLE gn (a int, k int GENERATED ALWAYS AS (a + 1) STORED PRIMARY KEY);
INSERT INTO gn (a) VALUES (1), (2);
DELETE FROM gn WHERE k = 2;
