-- behaviour: an ALWAYS trigger of the target's owner
-- tables: public.tr
-- mode: ignore-existing
-- expect: equal
-- setup
CREATE TABLE tr (id int PRIMARY KEY, v text);
-- target
CREATE TABLE tr (id int PRIMARY KEY, v text);
CREATE TABLE audit (id int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER a AFTER INSERT ON tr FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE tr ENABLE ALWAYS TRIGGER a;
-- load
INSERT INTO tr VALUES (1, 'a');
-- live
INSERT INTO tr VALUES (2, 'b');
