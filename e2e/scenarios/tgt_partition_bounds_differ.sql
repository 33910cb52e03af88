-- behaviour: partitions that are emptied alone, where the target's of that name have other bounds, or it has none and the source is divided by hash: exactly the rows that they held on the source go
-- needs: pg>=13
-- mode: ignore-existing
-- tables: public.shifted, public.hashed, public.nested
-- setup
CREATE TABLE shifted (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE shifted_1 PARTITION OF shifted FOR VALUES FROM (0) TO (10);
CREATE TABLE shifted_2 PARTITION OF shifted FOR VALUES FROM (10) TO (20);
CREATE TABLE hashed (a int PRIMARY KEY, b text) PARTITION BY HASH (a);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE nested (a int, b text, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
CREATE TABLE nested_1 PARTITION OF nested FOR VALUES IN (1) PARTITION BY HASH (b);
CREATE TABLE nested_1_0 PARTITION OF nested_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE nested_1_1 PARTITION OF nested_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE nested_2 PARTITION OF nested FOR VALUES IN (2);
-- target
CREATE TABLE shifted (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE shifted_1 PARTITION OF shifted FOR VALUES FROM (0) TO (15);
CREATE TABLE shifted_2 PARTITION OF shifted FOR VALUES FROM (15) TO (30);
CREATE TABLE hashed (a int PRIMARY KEY, b text);
CREATE TABLE nested (a int, b text, PRIMARY KEY (a, b));
-- load
INSERT INTO shifted SELECT g, 'x' FROM generate_series(1, 19) g;
INSERT INTO hashed SELECT g, 'x' FROM generate_series(1, 20) g;
INSERT INTO nested SELECT 1 + g % 2, 'x' || g FROM generate_series(1, 40) g;
-- live
TRUNCATE shifted_1;
INSERT INTO shifted VALUES (3, 'again');
INSERT INTO hashed SELECT g, 'y' FROM generate_series(21, 30) g;
TRUNCATE hashed_0;
INSERT INTO hashed SELECT g, 'z' FROM generate_series(31, 40) g;
TRUNCATE hashed_0;
TRUNCATE nested_1_1;
UPDATE nested SET b = b || 'z' WHERE a = 1;
