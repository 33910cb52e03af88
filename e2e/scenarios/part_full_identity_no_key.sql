-- behaviour: partitioned table without key under REPLICA IDENTITY FULL on each leaf, with duplicates and movement between leaves
-- needs: pg>=11
-- tables: public.pf
-- setup
CREATE TABLE pf (u bigint, v1 int, v2 int) PARTITION BY RANGE (v1);
CREATE TABLE pf_0 PARTITION OF pf FOR VALUES FROM (0) TO (10);
CREATE TABLE pf_1 PARTITION OF pf FOR VALUES FROM (10) TO (20);
ALTER TABLE pf REPLICA IDENTITY FULL;
ALTER TABLE pf_0 REPLICA IDENTITY FULL;
ALTER TABLE pf_1 REPLICA IDENTITY FULL;
-- load
INSERT INTO pf SELECT g % 10, g % 20, g FROM generate_series(0, 100) g;
INSERT INTO pf SELECT 1, 1, 1 FROM generate_series(1, 3);
-- live
UPDATE pf SET v1 = 0 WHERE u = 4;
DELETE FROM pf WHERE u = 1 AND v1 = 1;
DELETE FROM pf WHERE u = 2 AND v1 = 12;
-- step
UPDATE pf SET v1 = 19 - v1;
