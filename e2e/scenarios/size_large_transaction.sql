-- behaviour: one transaction of 60 000 row changes, far above logical_decoding_work_mem: spills on the source, must stay bounded in capture and applier, and appear atomically if transactional apply is on
-- tables: public.lt
-- setup
CREATE TABLE lt (id int PRIMARY KEY, v text);
-- load
INSERT INTO lt VALUES (0, 'zero');
-- live
BEGIN;
INSERT INTO lt SELECT g, md5(g::text) FROM generate_series(1, 30000) g;
UPDATE lt SET v = md5(v) WHERE id % 2 = 0;
DELETE FROM lt WHERE id % 3 = 0;
INSERT INTO lt VALUES (-1, 'last');
COMMIT;
-- step
UPDATE lt SET v = 'done' WHERE id = 1;
