-- behaviour: foreign keys between partitioned tables of other column orders, to itself and by several columns: cascades across partitions, SET NULL of some columns, moved keys, partitions that are detached and attached on either side
-- needs: pg>=15; ddl-sync
-- tables: public.pf_a, public.pf_b, public.pf_t, public.pf_a2
-- setup
CREATE TABLE pf_a (id int, r int, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE pf_a1 PARTITION OF pf_a FOR VALUES IN (1);
CREATE TABLE pf_a2 (v text, r int NOT NULL, x int, id int NOT NULL);
ALTER TABLE pf_a2 DROP x;
ALTER TABLE pf_a ATTACH PARTITION pf_a2 FOR VALUES IN (2);
CREATE TABLE pf_a3 PARTITION OF pf_a FOR VALUES IN (3);
CREATE TABLE pf_b (k int, ar int, aid int, big text, FOREIGN KEY (aid, ar) REFERENCES pf_a ON UPDATE CASCADE ON DELETE SET NULL (aid) DEFERRABLE) PARTITION BY RANGE (k);
CREATE TABLE pf_b1 (big text, aid int, ar int, k int NOT NULL);
ALTER TABLE pf_b ATTACH PARTITION pf_b1 FOR VALUES FROM (0) TO (100);
CREATE TABLE pf_b2 PARTITION OF pf_b DEFAULT;
CREATE TABLE pf_t (id int PRIMARY KEY, up int REFERENCES pf_t ON DELETE CASCADE ON UPDATE CASCADE, v text) PARTITION BY HASH (id);
CREATE TABLE pf_t0 PARTITION OF pf_t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pf_t1 PARTITION OF pf_t FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- load
INSERT INTO pf_a SELECT g, 1 + g % 3, 'a' FROM generate_series(1, 30) g;
INSERT INTO pf_b SELECT g * 7, 1 + g % 3, g, (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 200) i) FROM generate_series(1, 30) g;
INSERT INTO pf_t SELECT g, nullif(g / 2, 0), 't' FROM generate_series(1, 30) g;
-- live
UPDATE pf_a SET id = id + 100 WHERE id < 6;
DELETE FROM pf_a WHERE id BETWEEN 7 AND 9;
UPDATE pf_t SET id = id + 50 WHERE id IN (2, 5);
DELETE FROM pf_t WHERE id = 3;
-- step
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM pf_a WHERE id = 12;
INSERT INTO pf_a VALUES (12, 1, 'again');
COMMIT;
DELETE FROM pf_b WHERE ar = 3;
ALTER TABLE pf_a DETACH PARTITION pf_a3;
INSERT INTO pf_a3 VALUES (500, 3, 'loose');
UPDATE pf_b SET k = k + 1000 WHERE k BETWEEN 50 AND 99;
ALTER TABLE pf_b DETACH PARTITION pf_b1;
DELETE FROM pf_a WHERE id = 15;
UPDATE pf_b1 SET k = k + 1;
ALTER TABLE pf_b ATTACH PARTITION pf_b1 FOR VALUES FROM (0) TO (100);
ALTER TABLE pf_a ATTACH PARTITION pf_a3 FOR VALUES IN (3, 4);
UPDATE pf_a SET id = id + 1000 WHERE r = 1;
-- step
TRUNCATE pf_a2 CASCADE;
INSERT INTO pf_a VALUES (900, 2, 'x');
INSERT INTO pf_b VALUES (1, 2, 900, 'y');
UPDATE pf_a SET id = 901 WHERE id = 900;
