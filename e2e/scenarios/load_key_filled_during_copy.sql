-- behaviour: while tables are copied their key becomes a column that was added and filled a moment ago, one whose values were made unique just before, and a table without a key gets one
-- needs: ddl-sync
-- tables: public.lf, public.lg, public.lh
-- setup
CREATE TABLE lf (id int PRIMARY KEY, v text);
CREATE TABLE lg (id int PRIMARY KEY, u int, v text);
CREATE TABLE lh (a int, v text);
-- load
INSERT INTO lf SELECT g, 'f' FROM generate_series(1, 30000) g;
INSERT INTO lg SELECT g, g / 2, 'g' FROM generate_series(1, 30000) g;
INSERT INTO lh SELECT g / 2, 'h' FROM generate_series(1, 30000) g;
-- during
UPDATE lf SET v = 'early' WHERE id % 100 = 0;
ALTER TABLE lf ADD k text;
UPDATE lf SET k = 'k' || id;
ALTER TABLE lf DROP CONSTRAINT lf_pkey;
ALTER TABLE lf ADD PRIMARY KEY (k);
DELETE FROM lg WHERE id % 2 = 0;
UPDATE lg SET u = 100000 - u WHERE u > 10000;
ALTER TABLE lg DROP CONSTRAINT lg_pkey, ADD PRIMARY KEY (u);
DELETE FROM lh WHERE ctid IN (SELECT min(ctid) FROM lh GROUP BY a HAVING count(*) > 1);
ALTER TABLE lh ADD PRIMARY KEY (a);
UPDATE lf SET v = 'keyed', id = 7 WHERE k LIKE 'k9%';
UPDATE lg SET u = -u WHERE id < 1000;
UPDATE lh SET v = 'keyed' WHERE a < 5000;
-- live
UPDATE lf SET k = 'x' || k WHERE id = 7;
DELETE FROM lg WHERE u < -400;
INSERT INTO lh VALUES (100000, 'new');
