-- behaviour: a key under a collation that ignores case: another spelling of the same key is the same row, whether it is updated, deleted or comes anew
-- needs: pg>=12; icu
-- tables: public.kn, public.kn2
-- setup
CREATE COLLATION kn_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE kn (k text COLLATE kn_ci PRIMARY KEY, v int);
CREATE TABLE kn2 (a int, k varchar(20) COLLATE kn_ci NOT NULL, big text, UNIQUE (k, a));
ALTER TABLE kn2 ALTER a SET NOT NULL;
-- load
INSERT INTO kn SELECT 'Key' || g, g FROM generate_series(1, 3000) g;
INSERT INTO kn2 SELECT g, 'K' || g, repeat('x' || g, 2000) FROM generate_series(1, 20) g;
-- during
UPDATE kn SET k = upper(k) WHERE v % 100 = 0;
-- live
UPDATE kn SET k = lower(k) WHERE v = 1;
BEGIN;
DELETE FROM kn WHERE k = 'key2';
INSERT INTO kn VALUES ('KEY2', 22);
UPDATE kn SET k = 'kEy2' WHERE k = 'key2';
COMMIT;
INSERT INTO kn VALUES ('KEY3', 0) ON CONFLICT (k) DO UPDATE SET v = 33, k = EXCLUDED.k;
UPDATE kn2 SET k = lower(k);
BEGIN;
UPDATE kn2 SET k = 'x' WHERE a = 1;
UPDATE kn2 SET a = 1, k = 'X' || k WHERE a = 2;
DELETE FROM kn2 WHERE k = 'K3';
COMMIT;
