-- behaviour: sessions whose DDL and rows interleave: tables are made in several open transactions at once, a table changes while transactions that began before write to it later, and the one that began first commits last
-- needs: ddl-sync
-- tables: public.ca, public.cb, public.cc, public.c1, public.c2, public.c3
-- setup
CREATE TABLE ca (id int PRIMARY KEY, v text);
CREATE TABLE cb (id int PRIMARY KEY, v text);
CREATE TABLE cc (v text);
-- load
INSERT INTO ca SELECT g, 'a' FROM generate_series(1, 10) g;
INSERT INTO cb SELECT g, 'b' FROM generate_series(1, 10) g;
-- live
-- session: one
BEGIN;
INSERT INTO ca VALUES (101, 'one');
CREATE TABLE c1 (v text);
INSERT INTO c1 VALUES ('one'), ('one');
-- session: two
BEGIN;
INSERT INTO ca VALUES (102, 'two');
CREATE TABLE c2 (id int PRIMARY KEY, v text);
INSERT INTO c2 VALUES (1, 'two');
-- session: three
ALTER TABLE cb ADD n int DEFAULT 3;
CREATE TABLE c3 (v text, n int);
INSERT INTO c3 VALUES ('three', 3), ('three', 3);
UPDATE cb SET n = 4 WHERE id = 1;
-- session: one
INSERT INTO cb VALUES (201, 'one sees n', 1);
UPDATE c1 SET v = 'changed' WHERE ctid = '(0,1)';
-- session: four
BEGIN;
INSERT INTO c3 VALUES ('four, open', 4);
INSERT INTO cc VALUES ('four');
-- session: two
UPDATE cb SET n = 5 WHERE id = 2;
COMMIT;
-- session: one
COMMIT;
-- session: four
INSERT INTO c2 VALUES (4, 'four');
INSERT INTO c1 VALUES ('four');
UPDATE c3 SET n = 40 WHERE n = 4;
DELETE FROM c3 WHERE ctid = '(0,1)';
COMMIT;
-- step
-- session: five
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO ca VALUES (105, 'five');
-- session: six
ALTER TABLE cb ALTER n TYPE text;
ALTER TABLE cc ADD k int;
INSERT INTO cc VALUES ('six', 6);
UPDATE cb SET n = 'six' WHERE id = 6;
-- session: five
UPDATE cb SET n = n || ' five' WHERE id = 5;
INSERT INTO cc VALUES ('five', 5);
COMMIT;
