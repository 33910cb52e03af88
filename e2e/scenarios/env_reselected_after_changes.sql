-- behaviour: a table leaves the selection, changes its shape, key and rows meanwhile (another loses its key) and joins again: it is what it is on the source then
-- needs: ddl-sync
-- tables: public.sel, public.rs_a, public.rs_b
-- select: public.sel, public.rs_a, public.rs_b
-- action: after step 1: select remove public.rs_a
-- action: after step 2: select add public.rs_a
-- action: after step 3: select remove public.rs_b
-- action: after step 4: select add public.rs_b
-- expect: equal
-- setup
CREATE TABLE sel (id int PRIMARY KEY);
CREATE TABLE rs_a (id int PRIMARY KEY, v text, n int);
CREATE TABLE rs_b (id int PRIMARY KEY, v text);
-- load
INSERT INTO sel VALUES (1);
INSERT INTO rs_a SELECT g, 'a', g FROM generate_series(1, 100) g;
INSERT INTO rs_b SELECT g, 'b' FROM generate_series(1, 100) g;
-- live
INSERT INTO sel VALUES (2);
-- step
CREATE TYPE rs_e AS ENUM ('a', 'b');
ALTER TABLE rs_a ADD e rs_e DEFAULT 'b', DROP n;
ALTER TABLE rs_a RENAME v TO w;
ALTER TABLE rs_a DROP CONSTRAINT rs_a_pkey, ADD k text;
UPDATE rs_a SET k = 'k' || id;
ALTER TABLE rs_a ADD PRIMARY KEY (k);
DELETE FROM rs_a WHERE id > 90;
UPDATE rs_a SET w = 'changed', k = 'K' || id WHERE id < 10;
INSERT INTO sel VALUES (3);
-- step
UPDATE rs_a SET e = 'a', id = 5 WHERE k > 'k5';
DELETE FROM rs_a WHERE k = 'k30';
INSERT INTO sel VALUES (4);
-- step
ALTER TABLE rs_b DROP CONSTRAINT rs_b_pkey, DROP id;
ALTER TABLE rs_b ALTER v TYPE numeric USING length(v);
INSERT INTO rs_b SELECT g % 5 FROM generate_series(1, 50) g;
ALTER TABLE rs_b RENAME TO rs_tmp;
ALTER TABLE rs_tmp RENAME TO rs_b;
-- step
UPDATE rs_b SET v = 1.50 WHERE v = 1;
DELETE FROM rs_b WHERE v = 2;
