-- behaviour: a unique index over a column that may be NULL becomes what rows are told apart by when the column is set NOT NULL, and stops being it when it may be NULL again; NULLs and equal rows in between
-- needs: ddl-sync
-- tables: public.kn
-- setup
CREATE TABLE kn (a int NOT NULL, b text, v int, UNIQUE (a, b));
-- load
INSERT INTO kn VALUES (1, 'x', 1), (1, NULL, 1), (1, NULL, 1), (1, NULL, 2), (2, 'y', 1);
-- live
UPDATE kn SET v = v + 10 WHERE ctid = (SELECT min(ctid) FROM kn WHERE b IS NULL AND v = 1);
DELETE FROM kn WHERE ctid = (SELECT max(ctid) FROM kn WHERE b IS NULL AND v < 3);
-- step
BEGIN;
UPDATE kn SET b = 'n' || v WHERE b IS NULL;
ALTER TABLE kn ALTER b SET NOT NULL;
UPDATE kn SET v = v * 2;
UPDATE kn SET b = b || '!' WHERE a = 1;
COMMIT;
UPDATE kn SET a = a + 100 WHERE b = 'y';
-- step
ALTER TABLE kn ALTER b DROP NOT NULL;
UPDATE kn SET b = NULL WHERE a = 1;
INSERT INTO kn VALUES (1, NULL, 22), (1, NULL, 22);
UPDATE kn SET v = 0 WHERE ctid = (SELECT min(ctid) FROM kn WHERE v = 22);
DELETE FROM kn WHERE ctid = (SELECT max(ctid) FROM kn WHERE v = 22);
