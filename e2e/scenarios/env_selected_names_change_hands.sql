-- behaviour: a job of named tables and of patterns: tables get a selected name, lose theirs, exchange them with tables that are not selected, go to another schema and come back, all with rows in between
-- select: public.sel, public.pat_a, public.pat_new
-- needs: ddl-sync
-- tables: public.sel, public.pat_a, public.pat_new
-- setup
CREATE SCHEMA other;
CREATE TABLE sel (id int PRIMARY KEY, v text);
CREATE TABLE unsel (id int PRIMARY KEY, v text);
CREATE TABLE pat_new (id int PRIMARY KEY, v text);
CREATE TABLE pat_a (id int PRIMARY KEY, v text);
CREATE TABLE other.pat_b (id int PRIMARY KEY, v text);
-- load
INSERT INTO sel SELECT g, 's' FROM generate_series(1, 20) g;
INSERT INTO unsel SELECT g, 'u' FROM generate_series(1, 20) g;
INSERT INTO pat_a SELECT g, 'a' FROM generate_series(1, 20) g;
-- live
UPDATE unsel SET v = 'not seen' WHERE id = 1;
INSERT INTO pat_new VALUES (1, 'n');
BEGIN;
ALTER TABLE sel RENAME TO x;
ALTER TABLE unsel RENAME TO sel;
ALTER TABLE x RENAME TO unsel;
UPDATE sel SET v = 'selected now' WHERE id = 2;
UPDATE unsel SET v = 'not any more' WHERE id = 2;
COMMIT;
INSERT INTO sel VALUES (21, 'u');
-- step
ALTER TABLE pat_a SET SCHEMA other;
UPDATE other.pat_a SET v = 'away' WHERE id < 5;
ALTER TABLE other.pat_a SET SCHEMA public;
DELETE FROM pat_a WHERE id = 6;
ALTER TABLE sel RENAME TO gone;
ALTER TABLE unsel RENAME TO sel;
DELETE FROM sel WHERE id = 7;
ALTER TABLE gone RENAME TO pat_gone;
ALTER TABLE pat_new ADD n int DEFAULT 3;
-- step
DROP TABLE sel;
CREATE TABLE sel (v text, id bigint PRIMARY KEY);
INSERT INTO sel VALUES ('anew', 1);
ALTER TABLE pat_new RENAME TO hidden;
INSERT INTO hidden VALUES (2, 'h', 4);
ALTER TABLE hidden RENAME TO pat_new;
INSERT INTO pat_new VALUES (3, 'b', 5);
