-- behaviour: a schema is renamed whose types, checks of domains, aggregates, text search configurations and operators tables, views and functions use, and one of its functions says its old name in its body
-- needs: superuser; ddl-sync
-- tables: public.sr, public.sr_doc, public.sr_new
-- expect: equal
-- expect: target: SELECT string_agg(id || ':' || s, ' ' ORDER BY id) FROM public.sr_view WHERE id IN (1, 7) => 1:zz+zz 7:a7+a7
-- expect: target: SELECT lib2.cat(v ORDER BY id) FROM public.sr WHERE id IN (7, 8) => a7a8
-- expect: target: SELECT count(*) FROM public.sr_agg => 1
-- setup
CREATE SCHEMA lib;
CREATE FUNCTION lib.ok(text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> ''bad''';
CREATE DOMAIN lib.good AS text CHECK (lib.ok(VALUE));
CREATE TYPE lib.mood AS ENUM ('low', 'high');
CREATE TYPE lib.pair AS (a lib.mood, b lib.good);
CREATE FUNCTION lib.plus(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || ''+'' || $2';
CREATE OPERATOR lib.+ (FUNCTION = lib.plus, LEFTARG = text, RIGHTARG = text);
CREATE AGGREGATE lib.cat(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE TEXT SEARCH DICTIONARY lib.plain (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION lib.conf (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION lib.conf ADD MAPPING FOR asciiword, word, numword WITH lib.plain;
CREATE COLLATION lib.c FROM pg_catalog."C";
CREATE FUNCTION lib.plain_text(lib.good) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION lib.rank(lib.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE $1 WHEN ''low'' THEN 1 ELSE 2 END';
CREATE CAST (lib.mood AS int) WITH FUNCTION lib.rank(lib.mood);
CREATE FUNCTION lib.says(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lib.plus($1, ''!''); END';
CREATE FUNCTION lib.fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := COALESCE(NEW.v, ''none''); RETURN NEW; END';
CREATE TABLE sr (id int PRIMARY KEY, v text COLLATE lib.c, d lib.good DEFAULT 'good'::lib.good, m lib.mood, r int GENERATED ALWAYS AS (m::int) STORED, p lib.pair, g text GENERATED ALWAYS AS (v OPERATOR(lib.+) v) STORED, CHECK ((v OPERATOR(lib.+) 'x') <> 'x+x'));
CREATE INDEX ON sr ((v OPERATOR(lib.+) 'i'), (m::int));
CREATE TRIGGER t BEFORE INSERT ON sr FOR EACH ROW EXECUTE FUNCTION lib.fill();
CREATE TABLE sr_doc (id int PRIMARY KEY, t text, v tsvector GENERATED ALWAYS AS (to_tsvector('lib.conf', t)) STORED);
CREATE VIEW sr_view AS SELECT id, v OPERATOR(lib.+) v AS s, m::int AS r FROM sr;
CREATE MATERIALIZED VIEW sr_agg AS SELECT lib.cat(v ORDER BY id) FROM sr;
CREATE VIEW sr_says AS SELECT id, lib.says(v) FROM sr;
-- load
INSERT INTO sr (id, v, d, m, p) SELECT g, 'a' || g, 'x', CASE WHEN g % 2 = 0 THEN 'low' ELSE 'high' END::lib.mood, ROW('low', 'y')::lib.pair FROM generate_series(1, 20) g;
INSERT INTO sr_doc SELECT g, 'word ' || g FROM generate_series(1, 20) g;
-- live
UPDATE sr SET v = 'u', m = 'low' WHERE id = 5;
-- step
BEGIN;
ALTER OPERATOR lib.+ (text, text) SET SCHEMA public;
ALTER TYPE lib.mood SET SCHEMA public;
ALTER SCHEMA lib RENAME TO lib2;
CREATE SCHEMA lib;
ALTER FUNCTION lib2.says(text) SET SCHEMA lib;
UPDATE sr SET v = 'z', m = 'low' WHERE id = 6;
COMMIT;
INSERT INTO sr (id, v, d, m, p) VALUES (30, 'n', 'q', 'high', ROW('high', 'w')::lib2.pair);
INSERT INTO sr_doc VALUES (30, 'more words');
CREATE TABLE sr_new (id int PRIMARY KEY, d lib2.good DEFAULT 'n', g text GENERATED ALWAYS AS ('a' OPERATOR(public.+) d::text) STORED);
INSERT INTO sr_new (id) VALUES (1), (2);
-- step
DROP SCHEMA lib CASCADE;
ALTER SCHEMA lib2 RENAME TO lib;
ALTER OPERATOR public.+ (text, text) SET SCHEMA lib;
ALTER TYPE public.mood SET SCHEMA lib;
UPDATE sr SET v = 'zz', m = 'high', d = 'dd' WHERE id < 4;
UPDATE sr_doc SET t = 'other' WHERE id = 3;
ALTER SCHEMA lib RENAME TO lib2;
INSERT INTO sr_new VALUES (3, 'd');
