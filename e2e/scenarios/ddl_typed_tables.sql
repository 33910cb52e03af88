-- behaviour: tables OF a composite type, one of them partitioned, follow it with rows in between: attributes come, go, get other names and other types, by the settings of the session that says so; one becomes a table of its own and again one of the type
-- needs: ddl-sync
-- tables: public.ty1, public.ty2, public.typ
-- setup
CREATE TYPE ct AS (id int, v text, n numeric, at timestamptz);
CREATE TABLE ty1 OF ct (PRIMARY KEY (id), v WITH OPTIONS DEFAULT 'dflt' NOT NULL);
CREATE TABLE ty2 OF ct;
CREATE TABLE typ OF ct (PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE typ1 PARTITION OF typ FOR VALUES FROM (0) TO (100);
-- load
INSERT INTO ty1 SELECT g, 'v' || g, g / 7.0, '2024-01-01 00:00:00+00' FROM generate_series(1, 20) g;
INSERT INTO ty2 SELECT g % 3, 'v', NULL, '2024-07-01 12:00:00+00' FROM generate_series(1, 20) g;
INSERT INTO typ SELECT g, 'v' || g, g, '2024-01-01 00:00:00+00' FROM generate_series(1, 20) g;
-- live
UPDATE ty1 SET n = n * 2; UPDATE ty2 SET v = repeat('t', 9000) WHERE ctid = '(0,1)'; DELETE FROM typ WHERE id = 3;
ALTER TYPE ct ADD ATTRIBUTE w text CASCADE;
INSERT INTO ty1 (id, w) VALUES (100, 'w'); INSERT INTO ty2 VALUES (1, 'v', 1, NULL, 'w'); UPDATE typ SET w = v WHERE id < 9;
-- step
ALTER TYPE ct RENAME ATTRIBUTE v TO vv CASCADE;
UPDATE ty1 SET vv = vv || '!' WHERE id < 4; UPDATE ty2 SET w = 'x' WHERE id = 1; UPDATE typ SET vv = 'x' WHERE id = 5;
SET timezone = 'America/St_Johns';
ALTER TYPE ct ALTER ATTRIBUTE at TYPE text CASCADE;
RESET timezone;
UPDATE ty1 SET at = 'text' WHERE id = 2;
ALTER TYPE ct DROP ATTRIBUTE n CASCADE;
DELETE FROM ty2 WHERE id = 0; INSERT INTO typ VALUES (50, 'a', 'b', 'c');
-- step
CREATE TABLE typ2 PARTITION OF typ FOR VALUES FROM (100) TO (200); INSERT INTO typ VALUES (150, 'late', NULL, 'c');
BEGIN; ALTER TYPE ct RENAME ATTRIBUTE w TO x CASCADE; UPDATE typ SET x = 'in' WHERE id = 150; ALTER TYPE ct ADD ATTRIBUTE w int CASCADE; UPDATE ty1 SET w = id; COMMIT;
ALTER TABLE ty1 NOT OF; ALTER TABLE ty1 ADD COLUMN own int DEFAULT 7; UPDATE ty1 SET own = id WHERE id < 10;
ALTER TABLE ty1 DROP COLUMN own; ALTER TABLE ty1 OF ct; INSERT INTO ty1 (id, vv) VALUES (200, 'back');
