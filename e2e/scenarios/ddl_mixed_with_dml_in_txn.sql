-- behaviour: DDL and DML of the same table interleaved in one transaction, also with part of it rolled back to a savepoint
-- needs: ddl-sync
-- tables: public.mx
-- setup
CREATE TABLE mx (a int PRIMARY KEY, b text);
-- load
INSERT INTO mx VALUES (1, 'foo'), (2, 'bar');
-- live
BEGIN;
INSERT INTO mx VALUES (3, 'three');
ALTER TABLE mx ADD COLUMN c int;
SAVEPOINT s1;
INSERT INTO mx VALUES (4, 'four', -4);
COMMIT;
-- step
BEGIN;
INSERT INTO mx SELECT g, md5(g::text), -g FROM generate_series(5, 1000) g;
ALTER TABLE mx ADD COLUMN d int;
SAVEPOINT s1;
INSERT INTO mx SELECT g, md5(g::text), -g, 2 * g FROM generate_series(1001, 2000) g;
COMMIT;
-- step
BEGIN;
INSERT INTO mx VALUES (3000, 'pre');
SAVEPOINT s1;
ALTER TABLE mx ADD COLUMN e int;
INSERT INTO mx VALUES (3001, 'undone', 1, 1, 1);
ALTER TABLE mx DROP COLUMN c;
INSERT INTO mx VALUES (3002, 'undone', 1, 1);
ROLLBACK TO s1;
INSERT INTO mx VALUES (3001, 'kept', 7, 7);
ALTER TABLE mx DROP COLUMN d;
UPDATE mx SET b = 'end' WHERE a = 1;
COMMIT;
