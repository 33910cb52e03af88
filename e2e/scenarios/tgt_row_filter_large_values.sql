-- behaviour: a row condition over a large value: an update that does not touch it is judged by the value that stays, and keeps it
-- filter: public.rfl: left(doc, 1) = 'y' AND n < 100
-- tables: public.rfl
-- expect: target: SELECT id, left(doc, 1), length(doc), n FROM public.rfl ORDER BY id => 1|y|9000|11;3|y|9000|3;5|y|9000|5;9|y|9000|9
-- setup
CREATE TABLE rfl (id int PRIMARY KEY, doc text, n int);
ALTER TABLE rfl ALTER doc SET STORAGE EXTERNAL;
-- load
INSERT INTO rfl VALUES (1, repeat('y', 9000), 1), (2, repeat('n', 9000), 2), (3, repeat('y', 9000), 300), (4, repeat('y', 9000), 4), (5, repeat('n', 9000), 5), (6, NULL, 6);
-- live
UPDATE rfl SET n = 11 WHERE id = 1;
UPDATE rfl SET n = 22 WHERE id = 2;
UPDATE rfl SET n = 3 WHERE id = 3;
UPDATE rfl SET n = 400 WHERE id = 4;
UPDATE rfl SET doc = repeat('y', 9000) WHERE id = 5;
UPDATE rfl SET n = 66 WHERE id = 6;
-- step
BEGIN;
INSERT INTO rfl VALUES (7, repeat('n', 9000), 7);
UPDATE rfl SET id = 8, n = 8 WHERE id = 7;
UPDATE rfl SET id = 9, n = 9, doc = repeat('y', 9000) WHERE id = 8;
UPDATE rfl SET n = 10 WHERE id = 9;
UPDATE rfl SET n = 9 WHERE id = 9;
COMMIT;
