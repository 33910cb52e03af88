-- behaviour: keys and unique indexes of partitioned tables are made level by level and attached one by one, as pg_dump has it, with foreign keys to them, also to one that a newer partition has a part of; partitions swap names and get other bounds on the way
-- needs: pg>=12; ddl-sync
-- tables: public.pa, public.pr, public.pn, public.pnr
-- expect: equal
-- expect: target: SELECT count(*) FROM pg_index WHERE NOT indisvalid => 0
-- expect: target: SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND convalidated => pnr_fk,pr_fk
-- setup
CREATE TABLE pa (id int NOT NULL, k int NOT NULL, v text) PARTITION BY RANGE (k);
CREATE TABLE pa1 PARTITION OF pa FOR VALUES FROM (0) TO (10);
CREATE TABLE pa2 PARTITION OF pa FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id);
CREATE TABLE pa2a PARTITION OF pa2 DEFAULT;
CREATE TABLE pr (id int PRIMARY KEY, pid int, pk int);
CREATE TABLE pn (id int PRIMARY KEY, k int) PARTITION BY RANGE (id);
CREATE UNIQUE INDEX pn_u ON pn (k, id);
CREATE TABLE pn1 PARTITION OF pn FOR VALUES FROM (0) TO (10);
CREATE TABLE pnr (id int PRIMARY KEY, k int, CONSTRAINT pnr_fk FOREIGN KEY (k, id) REFERENCES pn (k, id));
CREATE TABLE pn2 PARTITION OF pn FOR VALUES FROM (10) TO (20);
-- load
INSERT INTO pa SELECT g, g % 20, 'l' FROM generate_series(1, 60) g;
INSERT INTO pr SELECT g, g, g % 20 FROM generate_series(1, 60) g;
INSERT INTO pn SELECT g, g FROM generate_series(1, 19) g;
INSERT INTO pnr SELECT g, g FROM generate_series(1, 19) g;
-- live
BEGIN;
UPDATE pa SET v = 'u' WHERE id < 5;
ALTER TABLE ONLY pa ADD CONSTRAINT pa_pkey PRIMARY KEY (id, k);
ALTER TABLE pa1 ADD CONSTRAINT pa1_pkey PRIMARY KEY (id, k);
ALTER TABLE ONLY pa2 ADD CONSTRAINT pa2_pkey PRIMARY KEY (id, k);
ALTER TABLE pa2a ADD CONSTRAINT pa2a_pkey PRIMARY KEY (id, k);
ALTER INDEX pa2_pkey ATTACH PARTITION pa2a_pkey;
ALTER INDEX pa_pkey ATTACH PARTITION pa2_pkey;
ALTER INDEX pa_pkey ATTACH PARTITION pa1_pkey;
ALTER TABLE pr ADD CONSTRAINT pr_fk FOREIGN KEY (pid, pk) REFERENCES pa;
UPDATE pa SET v = 'w' WHERE id < 3;
COMMIT;
UPDATE pa SET v = 'x' WHERE id = 30;
-- step
BEGIN;
ALTER TABLE pr DROP CONSTRAINT pr_fk;
ALTER TABLE pa DETACH PARTITION pa1;
ALTER TABLE pa DROP CONSTRAINT pa_pkey;
ALTER TABLE pa1 RENAME TO tmp;
ALTER TABLE pa2a RENAME TO pa1;
ALTER TABLE tmp RENAME TO pa2a;
ALTER TABLE pa ATTACH PARTITION pa2a FOR VALUES FROM (-5) TO (10);
CREATE UNIQUE INDEX pa_u ON ONLY pa (k, id);
CREATE UNIQUE INDEX pa_u1 ON pa2a (k, id);
CREATE UNIQUE INDEX pa_u2 ON ONLY pa2 (k, id);
CREATE UNIQUE INDEX pa_u3 ON pa1 (k, id);
ALTER INDEX pa_u ATTACH PARTITION pa_u1;
ALTER INDEX pa_u2 ATTACH PARTITION pa_u3;
INSERT INTO pa VALUES (500, -3, 'between');
ALTER INDEX pa_u ATTACH PARTITION pa_u2;
ALTER TABLE pr ADD CONSTRAINT pr_fk FOREIGN KEY (pk, pid) REFERENCES pa (k, id);
COMMIT;
UPDATE pa SET v = 'last' WHERE id = 40;
DELETE FROM pr WHERE id = 50;
DELETE FROM pa WHERE id = 50;
