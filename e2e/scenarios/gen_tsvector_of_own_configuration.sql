-- behaviour: a generated column goes by a text search configuration of the users', which changes
-- needs: pg>=12; ddl-sync
-- tables: lib.a
-- setup
CREATE SCHEMA lib;
CREATE TEXT SEARCH CONFIGURATION lib.ts (COPY = simple);
CREATE TABLE lib.a (id int PRIMARY KEY, v text, w tsvector GENERATED ALWAYS AS (to_tsvector('lib.ts'::regconfig, coalesce(v, ''))) STORED);
-- load
INSERT INTO lib.a VALUES (1, 'some words');
-- live
INSERT INTO lib.a VALUES (2, 'more words');
-- step
ALTER TEXT SEARCH CONFIGURATION lib.ts RENAME TO tsc;
INSERT INTO lib.a VALUES (3, 'even more');
