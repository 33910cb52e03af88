-- behaviour: no key, REPLICA IDENTITY FULL, identical rows: an update or delete of one physical row must touch exactly one copy on the target
-- tables: public.bag
-- setup
CREATE TABLE bag (x int, t text);
ALTER TABLE bag REPLICA IDENTITY FULL;
-- load
INSERT INTO bag SELECT 7, 'same' FROM generate_series(1, 5);
INSERT INTO bag VALUES (1, 'a'), (2, 'b'), (2, 'b');
-- live
DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag WHERE x = 7);
-- step
UPDATE bag SET t = 'one changed' WHERE ctid = (SELECT min(ctid) FROM bag WHERE x = 7 AND t = 'same');
-- step
UPDATE bag SET x = x * x;
UPDATE bag SET t = 'bb' WHERE t = 'b';
INSERT INTO bag SELECT 4, 'bb' FROM generate_series(1, 3);
DELETE FROM bag WHERE t = 'a';
