-- behaviour: sessions in the replica role and disabled triggers left children without parents under foreign keys that the source holds for valid: rows are loaded and changed all the same
-- needs: superuser; ddl-sync
-- tables: public.op, public.oc, public.od, public.oe
-- setup
CREATE TABLE op (id int PRIMARY KEY, v text);
CREATE TABLE oc (id int PRIMARY KEY, p int REFERENCES op ON DELETE CASCADE, v text);
CREATE TABLE od (id int PRIMARY KEY, p int NOT NULL REFERENCES op, c int REFERENCES oc);
-- load
INSERT INTO op SELECT g, 'p' FROM generate_series(1, 20) g;
INSERT INTO oc SELECT g, g, 'c' FROM generate_series(1, 20) g;
SET session_replication_role = replica;
INSERT INTO oc VALUES (100, 999, 'orphan');
DELETE FROM op WHERE id = 20;
SET session_replication_role = origin;
ALTER TABLE od DISABLE TRIGGER ALL;
INSERT INTO od VALUES (1, 888, 777), (2, 2, 2);
ALTER TABLE od ENABLE TRIGGER ALL;
-- live
UPDATE oc SET v = 'still orphan' WHERE id = 100;
DELETE FROM op WHERE id = 3;
SET session_replication_role = replica;
DELETE FROM op WHERE id = 4;
UPDATE op SET id = 500 WHERE id = 5;
INSERT INTO od VALUES (3, 4, 4);
SET session_replication_role = origin;
-- step
ALTER TABLE oc ADD q int;
UPDATE oc SET q = 1;
SET session_replication_role = replica;
CREATE TABLE oe (id int PRIMARY KEY, p int REFERENCES op);
INSERT INTO oe VALUES (1, 4444);
ALTER TABLE op ADD extra text DEFAULT 'e';
UPDATE op SET extra = 'by a replica' WHERE id < 10;
SET session_replication_role = origin;
INSERT INTO oe VALUES (2, 6);
