-- behaviour: a target's own columns (defaults, generated, identity, NOT NULL with default), indexes, comments and rows of other tables stay as they are
-- mode: ignore-existing
-- needs: pg>=12
-- tables: public.mt
-- expect: equal on (id, v, n)
-- expect: target: SELECT count(*) FROM public.mt WHERE stamped IS NULL OR g IS DISTINCT FROM n * 2 OR tag <> 'here' => 0
-- expect: target: SELECT count(*) FROM public.other => 3
-- setup
CREATE TABLE mt (id int PRIMARY KEY, v text, n int);
-- target
CREATE TABLE mt (tag text NOT NULL DEFAULT 'here', n int, g int GENERATED ALWAYS AS (n * 2) STORED, id int PRIMARY KEY, stamped timestamptz NOT NULL DEFAULT now(), no int GENERATED ALWAYS AS IDENTITY, v text);
CREATE INDEX ON mt (v, tag);
CREATE TABLE other (id int);
INSERT INTO other VALUES (1), (2), (3);
-- load
INSERT INTO mt SELECT g, 'v' || g, g FROM generate_series(1, 100) g;
-- live
UPDATE mt SET n = n + 1 WHERE id <= 50;
UPDATE mt SET id = id + 1000 WHERE id <= 10;
DELETE FROM public.mt WHERE id BETWEEN 90 AND 95;
INSERT INTO mt VALUES (2000, NULL, NULL);
BEGIN;
DELETE FROM public.mt WHERE id = 60;
INSERT INTO mt VALUES (60, 'again', 1);
COMMIT;
