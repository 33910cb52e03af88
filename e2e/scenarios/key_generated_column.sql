-- behaviour: a primary key over a generated column does not travel with the rows before version 18: rows are told apart all the same
-- needs: pg>=12
-- tables: public.kg, public.kg2
-- setup
CREATE TABLE kg (a int NOT NULL, b text, k int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY);
CREATE TABLE kg2 (a int NOT NULL, b text, k int GENERATED ALWAYS AS (a % 10) STORED, PRIMARY KEY (k, a));
-- load
INSERT INTO kg (a, b) SELECT g, 'l' || g FROM generate_series(1, 50) g;
INSERT INTO kg2 (a, b) SELECT g, repeat('l' || g, 2000) FROM generate_series(1, 50) g;
-- live
UPDATE kg SET b = 'u' WHERE k < 20;
DELETE FROM kg WHERE k = 30;
UPDATE kg SET a = -a WHERE a > 40;
UPDATE kg2 SET a = a + 100 WHERE k = 3;
DELETE FROM kg2 WHERE k = 4;
BEGIN;
INSERT INTO kg2 (a, b) VALUES (500, 'n'), (501, 'n');
UPDATE kg2 SET b = NULL WHERE a = 500;
DELETE FROM kg2 WHERE a = 501;
COMMIT;
