-- behaviour: large insert followed by small updates in the same transaction and in the next ones; an applier that collapses events per key must merge "unchanged" with the earlier value
-- tables: public.tsc
-- setup
CREATE TABLE tsc (id int PRIMARY KEY, a int, d1 text, d2 text);
ALTER TABLE tsc ALTER d1 SET STORAGE EXTERNAL, ALTER d2 SET STORAGE EXTERNAL;
-- load
INSERT INTO tsc VALUES (1, 0, repeat('one', 5000), repeat('two', 5000));
-- live
BEGIN;
INSERT INTO tsc VALUES (2, 0, repeat('abc', 5000), repeat('def', 5000));
UPDATE tsc SET a = 1 WHERE id = 2;
UPDATE tsc SET d1 = repeat('new', 5000) WHERE id = 2;
UPDATE tsc SET a = 2 WHERE id = 2;
UPDATE tsc SET d2 = NULL WHERE id = 1;
UPDATE tsc SET a = 5 WHERE id = 1;
COMMIT;
UPDATE tsc SET a = 3 WHERE id = 2;
UPDATE tsc SET d2 = repeat('zz', 9000) WHERE id = 1;
UPDATE tsc SET a = 6 WHERE id = 1;
-- step
BEGIN;
DELETE FROM tsc WHERE id = 2;
INSERT INTO tsc VALUES (2, 10, repeat('r', 12000), NULL);
UPDATE tsc SET a = 11 WHERE id = 2;
COMMIT;
