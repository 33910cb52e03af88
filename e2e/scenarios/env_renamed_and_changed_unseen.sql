-- behaviour: while nobody tells of commands, tables, columns, types, schemas and partitions are renamed and changed at once, in one transaction with rows, names exchanged, and all is found by looking
-- needs: ddl-sync; superuser; pg>=12
-- tables: public.ru2, public.rx, public.ry, "New s".rs, public.rp, public.rl
-- setup
CREATE SCHEMA s;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE ru (id int PRIMARY KEY, v text, n int, m mood DEFAULT 'ok');
CREATE TABLE rx (id int PRIMARY KEY, v text);
CREATE TABLE ry (id int PRIMARY KEY, v text);
CREATE TABLE s.rs (id int PRIMARY KEY, v text, ru int REFERENCES ru);
CREATE TABLE rp (id int, r int, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE rp1 PARTITION OF rp FOR VALUES IN (1);
CREATE TABLE rp2 PARTITION OF rp FOR VALUES IN (2);
CREATE TABLE rl (a int, b text);
CREATE VIEW rv AS SELECT id, v FROM ru;
-- load
INSERT INTO ru SELECT g, 'v' || g, g FROM generate_series(1, 30) g;
INSERT INTO rx SELECT g, 'x' FROM generate_series(1, 30) g;
INSERT INTO ry SELECT g, 'y' FROM generate_series(1, 30) g;
INSERT INTO s.rs SELECT g, 's', g FROM generate_series(1, 30) g;
INSERT INTO rp SELECT g, 1 + g % 2, 'p' FROM generate_series(1, 30) g;
INSERT INTO rl SELECT g % 3, 'l' FROM generate_series(1, 30) g;
-- live
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$;
BEGIN;
UPDATE ru SET v = 'before' WHERE id < 4;
ALTER TABLE ru RENAME TO ru2;
ALTER TABLE ru2 RENAME v TO w;
ALTER TABLE ru2 RENAME n TO v;
ALTER TABLE ru2 ALTER v TYPE text USING 'n' || v, ADD extra int DEFAULT 5, DROP m;
UPDATE ru2 SET v = 'behind', extra = 6 WHERE id BETWEEN 3 AND 7;
INSERT INTO ru2 (id, w, v) VALUES (31, 'w', 'v');
COMMIT;
BEGIN;
ALTER TABLE rx RENAME TO r_;
ALTER TABLE ry RENAME TO rx;
ALTER TABLE r_ RENAME TO ry;
UPDATE rx SET v = 'was y' WHERE id = 1;
DELETE FROM ry WHERE id = 2;
COMMIT;
ALTER SCHEMA s RENAME TO "New s";
UPDATE "New s".rs SET v = 'n' WHERE id < 3;
ALTER TABLE rp DETACH PARTITION rp1;
INSERT INTO rp1 VALUES (100, 77, 'free');
DELETE FROM rp1 WHERE r = 77;
UPDATE rp1 SET id = id + 200 WHERE id < 5;
ALTER TABLE rp1 RENAME TO rp_was;
CREATE TABLE rp1 PARTITION OF rp FOR VALUES IN (1, 3);
INSERT INTO rp SELECT id, 3, v FROM rp_was;
DROP TABLE rp_was;
ALTER TABLE rl RENAME a TO c;
ALTER TABLE rl RENAME b TO a;
ALTER TABLE rl RENAME c TO b;
INSERT INTO rl VALUES (9, 'nine');
DELETE FROM rl WHERE ctid = '(0,1)';
-- step
UPDATE ru2 SET w = 'end' WHERE id > 28;
DROP TABLE rx;
CREATE TABLE rx (id bigint PRIMARY KEY, v text);
INSERT INTO rx VALUES (1, 'new');
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE feeling RENAME VALUE 'ok' TO 'fine';
ALTER TABLE ry ADD f feeling DEFAULT 'fine';
INSERT INTO ry VALUES (50, 'f', 'sad');
UPDATE ry SET f = 'sad' WHERE id < 10;
-- step
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t); END LOOP; END $$;
INSERT INTO rl VALUES (10, 'told');
ALTER TABLE ru2 DROP extra;
DELETE FROM ru2 WHERE id = 31;
TRUNCATE "New s".rs;
