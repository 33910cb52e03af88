-- behaviour: a row missing on the target heals when it is updated
-- tables: public.m
-- expect: equal
-- setup
CREATE TABLE m (id int PRIMARY KEY, v text, big text);
-- load
INSERT INTO m SELECT g, 'v', repeat(md5(g::text), 300) FROM generate_series(1, 20) g;
-- live
-- session: target
DELETE FROM m WHERE id IN (3, 4);
-- session: main
UPDATE m SET v = 'w' WHERE id = 3;
UPDATE m SET v = 'w', big = 'small' WHERE id = 4;
