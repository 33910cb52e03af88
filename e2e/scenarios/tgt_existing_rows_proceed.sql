-- behaviour: "ignore and proceed" with a non-empty target table: during the load a target row with the same key is retained, incremental changes overwrite it, rows unknown to the source stay
-- mode: ignore-existing
-- tables: public.ex
-- expect: target: SELECT id, v FROM public.ex ORDER BY id => 1|target one;2|live two;3|source three;77|target only
-- setup
CREATE TABLE ex (id int PRIMARY KEY, v text);
-- target
CREATE TABLE ex (id int PRIMARY KEY, v text);
INSERT INTO ex VALUES (1, 'target one'), (2, 'target two'), (77, 'target only');
-- load
INSERT INTO ex VALUES (1, 'source one'), (2, 'source two'), (3, 'source three');
-- live
UPDATE ex SET v = 'live two' WHERE id = 2;
