-- behaviour: one command makes a schema with tables, views, indexes and sequences in it; DROP SCHEMA and DROP OWNED take partitions of tables elsewhere, columns of types and keys along
-- needs: ddl-sync; superuser
-- tables: public.root, public.tcol, public.own
-- setup
CREATE SCHEMA parts;
CREATE TYPE parts.tt AS ENUM ('a', 'b');
CREATE TABLE root (id int, p int, PRIMARY KEY (id, p)) PARTITION BY LIST (p);
CREATE TABLE root_a PARTITION OF root FOR VALUES IN (1);
CREATE TABLE parts.root_b PARTITION OF root FOR VALUES IN (2, 3);
CREATE TABLE parts.root_d PARTITION OF root DEFAULT;
CREATE TABLE tcol (id int PRIMARY KEY, t parts.tt, big text);
CREATE TABLE own (id int NOT NULL, u int NOT NULL);
-- load
INSERT INTO root SELECT g, g % 5 FROM generate_series(1, 40) g;
INSERT INTO tcol SELECT g, 'a', repeat('b', 5000) FROM generate_series(1, 10) g;
INSERT INTO own SELECT g, g % 3 FROM generate_series(1, 10) g;
-- live
CREATE SCHEMA made CREATE TABLE t1 (id int PRIMARY KEY, v text DEFAULT 'd') CREATE INDEX ON t1 (v) CREATE SEQUENCE s1 CREATE VIEW v1 AS SELECT id FROM t1 CREATE TABLE t2 (id int REFERENCES t1, n serial);
INSERT INTO made.t1 SELECT g FROM generate_series(1, 20) g; INSERT INTO made.t2 SELECT g FROM generate_series(1, 10) g; UPDATE made.t1 SET v = 'x' WHERE id < 5;
UPDATE root SET p = 2 WHERE id < 5; UPDATE tcol SET t = 'b' WHERE id < 4;
-- step
BEGIN; INSERT INTO root VALUES (100, 3), (101, 9); DELETE FROM root WHERE id = 7; DROP SCHEMA parts CASCADE; INSERT INTO root VALUES (102, 1); UPDATE tcol SET big = 'small' WHERE id = 2; COMMIT;
CREATE TABLE root_n PARTITION OF root DEFAULT; INSERT INTO root VALUES (100, 3), (5, 2);
ALTER SCHEMA made RENAME TO made2; UPDATE made2.t1 SET id = id + 100 WHERE id > 15; DROP SCHEMA made2 CASCADE;
UPDATE own SET u = u + 1 WHERE id = 3;
