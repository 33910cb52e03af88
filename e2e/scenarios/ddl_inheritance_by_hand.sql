-- behaviour: heirs come, go, merge columns of their own with their parent's, lose them by ONLY and by all, get other parents, and each row stays in the table that holds it
-- needs: ddl-sync
-- tables: ONLY public.ih, ONLY public.ih1, ONLY public.ih2, ONLY public.ih11, public.free
-- setup
CREATE TABLE ih (id int, v text DEFAULT 'p');
CREATE TABLE ih1 (n int, PRIMARY KEY (id)) INHERITS (ih);
CREATE TABLE ih2 (extra text, v text, id int);
CREATE TABLE ih11 () INHERITS (ih1);
CREATE TABLE free (extra int, id int, v text);
-- load
INSERT INTO ih SELECT g, 'ih' FROM generate_series(1, 5) g;
INSERT INTO ih1 SELECT 10 + g, 'ih1', g FROM generate_series(1, 5) g;
INSERT INTO ih2 SELECT 'x', 'ih2', 20 + g FROM generate_series(1, 5) g;
INSERT INTO ih11 SELECT 30 + g, 'ih11', g FROM generate_series(1, 5) g;
-- live
ALTER TABLE ih2 INHERIT ih;
UPDATE ih SET v = v || '+' WHERE id % 5 = 1;
ALTER TABLE ih ADD extra text DEFAULT 'by parent';
INSERT INTO ih1 (id) VALUES (16);
INSERT INTO ih2 (id) VALUES (26);
UPDATE ONLY ih SET extra = 'only' WHERE id = 1;
ALTER TABLE ih11 ADD m int;
ALTER TABLE ih1 ADD m int DEFAULT 4;
INSERT INTO ih11 (id) VALUES (36);
-- step
BEGIN;
ALTER TABLE ONLY ih DROP extra;
UPDATE ih1 SET extra = 'kept' WHERE id = 16;
ALTER TABLE ih11 NO INHERIT ih1;
ALTER TABLE ih11 INHERIT ih;
UPDATE ih SET v = 'deep' WHERE id IN (31, 11);
DELETE FROM ih1 WHERE id = 32;
DELETE FROM ih WHERE id = 33;
COMMIT;
ALTER TABLE ih RENAME v TO w;
UPDATE ih SET w = 'renamed' WHERE id IN (2, 12, 22, 34);
ALTER TABLE ih ALTER id TYPE bigint;
INSERT INTO ih11 (id, w) VALUES (3000000000, 'big');
-- step
ALTER TABLE ih2 NO INHERIT ih;
ALTER TABLE ih DROP w;
ALTER TABLE ih ADD CHECK (id > 0) NO INHERIT;
INSERT INTO ih1 (id) VALUES (-5);
ALTER TABLE free DROP v;
ALTER TABLE free ALTER id TYPE bigint, INHERIT ih;
INSERT INTO free VALUES (1, 50);
TRUNCATE ONLY ih;
TRUNCATE ih1;
INSERT INTO ih2 (id, w) VALUES (27, 'alone');
