-- behaviour: source partitioned by list, target by hash (and a source leaf name absent on the target): rows must be routed through the root
-- needs: pg>=13
-- mode: ignore-existing
-- tables: public.lay
-- setup
CREATE TABLE lay (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE lay_1 PARTITION OF lay FOR VALUES IN (1, 2, 3);
CREATE TABLE lay_2 PARTITION OF lay FOR VALUES IN (4, 5, 6);
-- target
CREATE TABLE lay (a int PRIMARY KEY, b text) PARTITION BY HASH (a);
CREATE TABLE lay_h0 PARTITION OF lay FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE lay_h1 PARTITION OF lay FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- load
INSERT INTO lay VALUES (1, 'x'), (4, 'y');
-- live
INSERT INTO lay VALUES (2, 'z'), (5, 'w');
UPDATE lay SET a = 6 WHERE a = 1;
DELETE FROM lay WHERE a = 4;
TRUNCATE lay_2;
