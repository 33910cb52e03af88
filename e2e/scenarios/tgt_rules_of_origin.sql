-- behaviour: ordinary rules of the target's owner do not fire on replicated changes
-- mode: ignore-existing
-- tables: public.ro
-- setup
CREATE TABLE ro (id int PRIMARY KEY, v text);
-- target
CREATE TABLE ro (id int PRIMARY KEY, v text);
CREATE RULE ro_keep AS ON DELETE TO ro DO INSTEAD NOTHING;
-- load
INSERT INTO ro VALUES (1, 'a'), (2, 'b'), (3, 'c');
-- live
UPDATE ro SET v = 'x' WHERE id = 1;
DELETE FROM ro WHERE id = 2;
UPDATE ro SET id = 4 WHERE id = 3;
