-- behaviour: composite key whose order differs from column order, with a non-key column in between; change of one key part only
-- tables: public.comp
-- setup
CREATE TABLE comp (a text, filler text, b int, c date, PRIMARY KEY (c, a, b));
-- load
INSERT INTO comp SELECT 'a' || (g % 3), 'f', g, date '2024-01-01' + g FROM generate_series(1, 30) g;
-- live
UPDATE comp SET b = b + 100 WHERE a = 'a1';
UPDATE comp SET c = c + 365 WHERE a = 'a2';
UPDATE comp SET a = 'zz' WHERE b = 3;
-- step
DELETE FROM comp WHERE c > date '2024-12-31';
UPDATE comp SET filler = NULL;
