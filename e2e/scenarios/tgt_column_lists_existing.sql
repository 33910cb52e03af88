-- behaviour: a table that the target has is loaded into by some of its columns: the others keep what the target has, new rows get its defaults, and a column that goes on the source stays there
-- needs: ddl-sync
-- mode: ignore-existing
-- columns: public.ce: id, v
-- tables: public.ce
-- expect: target: SELECT id, v, own FROM public.ce ORDER BY id => 1|kept|mine;2|two b|dflt;3|new|dflt;4|after|dflt
-- setup
CREATE TABLE ce (id int PRIMARY KEY, v text, own text);
-- target
CREATE TABLE ce (id int PRIMARY KEY, v text, own text NOT NULL DEFAULT 'dflt');
INSERT INTO ce VALUES (1, 'kept', 'mine');
-- load
INSERT INTO ce VALUES (1, 'theirs', 's'), (2, 'two', 's');
-- live
UPDATE ce SET v = 'two b', own = NULL WHERE id = 2;
INSERT INTO ce VALUES (3, 'new', 'z');
-- step
ALTER TABLE ce DROP own;
INSERT INTO ce VALUES (4, 'after');
