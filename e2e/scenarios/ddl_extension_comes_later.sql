-- behaviour: an extension comes with a table of its types in one transaction, moves to another schema, is updated, and goes with the columns that need it
-- needs: ext:hstore,citext,ltree; ddl-sync; superuser
-- tables: public.xt, public.xk, public.plain
-- setup
CREATE TABLE plain (id int PRIMARY KEY, v text);
-- load
INSERT INTO plain SELECT g, 'Mixed' || g FROM generate_series(1, 20) g;
-- live
BEGIN;
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION citext;
CREATE TABLE xt (id int PRIMARY KEY, h ext.hstore, c citext, hs ext.hstore[]);
INSERT INTO xt VALUES (1, 'a=>1,b=>NULL', 'MiXed', ARRAY['x=>"y,z"']::ext.hstore[]);
CREATE TABLE xk (c citext PRIMARY KEY, v text);
INSERT INTO xk VALUES ('Key', 'one');
COMMIT;
UPDATE xk SET c = 'KEY', v = 'two' WHERE c = 'key';
ALTER TABLE plain ALTER v TYPE citext;
INSERT INTO plain VALUES (21, 'New');
UPDATE plain SET v = 'lower' WHERE v = 'MIXED3';
-- step
ALTER EXTENSION citext SET SCHEMA ext;
INSERT INTO xk VALUES ('Other', 'three');
UPDATE xt SET c = 'xT', h = ext.hstore('c', 'd') WHERE id = 1;
DELETE FROM xk WHERE v = 'two';
CREATE EXTENSION ltree SCHEMA ext;
ALTER TABLE xt ADD p ext.ltree DEFAULT 'a.b';
INSERT INTO xt VALUES (2, NULL, NULL, NULL, 'c.d');
CREATE INDEX ON xt USING gist (p);
-- step
BEGIN;
UPDATE xt SET c = 'last' WHERE id = 2;
DROP EXTENSION hstore CASCADE;
INSERT INTO xt VALUES (3, 'bare', 'e');
COMMIT;
ALTER TABLE plain ALTER v TYPE text;
DROP EXTENSION ltree CASCADE;
UPDATE xt SET c = 'end' WHERE id = 3;
DELETE FROM plain WHERE id < 5;
