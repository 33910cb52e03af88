-- behaviour: stored generated columns come, lose their expression and are written as plain ones, are dropped and come back with another expression
-- needs: pg>=13; ddl-sync
-- tables: public.gx
-- setup
CREATE TABLE gx (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED);
-- load
INSERT INTO gx SELECT g, g FROM generate_series(1, 10) g;
-- live
ALTER TABLE gx ADD h text GENERATED ALWAYS AS ('h' || a) STORED;
INSERT INTO gx (id, a) VALUES (11, 11);
BEGIN;
UPDATE gx SET a = 100 WHERE id = 1;
ALTER TABLE gx ALTER g DROP EXPRESSION;
UPDATE gx SET g = -1 WHERE id = 2;
UPDATE gx SET a = 300 WHERE id = 3;
INSERT INTO gx (id, a, g) VALUES (12, 1, 5), (13, 1, NULL);
COMMIT;
UPDATE gx SET g = g + 1 WHERE id > 5;
-- step
ALTER TABLE gx DROP h;
ALTER TABLE gx ADD h int GENERATED ALWAYS AS (a + 1) STORED;
UPDATE gx SET a = a + 1;
BEGIN;
ALTER TABLE gx DROP g, ADD g int GENERATED ALWAYS AS (a * 3) STORED;
UPDATE gx SET a = 7 WHERE id = 7;
ALTER TABLE gx ALTER g TYPE bigint;
COMMIT;
DELETE FROM gx WHERE g = 21;
