-- behaviour: inheritance is turned round within one transaction: a child becomes the parent of its parent under swapped names, checks and columns merge, and triggers' functions are dropped with CASCADE and made again
-- needs: ddl-sync
-- tables: ONLY public.ia, ONLY public.ib, ONLY public.ic
-- expect: equal
-- expect: target: SELECT count(*) FROM pg_inherits WHERE inhrelid IN ('public.ia'::regclass, 'public.ib'::regclass, 'public.ic'::regclass) => 2
-- expect: target: SELECT count(*) FROM pg_trigger WHERE tgname = 'it' => 2
-- setup
CREATE TABLE ia (id int PRIMARY KEY, v text, CONSTRAINT ck CHECK (v <> 'no'));
CREATE TABLE ib (w int, PRIMARY KEY (id)) INHERITS (ia);
CREATE TABLE ic (PRIMARY KEY (id)) INHERITS (ib);
CREATE FUNCTION itf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER it BEFORE INSERT ON ia FOR EACH ROW EXECUTE FUNCTION itf();
CREATE TRIGGER it BEFORE INSERT ON ib FOR EACH ROW EXECUTE FUNCTION itf();
-- load
INSERT INTO ia SELECT g, 'a' FROM generate_series(1, 5) g;
INSERT INTO ib SELECT g, 'b', g FROM generate_series(11, 15) g;
INSERT INTO ic SELECT g, 'c', g FROM generate_series(21, 25) g;
-- live
BEGIN;
UPDATE ia SET v = 'u' WHERE id IN (1, 11, 21);
ALTER TABLE ib NO INHERIT ia;
ALTER TABLE ic NO INHERIT ib;
ALTER TABLE ib DROP CONSTRAINT ck;
ALTER TABLE ib ADD CONSTRAINT ck CHECK (v <> 'no') NO INHERIT;
ALTER TABLE ia ADD w int DEFAULT 5;
ALTER TABLE ia INHERIT ib;
ALTER TABLE ic INHERIT ia;
UPDATE ib SET w = w + 100 WHERE id IN (2, 12, 22);
ALTER TABLE ib ADD z text DEFAULT 'z';
DROP FUNCTION itf() CASCADE;
CREATE FUNCTION itf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.z := ''t''; RETURN NEW; END';
CREATE TRIGGER it BEFORE INSERT ON ib FOR EACH ROW EXECUTE FUNCTION itf();
CREATE TRIGGER it BEFORE INSERT ON ic FOR EACH ROW EXECUTE FUNCTION itf();
INSERT INTO ib (id, v, w) VALUES (100, 'n', 1);
INSERT INTO ic (id, v, w) VALUES (101, 'n', 1);
COMMIT;
-- step
BEGIN;
ALTER TABLE ia RENAME TO it0;
ALTER TABLE ib RENAME TO ia;
ALTER TABLE it0 RENAME TO ib;
UPDATE ia SET z = 'swapped' WHERE id IN (3, 13, 23);
ALTER TABLE ia RENAME z TO y;
ALTER TABLE ia DROP w CASCADE;
DELETE FROM ONLY ib WHERE id = 4;
COMMIT;
UPDATE ia SET y = 'last' WHERE id IN (5, 15, 25);
