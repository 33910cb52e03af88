-- behaviour: event triggers of users make tables, columns, keys and rows of their own behind each command, before and behind floe's in their order, and one that refuses has nothing left
-- needs: ddl-sync; superuser; pg>=11
-- tables: public.eu, public.eu_audit, public.eu2, public.eu2_audit, public.eu_log
-- setup
CREATE TABLE eu_log (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text);
CREATE FUNCTION aa_audit() RETURNS event_trigger LANGUAGE plpgsql AS $f$ DECLARE r record; BEGIN
	FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag IN ('CREATE TABLE', 'CREATE TABLE AS') AND schema_name = 'public' LOOP
		IF r.object_identity LIKE 'public.eu%' AND r.object_identity NOT LIKE '%audit' THEN
			EXECUTE format('CREATE TABLE %s_audit (at int, LIKE %s)', r.object_identity, r.object_identity);
			EXECUTE format('ALTER TABLE %s ADD COLUMN made_by text DEFAULT ''aa''', r.object_identity);
		END IF;
	END LOOP;
END $f$;
CREATE FUNCTION zz_log() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN
	IF tg_tag LIKE 'ALTER%' OR tg_tag LIKE 'CREATE TABLE%' THEN INSERT INTO eu_log (said) VALUES (tg_tag); END IF;
END $f$;
CREATE FUNCTION zz_refuse() RETURNS event_trigger LANGUAGE plpgsql AS $f$ DECLARE r record; BEGIN
	FOR r IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
		IF r.object_identity = 'public.eu' THEN RAISE EXCEPTION 'never'; END IF;
	END LOOP;
END $f$;
CREATE EVENT TRIGGER aa_audit ON ddl_command_end EXECUTE PROCEDURE aa_audit();
CREATE EVENT TRIGGER zz_log ON ddl_command_end EXECUTE PROCEDURE zz_log();
CREATE EVENT TRIGGER zz_refuse ON sql_drop EXECUTE PROCEDURE zz_refuse();
-- live
CREATE TABLE eu (id int PRIMARY KEY, v text);
INSERT INTO eu VALUES (1, 'one');
INSERT INTO eu_audit VALUES (1, 1, 'one');
-- step
BEGIN;
CREATE TABLE eu2 AS SELECT id, v FROM eu;
UPDATE eu2 SET made_by = 'me';
INSERT INTO eu2_audit VALUES (2, 2, 'two');
ALTER TABLE eu2 ADD PRIMARY KEY (id);
UPDATE eu2 SET v = 'keyed';
COMMIT;
-- error: P0001
DROP TABLE eu;
INSERT INTO eu VALUES (2, 'stays');
-- step
DO $$ BEGIN
	BEGIN
		DROP TABLE eu, eu2;
	EXCEPTION WHEN OTHERS THEN
		ALTER TABLE eu2 ADD COLUMN kept int DEFAULT 4;
	END;
END $$;
INSERT INTO eu2 VALUES (5, 'five');
DROP EVENT TRIGGER zz_refuse;
ALTER TABLE eu_audit DROP COLUMN at;
INSERT INTO eu_audit VALUES (7, 'seven');
