-- behaviour: many columns were added and dropped before sync, so attribute numbers have gaps; key is a late attribute
-- tables: public.gaps, public.gapsf
-- setup
CREATE TABLE gaps (x1 int, x2 text);
DO $$ BEGIN FOR i IN 1..60 LOOP EXECUTE format('ALTER TABLE gaps ADD COLUMN d%s text DEFAULT %L', i, 'v' || i); EXECUTE format('ALTER TABLE gaps DROP COLUMN d%s', i); END LOOP; END $$;
ALTER TABLE gaps ADD COLUMN id int, DROP COLUMN x1, ADD COLUMN tail text DEFAULT 'tail';
ALTER TABLE gaps ADD PRIMARY KEY (id);
CREATE TABLE gapsf (a int, b int, c int);
ALTER TABLE gapsf DROP COLUMN b;
ALTER TABLE gapsf REPLICA IDENTITY FULL;
-- load
INSERT INTO gaps (id, x2) SELECT g, 'x' || g FROM generate_series(1, 10) g;
INSERT INTO gapsf VALUES (1, 1), (2, NULL);
-- live
UPDATE gaps SET tail = NULL WHERE id > 5;
UPDATE gaps SET id = -id WHERE id = 3;
UPDATE gapsf SET a = 100 WHERE a = 1;
DELETE FROM gapsf WHERE a = 2;
