-- behaviour: columns, keys, defaults, generated columns and checks go because what they need is dropped with CASCADE: domain, type, collation, function, sequence, schema; rows go on around each
-- needs: pg>=12; ddl-sync
-- tables: public.va, public.vb, public.vk
-- setup
CREATE SCHEMA dep;
CREATE DOMAIN dep.d AS int CHECK (VALUE > 0);
CREATE TYPE dep.e AS ENUM ('a', 'b');
CREATE TYPE dep.c AS (x int, y dep.e);
CREATE COLLATION dep.col (LOCALE = 'C');
CREATE SEQUENCE dep.s;
CREATE FUNCTION dep.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE TABLE va (a dep.d, id int PRIMARY KEY, b dep.e, c dep.c, d text COLLATE dep.col, n int DEFAULT nextval('dep.s'), f int DEFAULT dep.f(4), CHECK (dep.f(id) > -1000), v text);
CREATE TABLE vb (id int PRIMARY KEY, es dep.e[], cs dep.c[], g int GENERATED ALWAYS AS (dep.f(id)) STORED, v text);
CREATE TABLE vk (e dep.e, id int, v text, PRIMARY KEY (e, id));
-- load
INSERT INTO va SELECT g, g, 'a', ROW(g, 'b')::dep.c, 'd' || g FROM generate_series(1, 10) g;
INSERT INTO vb SELECT g, '{a,b}', ARRAY[ROW(g, 'a')::dep.c] FROM generate_series(1, 10) g;
INSERT INTO vk SELECT 'a', g, 'v' FROM generate_series(1, 10) g;
-- live
BEGIN;
UPDATE va SET a = 77 WHERE id = 1;
DROP DOMAIN dep.d CASCADE;
UPDATE va SET v = 'no domain' WHERE id = 2;
DROP FUNCTION dep.f(int) CASCADE;
INSERT INTO va (id) VALUES (11);
INSERT INTO vb (id) VALUES (11);
DROP COLLATION dep.col CASCADE;
UPDATE va SET v = 'no collation' WHERE id = 3;
COMMIT;
DROP SEQUENCE dep.s CASCADE;
INSERT INTO va (id, b) VALUES (12, 'b');
-- step
BEGIN;
UPDATE vk SET v = 'keyed' WHERE id = 1;
UPDATE va SET n = 99 WHERE id = 4;
DROP TYPE dep.e CASCADE;
UPDATE vk SET v = 'keyless' WHERE id = 2;
UPDATE va SET v = 'no enum' WHERE id = 5;
DELETE FROM vk WHERE id = 3;
COMMIT;
DELETE FROM vk WHERE id = 4;
UPDATE vb SET v = 'end' WHERE id = 6;
-- step
BEGIN;
INSERT INTO va (id, v) VALUES (13, 'then');
DROP SCHEMA dep CASCADE;
UPDATE va SET v = 'bare' WHERE id = 13;
UPDATE vb SET v = 'bare' WHERE id = 7;
ALTER TABLE vk ADD PRIMARY KEY (id);
UPDATE vk SET v = 'keyed again' WHERE id = 5;
COMMIT;
