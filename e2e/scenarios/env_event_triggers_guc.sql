-- behaviour: event triggers are turned off by a setting of the database (17): tables and columns that come meanwhile, and rows in them, are copied all the same
-- needs: pg>=17; superuser; ddl-sync
-- tables: public.eg, public.eg2
-- setup
CREATE TABLE eg (id int PRIMARY KEY, v text);
-- load
INSERT INTO eg SELECT g, 'v' FROM generate_series(1, 20) g;
-- live
-- session: o
SET event_triggers = off;
ALTER TABLE eg ADD n int DEFAULT 3;
UPDATE eg SET n = 4 WHERE id < 5;
CREATE TABLE eg2 (id int PRIMARY KEY, v text);
INSERT INTO eg2 VALUES (1, 'a');
ALTER TABLE eg ALTER v TYPE bytea USING convert_to(v, 'UTF8');
UPDATE eg SET v = '\x00' WHERE id = 7;
-- step
RESET event_triggers;
UPDATE eg2 SET v = 'b';
INSERT INTO eg VALUES (100, '\x01', 5);
