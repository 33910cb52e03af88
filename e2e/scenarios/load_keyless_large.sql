-- behaviour: a keyless table is loaded while it changes
-- tables: public.kl
-- expect: equal
-- setup
CREATE TABLE kl (a int, b text);
-- load
INSERT INTO kl SELECT g % 1000, md5(g::text) FROM generate_series(1, 100000) g;
-- during
UPDATE kl SET b = 'x' WHERE a = 5;
DELETE FROM kl WHERE a = 6;
INSERT INTO kl SELECT 5, 'x' FROM generate_series(1, 50);
-- live
UPDATE kl SET b = NULL WHERE a = 7;
DELETE FROM kl WHERE b = 'x';
