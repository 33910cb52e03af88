-- behaviour: what was detached from a table that the target does not divide comes back, with other rows: the target's table has them again
-- mode: ignore-existing
-- needs: ddl-sync; pg>=12
-- tables: public.bw
-- setup
CREATE TABLE bw (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE bw_1 PARTITION OF bw FOR VALUES IN (1, 2, 3);
CREATE TABLE bw_2 PARTITION OF bw FOR VALUES IN (4, 5, 6);
-- target
CREATE TABLE bw (a int PRIMARY KEY, b text);
-- load
INSERT INTO bw SELECT g, 'x' FROM generate_series(1, 6) g;
-- live
ALTER TABLE bw DETACH PARTITION bw_2;
DELETE FROM bw_2 WHERE a = 5;
UPDATE bw_2 SET b = 'y';
-- step
ALTER TABLE bw ATTACH PARTITION bw_2 FOR VALUES IN (4, 5, 6);
INSERT INTO bw VALUES (5, 'back');
-- step
ALTER TABLE bw DETACH PARTITION bw_1;
DROP TABLE bw_1;
CREATE TABLE bw_1 PARTITION OF bw FOR VALUES IN (1, 2, 3);
INSERT INTO bw VALUES (1, 'anew');
