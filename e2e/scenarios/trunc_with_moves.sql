-- behaviour: TRUNCATE among key moves, large values and rows of other tables in one transaction, taken back by savepoints, of partitions between row movements, of tables that reference each other
-- needs: pg>=12
-- tables: public.tm, public.tn, public.tq
-- setup
CREATE TABLE tm (id int PRIMARY KEY, v text);
CREATE TABLE tn (id int PRIMARY KEY, m int REFERENCES tm, v text);
CREATE TABLE tq (id int, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE tq_1 PARTITION OF tq FOR VALUES IN (1);
CREATE TABLE tq_2 PARTITION OF tq FOR VALUES IN (2);
-- load
INSERT INTO tm SELECT g, repeat(md5(g::text), 200) FROM generate_series(1, 20) g;
INSERT INTO tn SELECT g, g, 'n' FROM generate_series(1, 20) g;
INSERT INTO tq SELECT g, g % 2 + 1, 'q' FROM generate_series(1, 20) g;
-- live
BEGIN;
UPDATE tm SET id = id + 100 WHERE id > 20;
DELETE FROM tn WHERE id = 5;
SAVEPOINT a;
TRUNCATE tm CASCADE;
INSERT INTO tm VALUES (1, 'lost');
ROLLBACK TO a;
UPDATE tm SET v = v WHERE id = 5;
UPDATE tm SET id = 105 WHERE id = 5;
COMMIT;
BEGIN;
UPDATE tq SET k = 3 - k WHERE id <= 10;
TRUNCATE tq_1;
UPDATE tq SET k = 1 WHERE id <= 4;
INSERT INTO tq VALUES (100, 2, 'r');
TRUNCATE tq_2;
INSERT INTO tq VALUES (101, 2, 'r'), (101, 1, 'r');
COMMIT;
-- step
BEGIN;
INSERT INTO tm VALUES (500, 'x');
TRUNCATE tm, tn;
INSERT INTO tm VALUES (500, 'y');
INSERT INTO tn VALUES (1, 500, 'n');
UPDATE tm SET id = 501 WHERE false;
TRUNCATE tn;
INSERT INTO tn VALUES (1, 500, 'm');
COMMIT;
TRUNCATE tq;
INSERT INTO tq VALUES (1, 1, 'end');
