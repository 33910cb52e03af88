-- behaviour: rows written by a session with a replication origin, and in the replica role, are changes like others, with structure among them
-- needs: superuser; ddl-sync
-- tables: public.ro, public.ro2
-- setup
CREATE TABLE ro (id int PRIMARY KEY, v text, at text DEFAULT 'd');
CREATE FUNCTION ro_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := 'trigger'; RETURN NEW; END $$;
CREATE TRIGGER ro_t BEFORE INSERT OR UPDATE ON ro FOR EACH ROW EXECUTE FUNCTION ro_f();
-- load
INSERT INTO ro VALUES (1, 'a');
-- live
-- session: o
SELECT pg_replication_origin_create('hunt_' || current_database());
SELECT pg_replication_origin_session_setup('hunt_' || current_database());
BEGIN;
SELECT pg_replication_origin_xact_setup('0/1234', '2001-01-01 00:00+00');
INSERT INTO ro VALUES (2, 'origin');
UPDATE ro SET v = 'by origin' WHERE id = 1;
COMMIT;
SET session_replication_role = replica;
INSERT INTO ro VALUES (3, 'replica');
UPDATE ro SET id = 20 WHERE id = 2;
CREATE TABLE ro2 (id int PRIMARY KEY, v text);
INSERT INTO ro2 VALUES (1, 'x');
ALTER TABLE ro ADD extra int DEFAULT 5;
DELETE FROM ro WHERE id = 1;
BEGIN;
TRUNCATE ro2;
INSERT INTO ro2 VALUES (2, 'y');
COMMIT;
-- step
-- session: o
SELECT pg_replication_origin_session_reset();
RESET session_replication_role;
SELECT pg_replication_origin_drop('hunt_' || current_database());
UPDATE ro SET v = 'end';
