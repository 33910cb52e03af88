-- behaviour: tables are added to and removed from the task while it runs (added one gets a load of its existing rows, removed one stops changing)
-- tables: public.sel_a, public.sel_b
-- select: public.sel_a
-- action: after step 1: select add public.sel_b
-- expect: equal
-- setup
CREATE TABLE sel_a (id int PRIMARY KEY); CREATE TABLE sel_b (id int PRIMARY KEY, v text);
-- load
INSERT INTO sel_a VALUES (1);
INSERT INTO sel_b SELECT g, 'old' FROM generate_series(1, 1000) g;
-- live
UPDATE sel_b SET v = 'before add' WHERE id < 10;
INSERT INTO sel_a VALUES (2);
-- step
UPDATE sel_b SET v = 'after add' WHERE id < 5;
DELETE FROM sel_b WHERE id > 990;
INSERT INTO sel_a VALUES (3);
