-- behaviour: columns (the key's too), tables, schemas, types, labels, attributes, sequences, constraints, indexes and functions exchange their names within transactions, with rows before, between and behind
-- needs: pg>=12; ddl-sync
-- tables: public.nx, public.ny, sa.t, sb.t
-- setup
CREATE SCHEMA sa;
CREATE SCHEMA sb;
CREATE TYPE ta AS ENUM ('x', 'y');
CREATE TYPE tb AS ENUM ('x', 'z');
CREATE TYPE pair AS (p int, q text);
CREATE TABLE sa.t (id int PRIMARY KEY, v text);
CREATE TABLE sb.t (id int PRIMARY KEY, n numeric);
CREATE SEQUENCE qa;
CREATE SEQUENCE qb START 1000;
CREATE FUNCTION fa(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT length($1)';
CREATE FUNCTION fb(text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -length($1)';
CREATE TABLE nx (id int PRIMARY KEY, k int NOT NULL, a text, b text, ea ta, eb tb, c pair, d int DEFAULT nextval('qa'), g int GENERATED ALWAYS AS (fa(a)) STORED, CONSTRAINT ca CHECK (a <> 'never'), CONSTRAINT cb CHECK (b <> 'not'), CONSTRAINT ua UNIQUE (k));
CREATE INDEX ia ON nx (a);
CREATE INDEX ib ON nx (fb(b));
CREATE TABLE ny (id int PRIMARY KEY, a text, b text);
-- load
INSERT INTO nx SELECT g, -g, 'a' || g, 'bb' || g, 'x', 'z', ROW(g, 'q')::pair FROM generate_series(1, 10) g;
INSERT INTO ny SELECT g, 'ya', 'yb' FROM generate_series(1, 5) g;
INSERT INTO sa.t SELECT g, 'sa' FROM generate_series(1, 5) g;
INSERT INTO sb.t SELECT g, g * 1.5 FROM generate_series(1, 5) g;
-- live
BEGIN;
UPDATE nx SET a = 'before' WHERE id = 1;
ALTER TABLE nx RENAME a TO tmp;
ALTER TABLE nx RENAME b TO a;
UPDATE nx SET a = 'was b', tmp = 'was a' WHERE id = 2;
ALTER TABLE nx RENAME tmp TO b;
UPDATE nx SET a = 'first', b = 'second' WHERE id = 3;
ALTER TABLE nx RENAME id TO tmp;
ALTER TABLE nx RENAME k TO id;
ALTER TABLE nx RENAME tmp TO k;
UPDATE nx SET id = -40 WHERE k = 4;
UPDATE nx SET k = 50 WHERE id = -5;
DELETE FROM nx WHERE id = -6;
COMMIT;
INSERT INTO nx (id, k, a, b) VALUES (-100, 100, 'n', 'm');
-- step
BEGIN;
ALTER TYPE ta RENAME TO tmp; ALTER TYPE tb RENAME TO ta; ALTER TYPE tmp RENAME TO tb;
ALTER TYPE ta RENAME VALUE 'x' TO 'tmp'; ALTER TYPE ta RENAME VALUE 'z' TO 'x'; ALTER TYPE ta RENAME VALUE 'tmp' TO 'z';
UPDATE nx SET eb = 'x' WHERE k = 1;
UPDATE nx SET ea = 'y', eb = 'z' WHERE k = 2;
ALTER TYPE pair RENAME ATTRIBUTE p TO tmp; ALTER TYPE pair RENAME ATTRIBUTE q TO p; ALTER TYPE pair RENAME ATTRIBUTE tmp TO q;
UPDATE nx SET c.q = 77 WHERE k = 3;
ALTER SEQUENCE qa RENAME TO tmp; ALTER SEQUENCE qb RENAME TO qa; ALTER SEQUENCE tmp RENAME TO qb;
INSERT INTO nx (id, k) VALUES (-101, 101);
ALTER FUNCTION fa(text) RENAME TO tmp; ALTER FUNCTION fb(text) RENAME TO fa; ALTER FUNCTION tmp(text) RENAME TO fb;
INSERT INTO nx (id, k, b) VALUES (-102, 102, 'four');
ALTER INDEX ia RENAME TO tmp; ALTER INDEX ib RENAME TO ia; ALTER INDEX tmp RENAME TO ib;
ALTER TABLE nx RENAME CONSTRAINT ca TO tmp; ALTER TABLE nx RENAME CONSTRAINT cb TO ca; ALTER TABLE nx RENAME CONSTRAINT tmp TO cb;
ALTER TABLE nx RENAME CONSTRAINT ua TO tmp; ALTER TABLE nx RENAME CONSTRAINT nx_pkey TO ua; ALTER TABLE nx RENAME CONSTRAINT tmp TO nx_pkey;
UPDATE nx SET b = b || '!';
COMMIT;
-- step
BEGIN;
INSERT INTO sa.t VALUES (6, 'sa');
ALTER SCHEMA sa RENAME TO tmp; ALTER SCHEMA sb RENAME TO sa; ALTER SCHEMA tmp RENAME TO sb;
INSERT INTO sa.t VALUES (7, 0.25);
UPDATE sb.t SET v = 'now sb' WHERE id < 3;
DELETE FROM sa.t WHERE id = 1;
ALTER TABLE nx RENAME TO tmp; ALTER TABLE ny RENAME TO nx; ALTER TABLE tmp RENAME TO ny;
INSERT INTO nx VALUES (6, 'p', 'q');
DELETE FROM ny WHERE k = 7;
COMMIT;
UPDATE ny SET b = 'end' WHERE k = 8;
