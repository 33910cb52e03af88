-- behaviour: net-zero and re-created rows inside one transaction: insert+delete, insert+delete+insert, delete+insert, update+update+delete
-- tables: public.nz
-- setup
CREATE TABLE nz (id int PRIMARY KEY, v text, w text);
-- load
INSERT INTO nz VALUES (1, 'keep', 'w1'), (2, 'replace me', 'w2'), (3, 'kill', 'w3');
-- live
BEGIN;
INSERT INTO nz VALUES (10, 'ghost', NULL);
DELETE FROM nz WHERE id = 10;
INSERT INTO nz VALUES (11, 'first', NULL);
DELETE FROM nz WHERE id = 11;
INSERT INTO nz VALUES (11, 'second', 's');
DELETE FROM nz WHERE id = 2;
INSERT INTO nz VALUES (2, 'replaced', NULL);
UPDATE nz SET v = 'a' WHERE id = 3;
UPDATE nz SET v = 'b' WHERE id = 3;
DELETE FROM nz WHERE id = 3;
COMMIT;
-- step
BEGIN;
DELETE FROM nz;
INSERT INTO nz VALUES (1, 'back', DEFAULT);
UPDATE nz SET id = 2 WHERE id = 1;
COMMIT;
