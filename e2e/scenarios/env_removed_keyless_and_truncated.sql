-- behaviour: a table without a key, and one that is truncated while it is away, leave and join again: as often as the source has them
-- needs: ddl-sync
-- tables: public.sel, public.bag, public.emptied
-- select: public.sel, public.bag, public.emptied
-- action: after step 1: select remove public.bag
-- action: after step 1: select remove public.emptied
-- action: after step 2: select add public.bag
-- action: after step 2: select add public.emptied
-- expect: equal
-- setup
CREATE TABLE sel (id int PRIMARY KEY);
CREATE TABLE bag (v text, n int);
CREATE TABLE emptied (id int PRIMARY KEY, v text);
-- load
INSERT INTO bag SELECT 'a', g % 7 FROM generate_series(1, 100) g;
INSERT INTO emptied SELECT g, 'e' FROM generate_series(1, 100) g;
-- live
INSERT INTO bag VALUES (NULL, 1), (NULL, 1);
INSERT INTO sel VALUES (2);
-- step
DELETE FROM bag WHERE n = 3;
INSERT INTO bag VALUES ('a', 1), ('a', 1), (NULL, NULL);
TRUNCATE emptied;
INSERT INTO emptied VALUES (5, 'again');
INSERT INTO sel VALUES (3);
-- step
UPDATE bag SET v = 'z' WHERE n = 1;
UPDATE emptied SET id = 6;
INSERT INTO sel VALUES (4);
