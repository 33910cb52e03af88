-- behaviour: partitions are dropped whose rows the target keeps elsewhere, in tables of its own that are divided otherwise or not at all: exactly the rows that they held on the source go
-- needs: pg>=13
-- mode: ignore-existing
-- tables: public.lists, public.shifted, public.nested
-- setup
CREATE TABLE lists (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE lists_1 PARTITION OF lists FOR VALUES IN (1, 2, 3);
CREATE TABLE lists_2 PARTITION OF lists FOR VALUES IN (4, 5, 6);
CREATE TABLE lists_other PARTITION OF lists DEFAULT;
CREATE TABLE shifted (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE shifted_1 PARTITION OF shifted FOR VALUES FROM (0) TO (10);
CREATE TABLE shifted_2 PARTITION OF shifted FOR VALUES FROM (10) TO (20);
CREATE TABLE nested (a int, b text, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
CREATE TABLE nested_1 PARTITION OF nested FOR VALUES IN (1) PARTITION BY HASH (b);
CREATE TABLE nested_1_0 PARTITION OF nested_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE nested_1_1 PARTITION OF nested_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE nested_2 PARTITION OF nested FOR VALUES IN (2);
-- target
CREATE TABLE lists (a int PRIMARY KEY, b text);
CREATE TABLE shifted (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE shifted_1 PARTITION OF shifted FOR VALUES FROM (0) TO (5);
CREATE TABLE shifted_2 PARTITION OF shifted FOR VALUES FROM (5) TO (30);
CREATE TABLE nested (a int, b text, PRIMARY KEY (a, b));
-- load
INSERT INTO lists SELECT g, 'x' FROM generate_series(1, 9) g;
INSERT INTO shifted SELECT g, 'x' FROM generate_series(1, 19) g;
INSERT INTO nested SELECT 1 + g % 2, 'x' || g FROM generate_series(1, 40) g;
-- live
DROP TABLE shifted_2;
UPDATE shifted SET b = 'y' WHERE a = 7;
DROP TABLE lists_1;
BEGIN; INSERT INTO lists VALUES (70, 'y'); DROP TABLE lists_other; UPDATE lists SET b = 'z' WHERE a = 5; COMMIT;
DROP TABLE nested_1_1;
UPDATE nested SET b = b || 'z' WHERE a = 2;
DROP TABLE nested_1;
