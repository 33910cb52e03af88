-- behaviour: of two tables one leaves, they exchange their names, and the name that left joins again
-- needs: ddl-sync
-- tables: public.sel, public.one, public.two
-- select: public.sel, public.one, public.two
-- action: after step 1: select remove public.two
-- action: after step 2: select add public.two
-- expect: equal
-- setup
CREATE TABLE sel (id int PRIMARY KEY);
CREATE TABLE one (id int PRIMARY KEY, v text);
CREATE TABLE two (id int PRIMARY KEY, v text);
-- load
INSERT INTO one SELECT g, 'one' FROM generate_series(1, 20) g;
INSERT INTO two SELECT g, 'two' FROM generate_series(1, 30) g;
-- live
INSERT INTO sel VALUES (2);
-- step
INSERT INTO two VALUES (100, 'two');
BEGIN;
ALTER TABLE one RENAME TO t;
ALTER TABLE two RENAME TO one;
ALTER TABLE t RENAME TO two;
COMMIT;
UPDATE one SET v = 'renamed' WHERE id < 5;
UPDATE two SET v = 'gone' WHERE id < 5;
DELETE FROM one WHERE id > 25;
INSERT INTO sel VALUES (3);
-- step
UPDATE one SET v = 'x' WHERE id = 7;
UPDATE two SET v = 'y' WHERE id = 7;
DELETE FROM two WHERE id = 9;
INSERT INTO sel VALUES (4);
