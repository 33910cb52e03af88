-- behaviour: event triggers of others on both sides do not stop the job
-- tables: public.e
-- expect: equal
-- setup
CREATE TABLE e (id int PRIMARY KEY, v text);
CREATE FUNCTION bomb() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'ddl %', tg_tag; END $$;
CREATE EVENT TRIGGER others ON ddl_command_end EXECUTE FUNCTION bomb();
-- target
CREATE FUNCTION bomb() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'ddl %', tg_tag; END $$;
CREATE EVENT TRIGGER others ON ddl_command_end EXECUTE FUNCTION bomb();
-- load
INSERT INTO e VALUES (1, 'a');
-- live
INSERT INTO e VALUES (2, 'b');
DELETE FROM e WHERE id = 1;
