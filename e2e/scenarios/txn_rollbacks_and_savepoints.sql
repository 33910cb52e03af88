-- behaviour: full rollback, rollback to savepoint, nested savepoints, release then rollback of the outer one, out-of-order subtransaction aborts, all above the decode memory limit
-- tables: public.sp
-- setup
CREATE TABLE sp (a int PRIMARY KEY, b text);
-- load
INSERT INTO sp VALUES (1, 'foo'), (2, 'bar');
-- live
BEGIN;
INSERT INTO sp SELECT g, md5(g::text) FROM generate_series(3, 500) g;
SAVEPOINT s1;
INSERT INTO sp SELECT g, md5(g::text) FROM generate_series(501, 1000) g;
SAVEPOINT s2;
UPDATE sp SET b = 'lost' WHERE a < 100;
ROLLBACK TO s2;
INSERT INTO sp SELECT g, md5(g::text) FROM generate_series(2001, 2500) g;
ROLLBACK TO s1;
INSERT INTO sp SELECT g, md5(g::text) FROM generate_series(2501, 3000) g;
SAVEPOINT s4;
DELETE FROM sp WHERE a % 3 = 0;
RELEASE s4;
COMMIT;
-- step
BEGIN;
INSERT INTO sp SELECT g, 'x' FROM generate_series(4001, 4500) g;
SAVEPOINT s1;
INSERT INTO sp SELECT g, 'x' FROM generate_series(5001, 5500) g;
SAVEPOINT s2;
INSERT INTO sp SELECT g, 'x' FROM generate_series(6001, 6500) g;
SAVEPOINT s3;
INSERT INTO sp SELECT g, 'x' FROM generate_series(7001, 7500) g;
RELEASE s2;
INSERT INTO sp SELECT g, 'x' FROM generate_series(8001, 8500) g;
ROLLBACK TO s1;
COMMIT;
-- step
BEGIN;
INSERT INTO sp SELECT g, 'gone' FROM generate_series(8501, 9500) g;
DELETE FROM sp WHERE a < 500;
ROLLBACK;
UPDATE sp SET b = 'end' WHERE a = 1;
