-- behaviour: somebody disables all event triggers of the database for a while: tables that changed meanwhile come to the target's rows all the same
-- needs: ddl-sync; superuser
-- tables: public.eo, public.eo_new, public.eo_bag
-- setup
CREATE TABLE eo (id int PRIMARY KEY, v text, w int);
CREATE TABLE eo_bag (a int, b text);
-- load
INSERT INTO eo SELECT g, 'v', g FROM generate_series(1, 20) g;
INSERT INTO eo_bag SELECT g % 3, 'b' FROM generate_series(1, 20) g;
-- live
DO $$ DECLARE r record; BEGIN FOR r IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', r.evtname); END LOOP; END $$;
ALTER TABLE eo ADD x int DEFAULT 7;
INSERT INTO eo VALUES (21, 'x', 1, 2);
ALTER TABLE eo DROP w;
UPDATE eo SET v = 'u' WHERE id = 2;
ALTER TABLE eo_bag ADD c int;
INSERT INTO eo_bag VALUES (9, 'n', 9);
CREATE TABLE eo_new (id int PRIMARY KEY, v text);
INSERT INTO eo_new VALUES (1, 'a'), (2, 'b');
UPDATE eo_new SET v = 'c' WHERE id = 2;
-- step
DO $$ DECLARE r record; BEGIN FOR r IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', r.evtname); END LOOP; END $$;
ALTER TABLE eo RENAME v TO vv;
UPDATE eo SET vv = 'end' WHERE id > 15;
UPDATE eo_new SET v = 'end';
DELETE FROM eo_bag WHERE a = 9;
