-- behaviour: a table that only the target partitions, by a column that is no part of the key: updates move rows between its partitions, large values come along
-- mode: ignore-existing
-- tables: public.po
-- setup
CREATE TABLE po (id int PRIMARY KEY, region text NOT NULL, n int, big text);
-- target
CREATE TABLE po (id int NOT NULL, region text NOT NULL, n int, big text) PARTITION BY LIST (region);
CREATE TABLE po_a PARTITION OF po FOR VALUES IN ('a');
CREATE TABLE po_rest (big text, n int, id int NOT NULL, region text NOT NULL);
ALTER TABLE po ATTACH PARTITION po_rest DEFAULT;
CREATE INDEX ON po (id);
-- load
INSERT INTO po SELECT g, chr(97 + g % 3), g, repeat(md5(g::text), 300) FROM generate_series(1, 40) g;
-- during
UPDATE po SET region = 'z' WHERE id % 5 = 0;
-- live
UPDATE po SET region = 'a' WHERE region = 'b';
UPDATE po SET id = id + 100, region = 'q' WHERE id < 10;
UPDATE po SET n = -n WHERE region = 'a';
BEGIN; UPDATE po SET region = 'a', n = 7 WHERE id = 20; UPDATE po SET region = 'x' WHERE id = 20; UPDATE po SET id = 200 WHERE id = 20; UPDATE po SET big = 'short' WHERE id = 200; COMMIT;
DELETE FROM po WHERE region = 'c';
INSERT INTO po VALUES (1, 'a', 1, NULL), (2, 'new', 2, NULL) ON CONFLICT (id) DO UPDATE SET region = EXCLUDED.region;
