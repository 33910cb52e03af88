-- behaviour: a column added with a default that the same transaction drops or changes has the values in old rows that it has on the source
-- needs: ddl-sync
-- tables: public.t, public.p, public.k
-- setup
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE p (id int, r int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
CREATE TABLE k (v text);
-- load
INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 50) g;
INSERT INTO p SELECT g, 1 + g % 2 FROM generate_series(1, 50) g;
INSERT INTO k SELECT 'x' || g FROM generate_series(1, 20) g;
-- live
BEGIN;
ALTER TABLE t ADD c int DEFAULT 5;
ALTER TABLE t ALTER c DROP DEFAULT;
COMMIT;
INSERT INTO t VALUES (51, 'new');
UPDATE t SET v = 'y' WHERE id < 10;
-- step
BEGIN;
ALTER TABLE p ADD c text DEFAULT 'one';
INSERT INTO p (id, r) VALUES (51, 1);
ALTER TABLE p ALTER c SET DEFAULT 'two';
INSERT INTO p (id, r) VALUES (52, 2);
ALTER TABLE p ALTER c DROP DEFAULT;
INSERT INTO p (id, r) VALUES (53, 2);
COMMIT;
-- step
BEGIN;
ALTER TABLE k ADD c int DEFAULT 7 NOT NULL;
ALTER TABLE k ALTER c DROP DEFAULT;
COMMIT;
INSERT INTO k VALUES ('new', 8);
DELETE FROM k WHERE v < 'x2';
DO $$ BEGIN ALTER TABLE p ADD d int DEFAULT 9 NOT NULL; ALTER TABLE p ALTER d SET DEFAULT 10; END $$;
UPDATE p SET c = 'three' WHERE id > 40;
