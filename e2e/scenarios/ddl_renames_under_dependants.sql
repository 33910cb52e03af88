-- behaviour: functions, types, collations, operators, configurations, roles' schemas and tables are renamed and moved under triggers, policies, statistics, partition keys, domains, aggregates, casts, operators and routines that name them
-- needs: pg>=14; ddl-sync
-- tables: deps.a, deps.p, deps.h
-- setup
CREATE SCHEMA lib;
CREATE SCHEMA deps;
CREATE TYPE lib.color AS ENUM ('red', 'blue');
CREATE TYPE lib.pt AS (x int, y int);
CREATE DOMAIN lib.pos AS int DEFAULT 1 CHECK (VALUE > 0);
CREATE COLLATION lib.c FROM "C";
CREATE FUNCTION lib.k(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 10';
CREATE FUNCTION lib.ok(lib.color) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION lib.mk(lib.pt, lib.pos) RETURNS lib.color LANGUAGE sql AS $$ SELECT 'red'::lib.color $$;
CREATE FUNCTION lib.trg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := coalesce(NEW.v, '') || 't'; RETURN NEW; END $$;
CREATE FUNCTION lib.eq(lib.pt, lib.pt) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.x = $2.x';
CREATE OPERATOR lib.=== (LEFTARG = lib.pt, RIGHTARG = lib.pt, FUNCTION = lib.eq);
CREATE AGGREGATE lib.total(lib.pos) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION lib.cast_f(lib.pt) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.x::text';
CREATE CAST (lib.pt AS text) WITH FUNCTION lib.cast_f(lib.pt);
CREATE TEXT SEARCH CONFIGURATION lib.ts (COPY = simple);
CREATE TABLE deps.a (id int PRIMARY KEY, c lib.color DEFAULT 'red' CHECK (lib.ok(c)), q lib.pos, p lib.pt, v text COLLATE lib.c, w tsvector GENERATED ALWAYS AS (to_tsvector('lib.ts'::regconfig, coalesce(v, ''))) STORED, CHECK (p IS NULL OR lib.eq(p, p)));
CREATE TRIGGER t BEFORE INSERT ON deps.a FOR EACH ROW EXECUTE FUNCTION lib.trg();
CREATE INDEX a_k ON deps.a (lib.k(id)) WHERE c = 'red'::lib.color;
CREATE STATISTICS deps.a_s ON lib.k(id), v FROM deps.a;
CREATE POLICY a_p ON deps.a USING (lib.ok(c));
CREATE VIEW deps.v AS SELECT id, lib.mk(p, q) AS m, lib.k(id) AS k FROM deps.a WHERE c = 'red'::lib.color;
CREATE TABLE deps.p (id int, v text) PARTITION BY RANGE (lib.k(id));
CREATE TABLE deps.p_1 PARTITION OF deps.p FOR VALUES FROM (0) TO (5);
CREATE TABLE deps.p_2 PARTITION OF deps.p FOR VALUES FROM (5) TO (10);
CREATE TABLE deps.h (id lib.pos PRIMARY KEY, cs lib.color[], ps lib.pt[]);
-- load
INSERT INTO deps.a SELECT g, 'blue', g, (g, g)::lib.pt, 'v' FROM generate_series(1, 10) g;
INSERT INTO deps.p SELECT g, 'v' FROM generate_series(1, 30) g;
INSERT INTO deps.h VALUES (1, '{red,blue}', ARRAY[(1, 2)::lib.pt]);
-- live
ALTER FUNCTION lib.k(int) RENAME TO kk;
INSERT INTO deps.p VALUES (31, 'n');
INSERT INTO deps.a (id) VALUES (11);
ALTER FUNCTION lib.trg() RENAME TO trg2;
ALTER FUNCTION lib.ok(lib.color) RENAME TO okay;
INSERT INTO deps.a (id) VALUES (12);
ALTER TYPE lib.color RENAME TO colour;
ALTER TYPE lib.pt RENAME TO point2;
ALTER DOMAIN lib.pos RENAME TO positive;
UPDATE deps.h SET cs = '{blue}', ps = ps || (3, 4)::lib.point2;
ALTER COLLATION lib.c RENAME TO cc;
ALTER TEXT SEARCH CONFIGURATION lib.ts RENAME TO tsc;
UPDATE deps.a SET v = 'some words' WHERE id < 4;
ALTER FUNCTION lib.eq(lib.point2, lib.point2) RENAME TO equals;
ALTER FUNCTION lib.cast_f(lib.point2) RENAME TO cast_g;
ALTER AGGREGATE lib.total(lib.positive) RENAME TO sum_of;
INSERT INTO deps.a (id, p) VALUES (13, (1, 1));
DELETE FROM deps.p WHERE id % 7 = 0;
-- step
ALTER SCHEMA lib RENAME TO library;
INSERT INTO deps.a (id) VALUES (14);
INSERT INTO deps.p VALUES (32, 'n');
UPDATE deps.h SET id = 2;
CREATE SCHEMA other;
ALTER OPERATOR library.=== (library.point2, library.point2) SET SCHEMA other;
ALTER FUNCTION library.kk(int) SET SCHEMA other;
ALTER TYPE library.colour SET SCHEMA other;
ALTER TABLE deps.a RENAME TO b;
ALTER TABLE deps.b RENAME TO a;
UPDATE deps.a SET v = 'end' WHERE id = 14;
ALTER TYPE other.colour ADD VALUE 'green' BEFORE 'blue';
INSERT INTO deps.a (id, c) VALUES (15, 'green');
