-- behaviour: inherited tables whose parent has no key while children have, or the other way round; rows by parent and by child, with equal values in both; ONLY
-- tables: ONLY public.ip, public.ic1, public.ic2
-- setup
CREATE TABLE ip (id int, v text);
CREATE TABLE ic1 (PRIMARY KEY (id), extra int) INHERITS (ip);
CREATE TABLE ic2 (own text) INHERITS (ip);
ALTER TABLE ic2 REPLICA IDENTITY FULL;
ALTER TABLE ip REPLICA IDENTITY FULL;
-- load
INSERT INTO ip SELECT g, 'p' FROM generate_series(1, 5) g;
INSERT INTO ic1 SELECT g, 'p', g FROM generate_series(1, 5) g;
INSERT INTO ic2 SELECT g, 'p', NULL FROM generate_series(1, 5) g;
INSERT INTO ic2 SELECT g, 'p', NULL FROM generate_series(1, 5) g;
-- live
UPDATE ip SET v = 'q' WHERE id = 1;
UPDATE ONLY ip SET v = 'only' WHERE id = 2;
DELETE FROM ip WHERE id = 3;
UPDATE ic2 SET own = 'x' WHERE id = 4;
INSERT INTO ip SELECT * FROM ONLY ip;
-- step
UPDATE ic1 SET id = id + 10;
DELETE FROM ic2 WHERE ctid = (SELECT max(ctid) FROM ic2 WHERE id = 5);
UPDATE ONLY ip SET v = NULL WHERE id = 5;
TRUNCATE ONLY ip;
INSERT INTO ip VALUES (NULL, NULL), (NULL, NULL), (1, NULL);
UPDATE ip SET v = 'n' WHERE id IS NULL;
DELETE FROM ONLY ip WHERE id = 1;
