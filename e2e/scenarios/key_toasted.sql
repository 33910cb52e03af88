-- behaviour: key columns so large that they are stored out of line are not sent again with an update that leaves them: the row is found all the same
-- tables: public.kto, public.kto2
-- setup
CREATE TABLE kto (k text, k2 text, n int, big text, PRIMARY KEY (k, k2));
CREATE TABLE kto2 (k text NOT NULL, n int, big text);
CREATE UNIQUE INDEX ON kto2 (k);
ALTER TABLE kto2 REPLICA IDENTITY FULL;
-- load
INSERT INTO kto SELECT repeat(chr(64 + g), 90000), repeat(chr(96 + g), 80000 + g), 0, repeat(md5(g::text), 400) FROM generate_series(1, 12) g;
INSERT INTO kto2 SELECT repeat(chr(64 + g), 150000), 0, repeat(md5(g::text), 400) FROM generate_series(1, 12) g;
-- during
UPDATE kto SET n = 1 WHERE k LIKE 'A%';
UPDATE kto2 SET n = 1;
-- live
UPDATE kto SET n = n + 1;
UPDATE kto SET big = 'small' WHERE k LIKE 'B%';
UPDATE kto SET k2 = 'x' WHERE k LIKE 'C%';
UPDATE kto SET k = 'y', k2 = k2 || 'y' WHERE k LIKE 'D%';
DELETE FROM kto WHERE k LIKE 'E%';
BEGIN;
UPDATE kto SET n = 100 WHERE k LIKE 'F%';
UPDATE kto SET n = n + 1, big = NULL WHERE k LIKE 'F%';
UPDATE kto SET k2 = k2 || 'z' WHERE k LIKE 'F%';
UPDATE kto SET n = n + 1 WHERE k LIKE 'F%';
DELETE FROM kto WHERE k LIKE 'G%';
INSERT INTO kto VALUES (repeat('G', 90000), repeat('g', 80007), 7, NULL);
UPDATE kto SET n = 8 WHERE k LIKE 'G%';
COMMIT;
-- step
UPDATE kto2 SET n = n + 1;
UPDATE kto2 SET k = k || '!' WHERE k LIKE 'A%';
DELETE FROM kto2 WHERE k LIKE 'B%';
