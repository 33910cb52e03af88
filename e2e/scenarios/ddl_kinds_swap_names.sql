-- behaviour: a table becomes a view of its name, a view a table, a sequence an index, a type a table, all within one transaction with rows, and back
-- needs: ddl-sync
-- tables: public.ka, public.kb, public.kq
-- expect: equal
-- expect: target: SELECT string_agg(relname || relkind::text, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname IN ('ka', 'kb', 'kv', 'km', 'ks', 'kq') => kar,kbr,kmm,kqr,ksS,kvv
-- setup
CREATE TABLE ka (id int PRIMARY KEY, v text);
CREATE TABLE kb (id serial PRIMARY KEY, a int REFERENCES ka);
CREATE VIEW kv AS SELECT * FROM ka;
CREATE MATERIALIZED VIEW km AS SELECT count(*) AS n FROM kv;
CREATE SEQUENCE ks;
CREATE TYPE kt AS (x int);
CREATE TABLE kq (id int PRIMARY KEY DEFAULT nextval('ks'), t kt);
-- load
INSERT INTO ka SELECT g, 'v' FROM generate_series(1, 5) g;
INSERT INTO kb (a) SELECT g FROM generate_series(1, 5) g;
INSERT INTO kq (t) SELECT ROW(g)::kt FROM generate_series(1, 5) g;
-- live
BEGIN;
ALTER TABLE ka RENAME TO k_old;
DROP MATERIALIZED VIEW km;
ALTER VIEW kv RENAME TO ka;
CREATE TABLE kv (id int PRIMARY KEY, w text);
INSERT INTO kv SELECT id, v FROM ka;
CREATE TABLE km (n int PRIMARY KEY);
INSERT INTO km VALUES (1), (2);
ALTER TABLE kq ALTER id DROP DEFAULT;
DROP SEQUENCE ks;
CREATE INDEX ks ON kv (w);
UPDATE k_old SET v = 'old' WHERE id = 1;
ALTER TYPE kt RENAME TO kt_old;
CREATE TABLE kt (id int PRIMARY KEY, o kt_old);
INSERT INTO kt VALUES (1, ROW(7));
COMMIT;
INSERT INTO kb (a) VALUES (2);
UPDATE kq SET t = ROW(70) WHERE id = 1;
-- step
BEGIN;
DROP INDEX ks;
CREATE SEQUENCE ks START 100;
ALTER TABLE kq ALTER id SET DEFAULT nextval('ks');
INSERT INTO kq (t) VALUES (ROW(8));
DROP VIEW ka;
ALTER TABLE kv RENAME TO ka;
ALTER TABLE kb DROP CONSTRAINT kb_a_fkey;
ALTER TABLE kb ADD CONSTRAINT kb_a_fkey FOREIGN KEY (a) REFERENCES ka;
DROP TABLE k_old;
ALTER TABLE km RENAME TO kv0;
CREATE VIEW kv AS SELECT a.w, b.id FROM ka a JOIN kb b ON b.a = a.id;
DROP TABLE kv0;
CREATE MATERIALIZED VIEW km AS SELECT max(id) AS n FROM kv;
ALTER TYPE kt_old RENAME ATTRIBUTE x TO y CASCADE;
DROP TABLE kt;
ALTER TYPE kt_old RENAME TO kt;
UPDATE ka SET w = 'new' WHERE id = 3;
COMMIT;
UPDATE kq SET t.y = 9 WHERE id = 2;
