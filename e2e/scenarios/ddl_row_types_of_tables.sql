-- behaviour: columns hold rows of other tables, and these tables gain, lose and rename columns, are renamed and move, with rows between
-- needs: ddl-sync; pg>=11
-- tables: public.rt, public.rt_row, public.rt_bag
-- setup
CREATE TABLE rt_row (a int, b text, gone int);
CREATE TABLE rt (id int PRIMARY KEY, r rt_row, rs rt_row[]);
CREATE TABLE rt_bag (r rt_row);
-- load
INSERT INTO rt_row VALUES (1, 'x', 2);
INSERT INTO rt SELECT g, (g, 'b', 1)::rt_row, ARRAY[(g, 'c', NULL)::rt_row] FROM generate_series(1, 10) g;
INSERT INTO rt_bag SELECT ROW(1, 'x', 2)::rt_row FROM generate_series(1, 3);
-- live
ALTER TABLE rt_row ADD c date;
INSERT INTO rt VALUES (100, (1, 'n', 2, '2024-01-01'), NULL);
ALTER TABLE rt_row DROP COLUMN gone;
UPDATE rt SET r.c = '2024-02-02' WHERE id < 4;
INSERT INTO rt_row VALUES (2, 'y', NULL);
INSERT INTO rt_bag SELECT r FROM rt_row r;
DELETE FROM rt_bag WHERE ctid = (SELECT min(ctid) FROM rt_bag);
-- step
BEGIN;
ALTER TABLE rt_row RENAME b TO bb;
ALTER TABLE rt_row ADD d int;
UPDATE rt SET r.d = 5, r.bb = 'bb' WHERE id = 5;
ALTER TABLE rt_row RENAME TO rt_rows;
INSERT INTO rt VALUES (101, ROW(1, 'renamed', NULL, 4)::rt_rows, ARRAY[ROW(1, 'q', NULL, NULL)::rt_rows]);
ALTER TABLE rt_rows RENAME TO rt_row;
COMMIT;
INSERT INTO rt_bag VALUES (NULL), ((5, NULL, NULL, 6));
