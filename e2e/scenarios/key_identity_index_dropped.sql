-- behaviour: the index that tells rows apart is dropped while rows flow: they are told apart by all columns from then on, and by a new key when there is one
-- needs: ddl-sync
-- tables: public.kd
-- setup
CREATE TABLE kd (a int NOT NULL, b text);
CREATE UNIQUE INDEX kd_a ON kd (a);
-- load
INSERT INTO kd SELECT g, 'l' FROM generate_series(1, 20) g;
-- live
UPDATE kd SET b = 'u' WHERE a < 5;
DROP INDEX kd_a;
UPDATE kd SET b = 'v' WHERE a < 3;
INSERT INTO kd SELECT * FROM kd WHERE a > 18;
DELETE FROM kd WHERE ctid IN (SELECT ctid FROM kd WHERE a = 19 LIMIT 1);
-- step
BEGIN;
DELETE FROM kd WHERE ctid IN (SELECT ctid FROM kd WHERE a = 20 LIMIT 1);
ALTER TABLE kd ADD PRIMARY KEY (a);
UPDATE kd SET a = a + 100 WHERE a > 10;
COMMIT;
DELETE FROM kd WHERE a = 105;
UPDATE kd SET b = 'w' WHERE a = 115;
