-- behaviour: a partition is detached while the target's of that name has other bounds: it would take rows along that are not its own; the job halts before, and goes on once the bounds are the source's
-- needs: pg>=13
-- mode: ignore-existing
-- tables: public.lay, public.lay_2
-- expect: stop: structure-changed public.lay_2 after step 1; resumes after step 2
-- expect: equal
-- setup
CREATE TABLE lay (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE lay_1 PARTITION OF lay FOR VALUES IN (1, 2, 3);
CREATE TABLE lay_2 PARTITION OF lay FOR VALUES IN (4, 5, 6);
-- target
CREATE TABLE lay (a int PRIMARY KEY, b text) PARTITION BY LIST (a);
CREATE TABLE lay_1 PARTITION OF lay FOR VALUES IN (1, 2);
CREATE TABLE lay_2 PARTITION OF lay FOR VALUES IN (3, 4, 5, 6);
-- load
INSERT INTO lay SELECT g, 'x' FROM generate_series(1, 6) g;
-- live
ALTER TABLE lay DETACH PARTITION lay_2;
UPDATE lay SET b = 'y' WHERE a = 3;
INSERT INTO lay_2 VALUES (8, 'z');
-- step
-- session: target
BEGIN;
ALTER TABLE lay DETACH PARTITION lay_1;
ALTER TABLE lay DETACH PARTITION lay_2;
INSERT INTO lay_1 SELECT * FROM lay_2 WHERE a = 3;
DELETE FROM lay_2 WHERE a = 3;
ALTER TABLE lay ATTACH PARTITION lay_1 FOR VALUES IN (1, 2, 3);
ALTER TABLE lay ATTACH PARTITION lay_2 FOR VALUES IN (4, 5, 6);
COMMIT;
-- session: main
INSERT INTO lay VALUES (2, 'q') ON CONFLICT (a) DO UPDATE SET b = 'q';
