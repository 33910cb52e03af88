-- behaviour: partitions by the hash of an enum, whose rows lie elsewhere on another server: a partition that is truncated, dropped, detached or attached alone takes exactly the rows along that it held on the source
-- needs: pg>=12; ddl-sync
-- tables: public.ph, public.ph_old
-- setup
CREATE TYPE ph_e AS ENUM ('l0', 'l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8', 'l9', 'l10', 'l11', 'l12', 'l13', 'l14', 'l15', 'l16', 'l17', 'l18', 'l19');
CREATE TABLE ph (k ph_e, id int, v text, PRIMARY KEY (k, id)) PARTITION BY HASH (k);
CREATE TABLE ph_0 PARTITION OF ph FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE ph_1 PARTITION OF ph FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE ph_2 PARTITION OF ph FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE ph_3 PARTITION OF ph FOR VALUES WITH (MODULUS 4, REMAINDER 3);
-- load
INSERT INTO ph SELECT ('l' || g % 20)::ph_e, g, 'v' FROM generate_series(0, 199) g;
-- live
UPDATE ph SET v = 'u' WHERE id % 3 = 0;
TRUNCATE ph_0;
INSERT INTO ph SELECT ('l' || g % 20)::ph_e, g, 'again' FROM generate_series(200, 219) g;
-- step
BEGIN;
ALTER TABLE ph DETACH PARTITION ph_1;
ALTER TABLE ph_1 RENAME TO ph_old;
CREATE TABLE ph_1 PARTITION OF ph FOR VALUES WITH (MODULUS 4, REMAINDER 1);
COMMIT;
UPDATE ph_old SET v = 'alone';
-- step
BEGIN;
DROP TABLE ph_2;
CREATE TABLE ph_2 (LIKE ph INCLUDING ALL);
INSERT INTO ph_2 SELECT k, id + 1000, v FROM ph_old;
DELETE FROM ph_2 WHERE NOT satisfies_hash_partition('ph'::regclass, 4, 2, k);
ALTER TABLE ph ATTACH PARTITION ph_2 FOR VALUES WITH (MODULUS 4, REMAINDER 2);
COMMIT;
UPDATE ph SET v = 'end' WHERE id % 2 = 0;
