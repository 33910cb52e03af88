-- behaviour: a partition is detached while the target's table is not divided, or otherwise: its rows leave the table there too and are a table of their own, which goes on by itself and may come back
-- mode: ignore-existing
-- needs: ddl-sync
-- tables: public.dw, public.dw_2, public.dx, public.dx_1
-- setup
CREATE TABLE dw (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE dw_1 PARTITION OF dw FOR VALUES IN (1, 2, 3);
CREATE TABLE dw_2 PARTITION OF dw FOR VALUES IN (4, 5, 6);
CREATE TABLE dx (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE dx_1 PARTITION OF dx FOR VALUES FROM (0) TO (10);
CREATE TABLE dx_2 PARTITION OF dx FOR VALUES FROM (10) TO (20);
-- target
CREATE TABLE dw (a int PRIMARY KEY, b text);
CREATE TABLE dx (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE dx_whole PARTITION OF dx FOR VALUES FROM (0) TO (100);
-- load
INSERT INTO dw SELECT g, 'x' FROM generate_series(1, 6) g;
INSERT INTO dx SELECT g % 20, 'x' FROM generate_series(1, 30) g;
-- live
UPDATE dw SET b = 'y' WHERE a = 4;
ALTER TABLE dw DETACH PARTITION dw_2;
UPDATE dw SET b = 'y' WHERE a = 3;
INSERT INTO dw_2 VALUES (8, 'z');
UPDATE dw_2 SET b = 'own' WHERE a = 5;
BEGIN;
INSERT INTO dx VALUES (5, 'within'), (5, 'within');
ALTER TABLE dx DETACH PARTITION dx_1;
DELETE FROM dx_1 WHERE a = 7;
INSERT INTO dx VALUES (15, 'still');
COMMIT;
-- step
DELETE FROM dw_2 WHERE a = 8;
ALTER TABLE dw_2 ADD n int DEFAULT 3;
UPDATE dw_2 SET n = 4 WHERE a = 6;
INSERT INTO dx_1 VALUES (100, 'anything');
