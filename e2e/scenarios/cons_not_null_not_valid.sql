-- behaviour: NOT NULL constraints that are NOT VALID: rows with NULL are loaded, loaded again, and gone when it is validated
-- needs: pg>=18; ddl-sync
-- tables: public.n18, public.n18_p
-- expect: equal
-- expect: target: SELECT count(*) FROM pg_constraint WHERE conrelid = 'public.n18'::regclass AND contype = 'n' AND NOT convalidated => 0
-- setup
CREATE TABLE n18 (id int PRIMARY KEY, v text);
CREATE TABLE n18_p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE n18_p1 PARTITION OF n18_p FOR VALUES FROM (0) TO (100);
-- load
INSERT INTO n18 VALUES (1, NULL), (2, 'x');
INSERT INTO n18_p VALUES (1, NULL), (2, 'x');
ALTER TABLE n18 ADD CONSTRAINT n18_nn NOT NULL v NOT VALID;
ALTER TABLE n18_p ADD CONSTRAINT n18p_nn NOT NULL v NOT VALID;
-- live
INSERT INTO n18 VALUES (3, 'y');
ALTER TABLE n18 ADD r float8 DEFAULT random();
ALTER TABLE n18_p ADD r float8 DEFAULT random();
-- step
UPDATE n18 SET v = 'mended' WHERE v IS NULL;
ALTER TABLE n18 VALIDATE CONSTRAINT n18_nn;
INSERT INTO n18 VALUES (4, 'z');
