-- behaviour: truncate of several tables linked by foreign keys, by list and by CASCADE; order against row events of the same tables in other topics
-- needs: pg>=11
-- tables: public.tp, public.tc, public.tcc, public.tother
-- setup
CREATE TABLE tp (id int PRIMARY KEY);
CREATE TABLE tc (id int PRIMARY KEY, p int REFERENCES tp);
CREATE TABLE tcc (id int PRIMARY KEY, c int REFERENCES tc);
CREATE TABLE tother (id int PRIMARY KEY);
-- load
INSERT INTO tp SELECT generate_series(1, 10);
INSERT INTO tc SELECT g, g FROM generate_series(1, 10) g;
INSERT INTO tcc SELECT g, g FROM generate_series(1, 10) g;
INSERT INTO tother SELECT generate_series(1, 10);
-- live
TRUNCATE tp, tc, tcc;
INSERT INTO tp VALUES (1);
INSERT INTO tc VALUES (1, 1);
-- step
BEGIN;
INSERT INTO tp VALUES (2);
TRUNCATE tp CASCADE;
DELETE FROM tother WHERE id > 5;
INSERT INTO tp VALUES (3);
INSERT INTO tc VALUES (3, 3);
INSERT INTO tcc VALUES (3, 3);
COMMIT;
