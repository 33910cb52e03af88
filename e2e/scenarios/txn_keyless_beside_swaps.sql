-- behaviour: equal rows of a table without a key change in chains within the transaction in which unique values of a keyed one change hands, and both are truncated: each as often as on the source
-- tables: public.bs_bag, public.bs_key
-- setup
CREATE TABLE bs_bag (a int, b text, j json);
CREATE TABLE bs_key (id int PRIMARY KEY, u int UNIQUE, big text);
-- load
INSERT INTO bs_bag SELECT g % 3, 'l', '{"a": 1}' FROM generate_series(1, 12) g;
INSERT INTO bs_key SELECT g, g, repeat(md5(g::text), 200) FROM generate_series(1, 20) g;
-- live
BEGIN;
UPDATE bs_bag SET a = 1 WHERE a = 0;
UPDATE bs_key SET u = -1 WHERE id = 1; UPDATE bs_key SET u = 1 WHERE id = 2; UPDATE bs_key SET u = 2 WHERE id = 1;
UPDATE bs_bag SET a = 2 WHERE ctid IN (SELECT ctid FROM bs_bag WHERE a = 1 LIMIT 5);
DELETE FROM bs_bag WHERE ctid IN (SELECT ctid FROM bs_bag WHERE a = 2 LIMIT 2);
INSERT INTO bs_bag SELECT * FROM bs_bag WHERE a = 1;
UPDATE bs_bag SET j = '{"a":1}' WHERE a = 1;
UPDATE bs_bag SET j = '{"a": 1}' WHERE ctid IN (SELECT ctid FROM bs_bag WHERE a = 1 LIMIT 1);
UPDATE bs_key SET id = id + 100, u = u + 1000 WHERE id > 10; UPDATE bs_key SET u = u - 990 WHERE id > 100;
COMMIT;
-- step
BEGIN;
INSERT INTO bs_bag VALUES (9, 'before', NULL), (9, 'before', NULL);
DELETE FROM bs_key WHERE id = 1; INSERT INTO bs_key VALUES (500, 2, 'x'); UPDATE bs_key SET u = 20 + u WHERE id > 500;
TRUNCATE bs_bag, bs_key;
INSERT INTO bs_bag VALUES (9, 'before', NULL), (8, 'behind', NULL), (8, 'behind', NULL);
INSERT INTO bs_key VALUES (1, 1, 'a'), (2, 2, 'b'); UPDATE bs_key SET u = 3 WHERE id = 1; UPDATE bs_key SET u = 1 WHERE id = 2; UPDATE bs_key SET u = 2 WHERE id = 1;
DELETE FROM bs_bag WHERE ctid IN (SELECT ctid FROM bs_bag WHERE a = 8 LIMIT 1);
COMMIT;
