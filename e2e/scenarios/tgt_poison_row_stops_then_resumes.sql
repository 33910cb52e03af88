-- behaviour: a unique constraint that exists only on the target rejects a row: the task stops with the offending table, key, position and error; after the operator removes the obstacle it resumes without loss or reordering; an explicit skip of exactly one transaction is possible
-- mode: ignore-existing
-- tables: public.poi, public.poi_other
-- expect: stop: constraint-violation public.poi after step 1; resumes after step 2
-- expect: equal
-- setup
CREATE TABLE poi (id int PRIMARY KEY, code text);
CREATE TABLE poi_other (id int PRIMARY KEY);
-- target
CREATE TABLE poi (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE poi_other (id int PRIMARY KEY);
-- load
INSERT INTO poi VALUES (1, 'a');
-- live
BEGIN;
INSERT INTO poi VALUES (2, 'a');
INSERT INTO poi_other VALUES (2);
COMMIT;
INSERT INTO poi VALUES (3, 'c');
INSERT INTO poi_other VALUES (3);
-- step
-- session: target
ALTER TABLE poi DROP CONSTRAINT poi_code_key;
-- session: main
INSERT INTO poi_other VALUES (4);
