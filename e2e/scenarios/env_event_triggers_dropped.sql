-- behaviour: event triggers of users, whose commands fire no event, and their functions go
-- needs: ddl-sync; superuser
-- tables: public.ed
-- expect: equal
-- expect: target: SELECT (SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'ed_%'), (SELECT count(*) FROM pg_proc WHERE proname LIKE 'ed_%') => 0|0
-- setup
CREATE TABLE ed (id int PRIMARY KEY);
CREATE FUNCTION ed_f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER ed_t ON ddl_command_end EXECUTE PROCEDURE ed_f();
-- live
DROP EVENT TRIGGER ed_t;
DROP FUNCTION ed_f();
INSERT INTO ed VALUES (1);
