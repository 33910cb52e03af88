-- behaviour: the collation of a key's column changes, from one that tells all apart to one that ignores case and back, with rows that are respelled before, within and after; also in unlike columns of one key and partitions
-- needs: icu; ddl-sync
-- tables: public.kc, public.kc_p, public.kc_bag
-- setup
CREATE COLLATION kc_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE kc (k text PRIMARY KEY, v int);
CREATE TABLE kc_p (k text COLLATE kc_ci, r int, v int, PRIMARY KEY (k, r)) PARTITION BY LIST (r);
CREATE TABLE kc_p1 PARTITION OF kc_p FOR VALUES IN (1);
CREATE TABLE kc_p2 PARTITION OF kc_p FOR VALUES IN (2);
CREATE TABLE kc_bag (k text COLLATE kc_ci, v int);
-- load
INSERT INTO kc SELECT 'Key' || g, g FROM generate_series(1, 20) g;
INSERT INTO kc_p SELECT 'Key' || g, 1 + g % 2, g FROM generate_series(1, 20) g;
INSERT INTO kc_bag VALUES ('a', 1), ('A', 1), ('a', 1), ('á', 1);
-- live
INSERT INTO kc VALUES ('KEY1', 100);
DELETE FROM kc WHERE v = 1;
ALTER TABLE kc ALTER k TYPE text COLLATE kc_ci;
UPDATE kc SET k = upper(k) WHERE v < 5;
UPDATE kc SET v = v + 1000 WHERE k = 'key7';
DELETE FROM kc WHERE k = 'kEy8';
UPDATE kc_p SET r = 3 - r, k = lower(k) WHERE v < 6;
DELETE FROM kc_bag WHERE ctid = '(0,2)';
UPDATE kc_bag SET v = 2 WHERE k = 'A' AND ctid = '(0,1)';
-- step
BEGIN;
UPDATE kc SET k = lower(k) WHERE v BETWEEN 9 AND 12;
ALTER TABLE kc ALTER k TYPE text COLLATE "C";
INSERT INTO kc VALUES ('KEY9', 9000);
UPDATE kc SET k = 'Key9' WHERE k = 'KEY9';
COMMIT;
DELETE FROM kc WHERE k = 'key10';
ALTER TABLE kc_bag ALTER k TYPE text COLLATE "default";
UPDATE kc_bag SET k = 'A' WHERE ctid = (SELECT max(ctid) FROM kc_bag WHERE v = 1);
ALTER TABLE kc_p DROP CONSTRAINT kc_p_pkey;
ALTER TABLE kc_p ALTER k TYPE text COLLATE "C";
ALTER TABLE kc_p ADD PRIMARY KEY (k, r);
INSERT INTO kc_p VALUES ('KEY15', 2, 1500), ('kEY15', 2, 1501);
UPDATE kc_p SET v = -v WHERE k = 'KEY15';
