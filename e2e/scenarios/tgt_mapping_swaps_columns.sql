-- behaviour: a mapping that exchanges the names of two columns, and of two tables, carries every kind of change to the right one
-- map: public.ms -> public.ms2 (id -> n, n -> id, big -> "Big one")
-- map: public.ms2 -> public.ms (v -> w)
-- tables: public.ms, public.ms2
-- setup
CREATE TABLE ms (id int PRIMARY KEY, n int, big text, UNIQUE (n));
CREATE TABLE ms2 (v text, x int);
-- load
INSERT INTO ms SELECT g, 100 + g, repeat(md5(g::text), 200) FROM generate_series(1, 20) g;
INSERT INTO ms2 SELECT 'v' || g % 3, g % 2 FROM generate_series(1, 20) g;
-- live
UPDATE ms SET n = n + 1000 WHERE id < 5;
UPDATE ms SET id = id + 50 WHERE id > 15;
BEGIN; UPDATE ms SET n = -1 WHERE id = 1; UPDATE ms SET n = 1001 WHERE id = 2; UPDATE ms SET n = 1002 WHERE id = 1; COMMIT;
DELETE FROM ms WHERE n = 110;
UPDATE ms2 SET x = 5 WHERE v = 'v1' AND x = 1;
DELETE FROM ms2 WHERE ctid IN (SELECT ctid FROM ms2 WHERE v = 'v2' LIMIT 2);
-- step
BEGIN; INSERT INTO ms VALUES (900, 900, 'x'); TRUNCATE ms2; INSERT INTO ms2 VALUES ('after', 1); UPDATE ms SET id = 901 WHERE id = 900; COMMIT;
