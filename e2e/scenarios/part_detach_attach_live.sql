-- behaviour: partitions are created, detached, dropped and attached with data while streaming; attached rows exist without any row event
-- needs: ddl-sync
-- tables: public.pd
-- setup
CREATE TABLE pd (a int PRIMARY KEY, v text) PARTITION BY RANGE (a);
CREATE TABLE pd_1 PARTITION OF pd FOR VALUES FROM (0) TO (10);
-- load
INSERT INTO pd SELECT g, 'v' FROM generate_series(0, 9) g;
-- live
CREATE TABLE pd_2 PARTITION OF pd FOR VALUES FROM (10) TO (20);
INSERT INTO pd SELECT g, 'v' FROM generate_series(10, 19) g;
-- step
CREATE TABLE pd_3 (v text, a int NOT NULL PRIMARY KEY, CHECK (a >= 20 AND a < 30));
INSERT INTO pd_3 (a, v) SELECT g, 'attached' FROM generate_series(20, 29) g;
ALTER TABLE pd ATTACH PARTITION pd_3 FOR VALUES FROM (20) TO (30);
UPDATE pd SET v = 'touched' WHERE a = 25;
-- step
ALTER TABLE pd DETACH PARTITION pd_1;
DROP TABLE pd_2;
INSERT INTO pd VALUES (21, 'x') ON CONFLICT (a) DO UPDATE SET v = 'up';
