-- behaviour: large values come and go: NULL to large and back, compressed, external, in domains, composites, ranges and arrays, in columns added later; untouched ones stay what they are
-- tables: public.tk
-- setup
CREATE DOMAIN tk_text AS text CHECK (length(VALUE) < 1000000);
CREATE TYPE tk_doc AS (title text, body text);
CREATE TYPE tk_textrange AS RANGE (subtype = text);
CREATE TABLE tk (id int PRIMARY KEY, n int, plain text, ext text, main text, dom tk_text, doc tk_doc, rng tk_textrange, num numeric, js json, hs int[]);
ALTER TABLE tk ALTER ext SET STORAGE EXTERNAL, ALTER main SET STORAGE MAIN;
ALTER TABLE tk ADD COLUMN later text DEFAULT repeat('L', 4000);
-- load
INSERT INTO tk SELECT g, 0, repeat('p', 20000), repeat('e', 4000), repeat(md5(g::text), 200), repeat(md5(g::text), 100), ROW('t', repeat(md5(g::text), 300))::tk_doc, tk_textrange(repeat('a', 3000), repeat('b', 3000)),
  (repeat('7', 5000) || '.5')::numeric, ('{"k":"' || repeat(md5(g::text), 200) || '"}')::json, (SELECT array_agg(x * g) FROM generate_series(1, 3000) x) FROM generate_series(1, 6) g;
INSERT INTO tk (id, n) VALUES (7, 0);
-- live
UPDATE tk SET n = 1;
UPDATE tk SET plain = NULL WHERE id = 1;
UPDATE tk SET n = 2 WHERE id = 1;
UPDATE tk SET ext = repeat('n', 5000) WHERE id = 2;
UPDATE tk SET n = 3, ext = ext WHERE id = 2;
UPDATE tk SET dom = 'short' WHERE id = 3; UPDATE tk SET dom = repeat(md5('again'), 200) WHERE id = 3; UPDATE tk SET n = 4 WHERE id = 3;
UPDATE tk SET doc.title = 'other' WHERE id = 4;
UPDATE tk SET hs = hs || 1, n = 5 WHERE id = 5;
UPDATE tk SET plain = repeat('q', 9000), main = repeat('m', 9000), later = later || 'x' WHERE id = 7;
UPDATE tk SET n = 6 WHERE id = 7;
-- step
BEGIN;
UPDATE tk SET later = NULL WHERE id = 6; UPDATE tk SET n = 7 WHERE id = 6; UPDATE tk SET later = repeat('z', 4000) WHERE id = 6; UPDATE tk SET n = 8 WHERE id = 6;
DELETE FROM tk WHERE id = 5; INSERT INTO tk (id, n) VALUES (5, 9); UPDATE tk SET n = 10 WHERE id = 5;
COMMIT;
