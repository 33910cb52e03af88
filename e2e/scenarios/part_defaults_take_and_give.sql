-- behaviour: default partitions at two levels give rows to partitions that are made for them, take what is left, are replaced and divided themselves, within transactions and by functions
-- needs: ddl-sync; pg>=12
-- tables: public.pd, public.pd_free
-- setup
CREATE TABLE pd (id int, k text, v int, PRIMARY KEY (id, k)) PARTITION BY RANGE (id);
CREATE TABLE pd_0 PARTITION OF pd FOR VALUES FROM (0) TO (100) PARTITION BY LIST (k);
CREATE TABLE pd_0_a PARTITION OF pd_0 FOR VALUES IN ('a');
CREATE TABLE pd_0_x PARTITION OF pd_0 DEFAULT;
CREATE TABLE pd_x PARTITION OF pd DEFAULT;
-- load
INSERT INTO pd SELECT g * 7, chr(97 + g % 4), g FROM generate_series(1, 60) g;
-- live
BEGIN;
CREATE TABLE pd_100 (LIKE pd INCLUDING ALL);
WITH m AS (DELETE FROM pd_x WHERE id >= 100 AND id < 200 RETURNING *) INSERT INTO pd_100 SELECT * FROM m;
ALTER TABLE pd ATTACH PARTITION pd_100 FOR VALUES FROM (100) TO (200);
UPDATE pd SET v = v + 1000 WHERE id BETWEEN 90 AND 210;
COMMIT;
DO $d$ BEGIN
	CREATE TABLE pd_0_b AS SELECT * FROM pd_0_x WHERE k = 'b';
	DELETE FROM pd_0_x WHERE k = 'b';
	ALTER TABLE pd_0_b ALTER id SET NOT NULL, ALTER k SET NOT NULL;
	ALTER TABLE pd_0 ATTACH PARTITION pd_0_b FOR VALUES IN ('b');
END $d$;
UPDATE pd SET k = 'b' WHERE k = 'c' AND id < 100;
UPDATE pd SET id = id + 1000 WHERE id < 30;
-- step
BEGIN;
ALTER TABLE pd DETACH PARTITION pd_x;
ALTER TABLE pd_x RENAME TO pd_free;
CREATE TABLE pd_x PARTITION OF pd DEFAULT PARTITION BY HASH (id);
CREATE TABLE pd_x0 PARTITION OF pd_x FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pd_x1 PARTITION OF pd_x FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO pd SELECT * FROM pd_free WHERE v % 2 = 0;
DELETE FROM pd_free WHERE v % 2 = 0;
COMMIT;
INSERT INTO pd VALUES (5000, 'z', 1), (-5, 'y', 2);
TRUNCATE pd_0_x;
DROP TABLE pd_0_a;
INSERT INTO pd VALUES (50, 'a', 3);
ALTER TABLE pd_free DROP CONSTRAINT pd_x_pkey;
INSERT INTO pd_free VALUES (1, 'q', 1), (1, 'q', 1);
