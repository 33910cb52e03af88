-- behaviour: an enum and a domain are replaced by new types of the same names in one transaction, with columns, arrays, defaults, keys and partition bounds of them
-- needs: ddl-sync
-- tables: public.er, public.er_key
-- setup
CREATE TYPE er_t AS ENUM ('a', 'b', 'gone');
CREATE DOMAIN er_d AS text CHECK (VALUE <> '');
CREATE TABLE er (id int PRIMARY KEY, e er_t DEFAULT 'a', es er_t[], d er_d, ds er_d[] DEFAULT '{one}');
CREATE TABLE er_key (e er_t, n int, v text, PRIMARY KEY (e, n));
CREATE INDEX ON er (e) WHERE e > 'a';
-- load
INSERT INTO er SELECT g, (ARRAY['a', 'b', 'gone'])[1 + g % 3]::er_t, '{gone,a}', 'd' || g FROM generate_series(1, 30) g;
INSERT INTO er_key SELECT (ARRAY['a', 'b', 'gone'])[1 + g % 3]::er_t, g, 'v' FROM generate_series(1, 60) g;
-- live
BEGIN;
INSERT INTO er VALUES (31, 'gone', '{gone}', 'x');
UPDATE er SET e = 'b' WHERE e = 'gone';
UPDATE er SET es = array_remove(es, 'gone');
UPDATE er_key SET e = 'b' WHERE e = 'gone';
DROP INDEX er_e_idx;
ALTER TYPE er_t RENAME TO er_t_old;
CREATE TYPE er_t AS ENUM ('new', 'b', 'a');
ALTER TABLE er ALTER e DROP DEFAULT, ALTER e TYPE er_t USING e::text::er_t, ALTER e SET DEFAULT 'new', ALTER es TYPE er_t[] USING es::text[]::er_t[];
ALTER TABLE er_key ALTER e TYPE er_t USING e::text::er_t;
DROP TYPE er_t_old;
CREATE INDEX ON er (e) WHERE e > 'new';
INSERT INTO er (id, es) VALUES (32, '{new,NULL}');
UPDATE er_key SET e = 'new' WHERE n = 5;
DELETE FROM er_key WHERE n = 6;
COMMIT;
UPDATE er SET e = 'new' WHERE id = 4;
UPDATE er_key SET n = n + 1000 WHERE e = 'a';
-- step
BEGIN;
ALTER DOMAIN er_d RENAME TO er_d_old;
CREATE DOMAIN er_d AS varchar(40) DEFAULT 'dom' CONSTRAINT lower_ CHECK (VALUE ~ '^[a-z]');
ALTER TABLE er ALTER d TYPE er_d, ALTER ds DROP DEFAULT, ALTER ds TYPE er_d[], ALTER ds SET DEFAULT '{two}';
DROP DOMAIN er_d_old;
INSERT INTO er (id) VALUES (33);
COMMIT;
ALTER DOMAIN er_d SET DEFAULT 'other';
ALTER TABLE er ALTER ds TYPE text[];
ALTER DOMAIN er_d ADD CONSTRAINT short CHECK (length(VALUE) < 30) NOT VALID;
INSERT INTO er (id) VALUES (34);
ALTER DOMAIN er_d DROP CONSTRAINT lower_;
ALTER DOMAIN er_d VALIDATE CONSTRAINT short;
UPDATE er SET d = '9' WHERE id = 34;
ALTER TABLE er DROP ds;
UPDATE er SET d = 'filled' WHERE d IS NULL;
ALTER DOMAIN er_d SET NOT NULL;
ALTER TABLE er ADD d2 er_d;
UPDATE er SET d2 = 'z' WHERE id = 1;
