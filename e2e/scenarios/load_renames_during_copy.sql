-- behaviour: while tables are copied one is renamed, two exchange names, one moves to another schema, a column is renamed, the key is moved to another column, a table is dropped and one of its name made
-- needs: ddl-sync
-- tables: public.ra2, public.rb, public.rc, moved.rd, public.re, public.rf
-- setup
CREATE SCHEMA moved;
CREATE TABLE ra (id int PRIMARY KEY, v text);
CREATE TABLE rb (id int PRIMARY KEY, v text);
CREATE TABLE rc (id int PRIMARY KEY, w text, n int);
CREATE TABLE rd (v text);
CREATE TABLE re (id int PRIMARY KEY, k int NOT NULL UNIQUE, v text);
CREATE TABLE rf (id int PRIMARY KEY, v text);
-- load
INSERT INTO ra SELECT g, 'a' || g FROM generate_series(1, 20000) g;
INSERT INTO rb SELECT g, 'b' || g FROM generate_series(1, 20000) g;
INSERT INTO rc SELECT g, 'c' || g, g FROM generate_series(1, 20000) g;
INSERT INTO rd SELECT 'd' || g % 100 FROM generate_series(1, 20000) g;
INSERT INTO re SELECT g, 100000 - g, 'e' || g FROM generate_series(1, 20000) g;
INSERT INTO rf SELECT g, 'f' || g FROM generate_series(1, 20000) g;
-- during
UPDATE ra SET v = 'early' WHERE id % 1000 = 0;
ALTER TABLE ra RENAME TO ra2;
UPDATE ra2 SET id = -id WHERE id % 997 = 0;
BEGIN;
ALTER TABLE rb RENAME TO tmp;
ALTER TABLE rc RENAME TO rb;
ALTER TABLE tmp RENAME TO rc;
UPDATE rb SET w = 'in rb' WHERE id % 500 = 0;
DELETE FROM rc WHERE id % 500 = 1;
COMMIT;
DELETE FROM rd WHERE v = 'd7';
ALTER TABLE rd SET SCHEMA moved;
INSERT INTO moved.rd SELECT 'moved' FROM generate_series(1, 10);
UPDATE moved.rd SET v = 'x' WHERE v = 'd8';
BEGIN;
ALTER TABLE re DROP CONSTRAINT re_pkey;
ALTER TABLE re ADD PRIMARY KEY (k);
ALTER TABLE re RENAME v TO vv;
UPDATE re SET id = 5, vv = 'rekeyed' WHERE k % 300 = 0;
COMMIT;
DROP TABLE rf;
CREATE TABLE rf (v int, id text PRIMARY KEY);
INSERT INTO rf SELECT g, 'new' || g FROM generate_series(1, 100) g;
DELETE FROM ra2 WHERE id BETWEEN 19000 AND 19100;
-- live
UPDATE ra2 SET v = 'live' WHERE id = 1;
UPDATE rb SET n = -1 WHERE id = 2;
UPDATE rc SET v = 'live' WHERE id = 3;
DELETE FROM moved.rd WHERE v = 'd9';
UPDATE re SET k = 1 WHERE k = 99999;
DELETE FROM rf WHERE v < 50;
