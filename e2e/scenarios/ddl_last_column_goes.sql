-- behaviour: a table loses its last column with rows in it, some of the rows are deleted while they have none, it gains columns again; also of partitions and heirs and within one transaction
-- needs: ddl-sync
-- tables: public.lc, public.lc_p, ONLY public.lc_i, public.lc_h
-- setup
CREATE TABLE lc (a text);
CREATE TABLE lc_i (a int);
CREATE TABLE lc_h (b text) INHERITS (lc_i);
CREATE TABLE lc_p (id int PRIMARY KEY);
-- load
INSERT INTO lc SELECT 'v' || g FROM generate_series(1, 10) g;
INSERT INTO lc_i SELECT g FROM generate_series(1, 4) g;
INSERT INTO lc_h SELECT g, 'h' FROM generate_series(1, 4) g;
INSERT INTO lc_p SELECT g FROM generate_series(1, 6) g;
-- live
ALTER TABLE lc DROP a;
DELETE FROM lc WHERE ctid IN ('(0,2)', '(0,3)');
INSERT INTO lc DEFAULT VALUES;
ALTER TABLE lc_i DROP a;
DELETE FROM lc_h WHERE ctid = '(0,1)';
DELETE FROM ONLY lc_i WHERE ctid = '(0,1)';
ALTER TABLE lc_p DROP id;
DELETE FROM lc_p WHERE ctid < '(0,3)';
-- step
ALTER TABLE lc ADD a int DEFAULT 3;
UPDATE lc SET a = 4 WHERE ctid = (SELECT min(ctid) FROM lc);
BEGIN;
ALTER TABLE lc_i ADD z int;
INSERT INTO lc_i VALUES (1);
ALTER TABLE lc_i DROP z;
INSERT INTO lc_i DEFAULT VALUES;
ALTER TABLE lc_i ADD z int DEFAULT 8;
UPDATE lc_h SET z = 9;
COMMIT;
ALTER TABLE lc_p ADD id serial PRIMARY KEY;
DELETE FROM lc_p WHERE id = 2;
UPDATE lc_p SET id = 50 WHERE id = 3;
