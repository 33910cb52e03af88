-- behaviour: truncate of a leaf, of a root, cascade
-- needs: pg>=12
-- tables: public.tc, public.tk
-- expect: equal
-- setup
CREATE TABLE tc (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE tc1 PARTITION OF tc FOR VALUES FROM (0) TO (100);
CREATE TABLE tc2 PARTITION OF tc FOR VALUES FROM (100) TO (200);
CREATE TABLE tk (id int PRIMARY KEY, r int REFERENCES tc ON DELETE CASCADE);
-- load
INSERT INTO tc SELECT g, g FROM generate_series(0, 199) g;
INSERT INTO tk SELECT g, g FROM generate_series(0, 199) g;
-- live
DELETE FROM tc WHERE id < 10;
TRUNCATE tk;
TRUNCATE tc1 CASCADE;
INSERT INTO tc VALUES (5, 5);
INSERT INTO tk VALUES (1, 5);
-- step
TRUNCATE tc CASCADE;
INSERT INTO tc VALUES (150, 1);
