-- behaviour: column dropped and re-added under the same name with another type, in one statement and in separate ones; consecutive drops
-- needs: ddl-sync
-- tables: public.dr
-- setup
CREATE TABLE dr (a int PRIMARY KEY, b text, c int, d int);
-- load
INSERT INTO dr SELECT g, 'b', g, g FROM generate_series(1, 10) g;
-- live
ALTER TABLE dr DROP b, ADD COLUMN e text DEFAULT 'pub', ADD b int;
INSERT INTO dr VALUES (11, 1, 1, 'e', 5);
ALTER TABLE dr DROP c;
ALTER TABLE dr DROP d;
UPDATE dr SET b = 7 WHERE a < 3;
-- step
ALTER TABLE dr ADD c timestamptz;
INSERT INTO dr (a, c) VALUES (12, '2024-01-01 00:00+00');
