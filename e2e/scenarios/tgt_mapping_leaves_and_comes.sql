-- behaviour: a mapping is of names: a table, a column, a schema that gets another name on the source leaves it, and what gets its name comes under it, partitions among them, with rows in between
-- needs: ddl-sync
-- map: app.mt -> "New".items (val -> "Value", big -> b2)
-- map: app.pt -> "New".parts (v -> w)
-- map: app.p2 -> "New".part_two
-- tables: app.mt, app.moved, app.pt
-- setup
CREATE SCHEMA app;
CREATE SCHEMA away;
CREATE TABLE app.mt (id int PRIMARY KEY, val text, big text, n int);
CREATE INDEX mt_val ON app.mt (lower(val));
CREATE TABLE app.other (id int PRIMARY KEY, val text, mt int REFERENCES app.mt ON UPDATE CASCADE);
CREATE TABLE app.pt (k text NOT NULL, v text, n int, PRIMARY KEY (k, n)) PARTITION BY LIST (n);
CREATE TABLE app.p1 PARTITION OF app.pt FOR VALUES IN (1);
CREATE TABLE app.p3 (n int NOT NULL, junk int, v text, k text NOT NULL);
ALTER TABLE app.p3 DROP junk;
CREATE TABLE app.p2 (n int NOT NULL, k text NOT NULL, v text, PRIMARY KEY (k, n));
CREATE VIEW app.mv AS SELECT id, val FROM app.mt;
-- load
INSERT INTO app.mt SELECT g, 'v' || g, repeat(md5(g::text), 300), g FROM generate_series(1, 20) g;
INSERT INTO app.other SELECT g, 'o' || g, g FROM generate_series(1, 20) g;
INSERT INTO app.pt SELECT 'k' || g, 'v' || g, 1 FROM generate_series(1, 10) g;
INSERT INTO app.p3 (n, v, k) SELECT 3, 'v' || g, 'k' || g FROM generate_series(1, 10) g;
-- live
UPDATE app.mt SET val = 'before' WHERE id = 1;
BEGIN;
UPDATE app.mt SET n = n + 1 WHERE id < 5;
ALTER TABLE app.mt RENAME TO moved;
UPDATE app.moved SET val = 'moved' WHERE id = 2;
UPDATE app.moved SET id = 102 WHERE id = 3;
COMMIT;
INSERT INTO app.moved VALUES (200, 'new', repeat('x', 5000), 1);
-- step
ALTER TABLE app.other RENAME TO mt;
UPDATE app.mt SET val = 'mapped' WHERE id = 1;
INSERT INTO app.mt VALUES (300, 'mapped', 200);
ALTER TABLE app.mt ADD big text DEFAULT 'b';
UPDATE app.mt SET big = 'c' WHERE id = 2;
-- step
BEGIN;
ALTER TABLE app.mt RENAME TO between;
ALTER TABLE app.moved RENAME TO mt;
ALTER TABLE app.between RENAME TO moved;
UPDATE app.mt SET n = -1 WHERE id = 200;
UPDATE app.moved SET val = 'swapped' WHERE id = 300;
DELETE FROM app.moved WHERE id = 4;
COMMIT;
UPDATE app.mt SET val = 'unchanged big' WHERE id > 10;
-- step
INSERT INTO app.p2 VALUES (2, 'early', 'by itself');
ALTER TABLE app.pt ATTACH PARTITION app.p2 FOR VALUES IN (2);
INSERT INTO app.pt VALUES ('k', 'two', 2);
ALTER TABLE app.pt ATTACH PARTITION app.p3 FOR VALUES IN (3);
UPDATE app.pt SET v = 'attached' WHERE k = 'k1';
ALTER TABLE app.pt ADD extra int DEFAULT 5;
UPDATE app.pt SET n = 2 WHERE k = 'k2' AND n = 1;
-- step
ALTER TABLE app.pt RENAME v TO vv;
UPDATE app.pt SET vv = 'left' WHERE k = 'k3';
ALTER TABLE app.pt RENAME vv TO v;
UPDATE app.pt SET v = 'back' WHERE k = 'k4';
ALTER TABLE app.mt DROP val CASCADE;
ALTER TABLE app.mt ADD val int;
UPDATE app.mt SET val = id;
ALTER TABLE app.pt DETACH PARTITION app.p1;
ALTER TABLE app.p2 RENAME TO p4;
DELETE FROM app.pt WHERE k = 'k5';
-- step
ALTER TABLE app.mt SET SCHEMA away;
UPDATE away.mt SET n = 7 WHERE id = 5;
INSERT INTO away.mt (id, n) VALUES (400, 1);
ALTER TABLE away.mt SET SCHEMA app;
UPDATE app.mt SET n = 8 WHERE id = 6;
-- step
ALTER SCHEMA app RENAME TO app2;
CREATE SCHEMA app;
UPDATE app2.mt SET n = 9 WHERE id = 7;
UPDATE app2.pt SET v = 'renamed' WHERE k = 'k6';
INSERT INTO app2.moved VALUES (500, 'last', 400, 'z');
TRUNCATE app2.p3;
-- step
DROP SCHEMA app;
ALTER SCHEMA app2 RENAME TO app;
UPDATE app.mt SET n = 10 WHERE id = 8;
UPDATE app.pt SET v = 'again' WHERE k = 'k7';
DELETE FROM app.moved WHERE id = 500;
