-- behaviour: mapped tables and columns follow their source's changes: columns are added, renamed, dropped and come again, keys, checks, indexes, generated columns and foreign keys name them; a new column takes a name that the mapping gave another
-- needs: pg>=12; ddl-sync
-- map: public.mt -> "New".items (id -> "Item", val -> v2, old -> old)
-- map: public.mk -> "New".kids
-- tables: public.mt, public.mk
-- expect: target: SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = '"New".items'::regclass AND attnum > 0 AND NOT attisdropped => Item,added,gen,n,renamed
-- setup
CREATE TABLE mt (id int PRIMARY KEY, val text CHECK (val <> 'never'), n int, old text, gen int GENERATED ALWAYS AS (n * 2) STORED);
CREATE INDEX ON mt (lower(val)) WHERE id > 0;
CREATE TABLE mk (id int PRIMARY KEY, item int REFERENCES mt (id) ON UPDATE CASCADE, CHECK (item <> 0));
-- load
INSERT INTO mt SELECT g, 'v' || g, g, 'old' FROM generate_series(1, 10) g;
INSERT INTO mk SELECT g, g FROM generate_series(1, 10) g;
-- live
ALTER TABLE mt ADD added text DEFAULT 'x';
UPDATE mt SET added = 'y', val = 'changed' WHERE id = 1;
BEGIN;
UPDATE mt SET old = 'last' WHERE id = 2;
ALTER TABLE mt DROP old;
UPDATE mt SET id = 100 WHERE id = 3;
COMMIT;
-- step
ALTER TABLE mt RENAME val TO renamed;
UPDATE mt SET renamed = 'r' WHERE id = 4;
ALTER TABLE mk ALTER item TYPE bigint;
INSERT INTO mt (id, renamed, n) VALUES (11, 'eleven', 99);
TRUNCATE mk;
INSERT INTO mk VALUES (1, 11);
DELETE FROM mt WHERE id = 5;
