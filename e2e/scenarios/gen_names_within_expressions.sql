-- behaviour: what a generated column's expression, a check, an index, a default and a view name is renamed and moved: functions, types, schemas; the column keeps its values, indexes and keys
-- needs: pg>=12; ddl-sync
-- tables: public.ge
-- expect: equal
-- expect: target: SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = 'public.ge'::regclass => public.ge_e,public.ge_g_key,public.ge_i,public.ge_pkey
-- setup
CREATE SCHEMA fs;
CREATE FUNCTION fs.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TYPE fs.mood AS ENUM ('lo', 'hi');
CREATE TABLE ge (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (fs.f(a)) STORED UNIQUE, m fs.mood GENERATED ALWAYS AS (CASE WHEN a > 5 THEN 'hi'::fs.mood ELSE 'lo'::fs.mood END) STORED, d fs.mood DEFAULT 'lo', CHECK (fs.f(a) <> 13), CHECK (d <> 'hi'::fs.mood OR a > 3));
CREATE INDEX ge_i ON ge (m) WHERE d = 'lo'::fs.mood;
CREATE INDEX ge_e ON ge (fs.f(id));
CREATE VIEW ge_v AS SELECT g, m FROM ge WHERE fs.f(a) > 1;
-- load
INSERT INTO ge (id, a) SELECT g, g FROM generate_series(1, 10) g;
-- live
ALTER FUNCTION fs.f(int) RENAME TO ff;
INSERT INTO ge (id, a) VALUES (11, 11);
ALTER TYPE fs.mood RENAME TO feeling;
INSERT INTO ge (id, a) VALUES (12, 12);
ALTER SCHEMA fs RENAME TO gs;
UPDATE ge SET a = a + 20 WHERE id < 5;
-- step
CREATE SCHEMA hs;
ALTER FUNCTION gs.ff(int) SET SCHEMA hs;
ALTER TYPE gs.feeling SET SCHEMA hs;
INSERT INTO ge (id, a) VALUES (13, 13);
BEGIN;
ALTER TYPE hs.feeling RENAME VALUE 'hi' TO 'high';
ALTER TABLE ge RENAME a TO aa;
ALTER TABLE ge RENAME g TO gg;
UPDATE ge SET aa = 100 WHERE id = 13;
COMMIT;
DROP SCHEMA gs;
