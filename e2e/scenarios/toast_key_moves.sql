-- behaviour: keys move, chain, rotate and are used again within one transaction while large values stay untouched: each value stays with its row
-- tables: public.tm, public.tm2
-- setup
CREATE TABLE tm (id int PRIMARY KEY, n int, big text, arr text[]);
CREATE TABLE tm2 (a int, b text, n int, big bytea, PRIMARY KEY (b, a));
ALTER TABLE tm ALTER big SET STORAGE EXTERNAL;
-- load
INSERT INTO tm SELECT g, g, repeat(chr(64 + g % 26), 5000 + g), ARRAY[repeat(md5(g::text), 300)] FROM generate_series(1, 60) g;
INSERT INTO tm2 SELECT g, 'k' || g, g, decode(repeat(md5(g::text), 400), 'hex') FROM generate_series(1, 30) g;
-- during
UPDATE tm SET id = -id WHERE id % 7 = 0;
-- live
BEGIN;
UPDATE tm SET id = 1000 WHERE id = 1;
UPDATE tm SET id = 1 WHERE id = 2;
UPDATE tm SET id = 2 WHERE id = 1000;
UPDATE tm SET n = n + 1 WHERE id IN (1, 2);
COMMIT;
BEGIN;
DELETE FROM tm WHERE id = 3;
UPDATE tm SET id = 3 WHERE id = 4;
INSERT INTO tm VALUES (4, 44, 'new', NULL);
UPDATE tm SET n = 45 WHERE id = 4;
DELETE FROM tm WHERE id = 3;
INSERT INTO tm VALUES (3, 33, 'newer', '{}');
COMMIT;
BEGIN;
UPDATE tm SET big = NULL WHERE id = 5;
UPDATE tm SET id = 505 WHERE id = 5;
UPDATE tm SET arr = ARRAY['x'] WHERE id = 505;
UPDATE tm SET id = 5 WHERE id = 505;
UPDATE tm SET big = repeat('q', 6000) WHERE id = 5;
UPDATE tm SET n = -5 WHERE id = 5;
COMMIT;
UPDATE tm SET id = id + 10000 WHERE id BETWEEN 10 AND 60;
UPDATE tm SET id = id - 9999 WHERE id > 10000;
-- step
BEGIN;
UPDATE tm2 SET a = a + 1, b = b || '_' WHERE a < 10;
UPDATE tm2 SET n = n * 10 WHERE a = 5;
UPDATE tm2 SET b = rtrim(b, '_'), a = a - 1 WHERE a BETWEEN 3 AND 6 AND b LIKE '%\_';
DELETE FROM tm2 WHERE a = 8;
UPDATE tm2 SET b = 'k7' WHERE b = 'k6_';
COMMIT;
BEGIN;
SAVEPOINT a;
UPDATE tm2 SET a = 900 WHERE b = 'k20';
ROLLBACK TO a;
UPDATE tm2 SET n = 2020 WHERE b = 'k20';
UPDATE tm2 SET b = 'k21', a = 20 WHERE b = 'k20';
COMMIT;
