-- behaviour: while a table with large values is loaded every row is updated several times, keys are exchanged end to end, and unchanged values stay
-- tables: public.lu
-- setup
CREATE TABLE lu (id int PRIMARY KEY, n int DEFAULT 0, t text, seat int UNIQUE DEFERRABLE);
ALTER TABLE lu ALTER t SET STORAGE EXTERNAL;
-- load
INSERT INTO lu SELECT g, 0, repeat(md5(g::text), 70), g FROM generate_series(1, 20000) g;
-- during
UPDATE lu SET n = n + 1;
UPDATE lu SET id = -id WHERE id % 2 = 0;
UPDATE lu SET n = n + 1 WHERE id < 0;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE lu SET seat = 20001 - seat;
COMMIT;
UPDATE lu SET id = 50001 - id WHERE id < 0 AND id % 4 = 0;
UPDATE lu SET id = -id WHERE id < 0 AND id % 4 = -2;
DELETE FROM lu WHERE id % 5 = 0;
INSERT INTO lu SELECT g, 7, 'new', NULL FROM generate_series(30000, 31000) g;
UPDATE lu SET t = 'short' WHERE id % 7 = 0;
-- live
UPDATE lu SET n = n + 1 WHERE id % 3 = 0;
DELETE FROM lu WHERE id > 25000;
