-- behaviour: "ignore and proceed" with a target's table that lacks a column of the source: the shared ones are loaded and follow, the other is left out
-- mode: ignore-existing
-- tables: public.lac
-- expect: target: SELECT id, v FROM public.lac ORDER BY 1 => 1|one;2|changed;4|four;5|moved
-- setup
CREATE TABLE lac (id int PRIMARY KEY, gone text, v text);
-- target
CREATE TABLE lac (id int PRIMARY KEY, v text);
-- load
INSERT INTO lac VALUES (1, 'x', 'one'), (2, 'x', 'two'), (3, 'x', 'three'), (6, repeat('x', 9000), 'moved');
-- live
UPDATE lac SET v = 'changed', gone = 'y' WHERE id = 2;
UPDATE lac SET gone = 'only this' WHERE id = 1;
UPDATE lac SET id = 5 WHERE id = 6;
DELETE FROM lac WHERE id = 3;
INSERT INTO lac VALUES (4, NULL, 'four');
