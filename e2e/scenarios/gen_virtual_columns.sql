-- behaviour: virtual generated columns (version 18) are computed on either side, in keyed tables and in those whose rows are told apart by all columns
-- needs: pg>=18
-- tables: public.gv, public.gv_bag
-- setup
CREATE TABLE gv (id int PRIMARY KEY, a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, s int GENERATED ALWAYS AS (a + 1) STORED, big text, b text);
CREATE TABLE gv_bag (a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, s int GENERATED ALWAYS AS (a + 1) STORED, b text);
-- load
INSERT INTO gv (id, a, big, b) SELECT g, g, repeat(md5(g::text), 200), 'b' FROM generate_series(1, 20) g;
INSERT INTO gv_bag (a, b) SELECT g % 3, 'b' FROM generate_series(1, 20) g;
-- live
UPDATE gv SET a = -a WHERE id < 10;
UPDATE gv SET id = id + 100 WHERE id > 15;
UPDATE gv_bag SET a = 7 WHERE a = 1;
DELETE FROM gv_bag WHERE ctid IN (SELECT ctid FROM gv_bag WHERE a = 2 LIMIT 2);
INSERT INTO gv_bag (a, b) SELECT a, b FROM gv_bag;
