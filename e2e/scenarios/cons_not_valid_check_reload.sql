-- behaviour: a table whose rows break a NOT VALID check is loaded again: the rows come, the check is there as on the source, and goes with VALIDATE
-- needs: ddl-sync
-- tables: public.nvr, public.nvr_bag, public.nvr_p
-- expect: equal
-- expect: target: SELECT string_agg(conrelid::regclass || '.' || conname || ' ' || convalidated, ', ' ORDER BY conrelid::regclass::text, conname) FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text LIKE 'public.nvr%' => public.nvr.nvr_ck true, public.nvr_bag.bag_ck false, public.nvr_p.p_ck false, public.nvr_p1.p_ck false
-- setup
CREATE TABLE nvr (id int PRIMARY KEY, q int, t text);
CREATE TABLE nvr_bag (q int, t text);
CREATE TABLE nvr_p (id int PRIMARY KEY, q int) PARTITION BY RANGE (id);
CREATE TABLE nvr_p1 PARTITION OF nvr_p FOR VALUES FROM (0) TO (100);
-- load
INSERT INTO nvr SELECT g, g - 3, 'old' FROM generate_series(1, 6) g;
INSERT INTO nvr_bag SELECT g - 3, 'old' FROM generate_series(1, 6) g;
INSERT INTO nvr_p SELECT g, g - 3 FROM generate_series(1, 6) g;
ALTER TABLE nvr ADD CONSTRAINT nvr_ck CHECK (q > 0) NOT VALID;
ALTER TABLE nvr_bag ADD CONSTRAINT bag_ck CHECK (q > 0) NOT VALID;
ALTER TABLE nvr_p ADD CONSTRAINT p_ck CHECK (q > 0) NOT VALID;
-- live
INSERT INTO nvr VALUES (7, 7, 'new');
ALTER TABLE nvr ADD r float8 DEFAULT random();
ALTER TABLE nvr_bag ADD r float8 DEFAULT random();
ALTER TABLE nvr_p ADD r float8 DEFAULT random();
UPDATE nvr SET t = 'touched' WHERE q > 0;
-- step
DELETE FROM nvr WHERE q = -1;
BEGIN;
UPDATE nvr SET q = 1 WHERE q < 1;
ALTER TABLE nvr VALIDATE CONSTRAINT nvr_ck;
COMMIT;
INSERT INTO nvr VALUES (8, 8, 'valid', 0);
