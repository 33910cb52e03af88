-- behaviour: sessions hold tables in ACCESS EXCLUSIVE mode, truncate, write and alter them while the job begins and loads: each table comes once, with what was committed
-- needs: ddl-sync
-- tables: public.lk_a, public.lk_b, public.lk_c
-- setup
CREATE TABLE lk_a (id int PRIMARY KEY, v text);
CREATE TABLE lk_b (id int PRIMARY KEY, v text);
CREATE TABLE lk_c (v text);
-- load
INSERT INTO lk_a SELECT g, 'l' FROM generate_series(1, 3000) g;
INSERT INTO lk_b SELECT g, 'l' FROM generate_series(1, 3000) g;
INSERT INTO lk_c SELECT 'l' || g % 10 FROM generate_series(1, 500) g;
-- during
-- session: a
BEGIN;
LOCK TABLE lk_a IN ACCESS EXCLUSIVE MODE;
UPDATE lk_a SET v = 'locked' WHERE id % 2 = 0;
-- session: b
BEGIN;
LOCK TABLE lk_b, lk_c IN ACCESS EXCLUSIVE MODE;
TRUNCATE lk_b;
INSERT INTO lk_b SELECT g, 'fresh' FROM generate_series(2000, 4000) g;
ALTER TABLE lk_b ADD w int DEFAULT 3;
DELETE FROM lk_c WHERE v = 'l3';
-- session: main
SELECT pg_sleep(1.5);
-- session: a
DELETE FROM lk_a WHERE id > 2900;
COMMIT;
-- session: main
UPDATE lk_a SET v = v || '+' WHERE id < 100;
-- session: b
ALTER TABLE lk_c ADD n int;
UPDATE lk_c SET n = 1 WHERE v = 'l4';
COMMIT;
-- live
UPDATE lk_b SET w = 4 WHERE id < 2010;
INSERT INTO lk_c VALUES ('last', 9);
UPDATE lk_a SET id = -id WHERE id < 10;
