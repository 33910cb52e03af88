-- behaviour: operators, their classes and families, casts, collations, text search configurations and aggregates are dropped with CASCADE, made again, and swap names within one transaction with rows of tables that use them
-- needs: superuser; ddl-sync
-- tables: public.oa, public.ob, public.oc
-- expect: equal
-- expect: target: SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace AND relname LIKE 'o__%' => oa_i2,oa_pkey,ob_pkey,oc_pkey
-- setup
CREATE SCHEMA x1; CREATE SCHEMA x2;
CREATE FUNCTION x1.add(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || ''1'' || $2';
CREATE FUNCTION x2.add(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || ''2'' || $2';
CREATE OPERATOR x1.### (FUNCTION = x1.add, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR x2.### (FUNCTION = x2.add, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION x1.cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 < $2 THEN 1 WHEN $1 > $2 THEN -1 ELSE 0 END';
CREATE OPERATOR CLASS x1.rev FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 x1.cmp(int, int);
CREATE COLLATION x1.c (provider = libc, locale = 'C');
CREATE COLLATION x2.c (provider = libc, locale = 'POSIX');
CREATE TEXT SEARCH CONFIGURATION x1.ts (COPY = pg_catalog.simple);
CREATE TYPE x1.w AS (a int);
CREATE FUNCTION x1.wt(x1.w) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''w'' || $1.a';
CREATE CAST (x1.w AS text) WITH FUNCTION x1.wt(x1.w) AS ASSIGNMENT;
CREATE TABLE oa (id int PRIMARY KEY, t text, g text GENERATED ALWAYS AS (t OPERATOR(x1.###) t) STORED, n int);
CREATE INDEX oa_i ON oa (n x1.rev);
CREATE TABLE ob (id int PRIMARY KEY, t text COLLATE x1.c, v tsvector GENERATED ALWAYS AS (to_tsvector('x1.ts', t)) STORED);
CREATE TABLE oc (id int PRIMARY KEY, w x1.w, t text GENERATED ALWAYS AS (w::text) STORED, CHECK (t OPERATOR(x2.###) 'a' <> ''));
-- load
INSERT INTO oa (id, t, n) SELECT g, 't' || g, g FROM generate_series(1, 9) g;
INSERT INTO ob (id, t) SELECT g, 'some words ' || g FROM generate_series(1, 9) g;
INSERT INTO oc (id, w) SELECT g, ROW(g)::x1.w FROM generate_series(1, 9) g;
-- live
BEGIN;
ALTER OPERATOR x1.### (text, text) SET SCHEMA public;
ALTER OPERATOR x2.### (text, text) SET SCHEMA x1;
ALTER OPERATOR public.### (text, text) SET SCHEMA x2;
UPDATE oa SET t = 'u' WHERE id = 1;
INSERT INTO oc (id, w) VALUES (20, ROW(2)::x1.w);
DROP OPERATOR CLASS x1.rev USING btree CASCADE;
CREATE OPERATOR CLASS x1.rev FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 x1.cmp(int, int);
CREATE INDEX oa_i2 ON oa (n x1.rev, t);
ALTER COLLATION x1.c RENAME TO d;
ALTER COLLATION x2.c SET SCHEMA x1;
INSERT INTO ob (id, t) VALUES (20, 'more');
COMMIT;
-- step
BEGIN;
DROP CAST (x1.w AS text) CASCADE;
DROP FUNCTION x1.wt(x1.w) CASCADE;
CREATE FUNCTION x1.wt(x1.w) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''again'' || $1.a';
CREATE CAST (x1.w AS text) WITH FUNCTION x1.wt(x1.w) AS IMPLICIT;
ALTER TABLE oc ADD t text GENERATED ALWAYS AS (w::text) STORED;
UPDATE oc SET w = ROW(30) WHERE id = 3;
ALTER TEXT SEARCH CONFIGURATION x1.ts RENAME TO ts_old;
CREATE TEXT SEARCH CONFIGURATION x1.ts (COPY = pg_catalog.english);
ALTER TABLE ob ADD v2 tsvector GENERATED ALWAYS AS (to_tsvector('x1.ts', t)) STORED;
UPDATE ob SET t = 'running words' WHERE id = 2;
DROP OPERATOR x2.### (text, text) CASCADE;
CREATE OPERATOR x2.### (FUNCTION = x2.add, LEFTARG = text, RIGHTARG = text);
ALTER TABLE oa ADD g text GENERATED ALWAYS AS (t OPERATOR(x2.###) 'z') STORED;
UPDATE oa SET t = 'v' WHERE id = 2;
COMMIT;
-- step
BEGIN;
ALTER SCHEMA x1 RENAME TO x0;
ALTER SCHEMA x2 RENAME TO x1;
ALTER SCHEMA x0 RENAME TO x2;
INSERT INTO oa (id, t, n) VALUES (30, 'w', 3);
INSERT INTO oc (id, w) VALUES (30, ROW(3)::x2.w);
ALTER FUNCTION x1.add(text, text) SET SCHEMA public;
ALTER FUNCTION x2.add(text, text) SET SCHEMA x1;
ALTER FUNCTION public.add(text, text) SET SCHEMA x2;
COMMIT;
UPDATE oc SET w = ROW(99) WHERE id = 1;
UPDATE ob SET id = 100 WHERE id = 4;
