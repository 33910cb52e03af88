-- behaviour: a trigger of the target's owner that fires on replicated rows and returns NULL for some stops with a reason: no row is left out without a word
-- mode: ignore-existing
-- tables: public.ko
-- expect: stop: constraint-violation
-- setup
CREATE TABLE ko (id int PRIMARY KEY, v text);
-- target
CREATE TABLE ko (id int PRIMARY KEY, v text);
CREATE FUNCTION ko_no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.v = 'no' THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER ko_no BEFORE INSERT OR UPDATE ON ko FOR EACH ROW EXECUTE PROCEDURE ko_no();
ALTER TABLE ko ENABLE ALWAYS TRIGGER ko_no;
-- load
INSERT INTO ko VALUES (1, 'a'), (2, 'b');
-- live
INSERT INTO ko VALUES (3, 'c');
UPDATE ko SET v = 'no' WHERE id = 2;
