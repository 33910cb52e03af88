-- behaviour: a dump is restored into the source while it streams, in one transaction and in pieces, with its settings, disabled triggers, circular foreign keys, and definitions between the rows; then again over itself with --clean
-- needs: pg>=12; ddl-sync
-- tables: dr.item, dr.part, dr.tree, dr.log
-- expect: equal
-- expect: target: SELECT string_agg(DISTINCT conname::text, ',' ORDER BY conname::text) FROM pg_constraint WHERE connamespace = 'dr'::regnamespace AND contype IN ('f', 'c') AND conparentid = 0 => item_main_fkey,part_item_fkey,part_n_check,tree_up_fkey
-- expect: target: SELECT count(*) FROM pg_index WHERE NOT indisvalid => 0
-- expect: target: SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND NOT convalidated => 0
-- expect: target: SELECT nextval('dr.item_id_seq') > 101 => t
-- setup
CREATE TABLE dr_before (id int PRIMARY KEY);
-- load
INSERT INTO dr_before VALUES (1);
-- live
BEGIN;
SET statement_timeout = 0; SET lock_timeout = 0; SET client_encoding = 'LATIN1'; SET standard_conforming_strings = off;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false; SET xmloption = content; SET row_security = off; SET default_tablespace = '';
CREATE SCHEMA dr;
CREATE TYPE dr.state AS ENUM ('on', 'off');
CREATE FUNCTION dr.f() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN INSERT INTO dr.log VALUES (TG_TABLE_NAME, NEW.id); NEW.v := NEW.v || '#'; RETURN NEW; END $_$;
CREATE TABLE dr.item (id integer NOT NULL, v text, main integer, s dr.state DEFAULT 'on'::dr.state);
CREATE SEQUENCE dr.item_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE dr.item_id_seq OWNED BY dr.item.id;
CREATE TABLE dr.log (t text, id int);
CREATE TABLE dr.part (id integer NOT NULL, item integer, v text, n int, CONSTRAINT part_n_check CHECK ((n > 0)) NOT VALID) PARTITION BY RANGE (id);
CREATE TABLE dr.part_1 (id integer NOT NULL, item integer, v text, n int);
ALTER TABLE ONLY dr.part_1 ADD CONSTRAINT part_n_check CHECK (n > 0);
ALTER TABLE ONLY dr.part ATTACH PARTITION dr.part_1 FOR VALUES FROM (0) TO (1000);
CREATE TABLE dr.tree (id integer NOT NULL, up integer, v text);
ALTER TABLE ONLY dr.item ALTER COLUMN id SET DEFAULT nextval('dr.item_id_seq'::regclass);
INSERT INTO dr.item SELECT g, E'v\\' || g, g * 2, 'off' FROM generate_series(1, 100) g;
INSERT INTO dr.part SELECT g * 2, g, 'p', 1 FROM generate_series(1, 100) g;
INSERT INTO dr.tree SELECT g, nullif(g - 1, 0), chr(233) FROM generate_series(1, 50) g;
SELECT pg_catalog.setval('dr.item_id_seq', 100, true);
ALTER TABLE ONLY dr.item ADD CONSTRAINT item_pkey PRIMARY KEY (id);
ALTER TABLE ONLY dr.part ADD CONSTRAINT part_pkey PRIMARY KEY (id);
ALTER TABLE ONLY dr.part_1 ADD CONSTRAINT part_1_pkey PRIMARY KEY (id);
ALTER TABLE ONLY dr.tree ADD CONSTRAINT tree_pkey PRIMARY KEY (id);
ALTER INDEX dr.part_pkey ATTACH PARTITION dr.part_1_pkey;
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON dr.item FOR EACH ROW EXECUTE FUNCTION dr.f();
ALTER TABLE ONLY dr.item ADD CONSTRAINT item_main_fkey FOREIGN KEY (main) REFERENCES dr.part(id);
ALTER TABLE dr.part ADD CONSTRAINT part_item_fkey FOREIGN KEY (item) REFERENCES dr.item(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY dr.tree ADD CONSTRAINT tree_up_fkey FOREIGN KEY (up) REFERENCES dr.tree(id);
COMMIT;
UPDATE dr.item SET v = 'u' WHERE id < 4;
-- step
SELECT pg_catalog.set_config('search_path', '', false);
ALTER TABLE IF EXISTS ONLY dr.item DROP CONSTRAINT IF EXISTS item_main_fkey;
ALTER TABLE IF EXISTS dr.part DROP CONSTRAINT IF EXISTS part_item_fkey;
DROP TRIGGER IF EXISTS t ON dr.item;
ALTER TABLE IF EXISTS ONLY dr.item DROP CONSTRAINT IF EXISTS item_pkey;
ALTER TABLE IF EXISTS dr.item ALTER COLUMN id DROP DEFAULT;
DROP SEQUENCE IF EXISTS dr.item_id_seq;
DROP TABLE IF EXISTS dr.item;
DROP FUNCTION IF EXISTS dr.f();
CREATE TABLE dr.item (id integer NOT NULL, v text, main integer, s dr.state);
CREATE SEQUENCE dr.item_id_seq AS integer;
ALTER SEQUENCE dr.item_id_seq OWNED BY dr.item.id;
ALTER TABLE ONLY dr.item ALTER COLUMN id SET DEFAULT nextval('dr.item_id_seq'::regclass);
INSERT INTO dr.item SELECT g, 'again', g * 2, 'on' FROM generate_series(1, 100) g;
SELECT pg_catalog.setval('dr.item_id_seq', 101, true);
ALTER TABLE ONLY dr.item ADD CONSTRAINT item_pkey PRIMARY KEY (id);
ALTER TABLE dr.tree DISABLE TRIGGER ALL;
DELETE FROM dr.tree WHERE id = 10;
INSERT INTO dr.tree VALUES (10, 9, 'back');
ALTER TABLE dr.tree ENABLE TRIGGER ALL;
ALTER TABLE ONLY dr.item ADD CONSTRAINT item_main_fkey FOREIGN KEY (main) REFERENCES dr.part(id);
ALTER TABLE dr.part ADD CONSTRAINT part_item_fkey FOREIGN KEY (item) REFERENCES dr.item(id) DEFERRABLE INITIALLY DEFERRED;
UPDATE dr.item SET v = 'last' WHERE id = 7;
