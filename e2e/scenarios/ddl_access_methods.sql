-- behaviour: tables change their access method, which writes them anew without row events, within transactions with rows, and are made under another default one that the target gets too
-- needs: pg>=15; superuser; ddl-sync
-- tables: public.am, public.am_bag, public.am_new, public.am_p
-- setup
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE am (id int PRIMARY KEY, v text);
CREATE TABLE am_bag (v text, n int) USING heap2;
CREATE TABLE am_p (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE am_p1 PARTITION OF am_p FOR VALUES FROM (0) TO (10) USING heap2;
-- load
INSERT INTO am SELECT g, repeat(md5(g::text), 100) FROM generate_series(1, 20) g;
INSERT INTO am_bag SELECT 'v', g % 3 FROM generate_series(1, 20) g;
INSERT INTO am_p SELECT g, 'p' FROM generate_series(1, 9) g;
-- live
ALTER TABLE am SET ACCESS METHOD heap2;
UPDATE am SET id = id + 100 WHERE id < 5;
BEGIN;
DELETE FROM am_bag WHERE ctid = '(0,1)';
ALTER TABLE am_bag SET ACCESS METHOD heap, ADD w timestamptz DEFAULT clock_timestamp();
UPDATE am_bag SET v = 'u' WHERE n = 1;
ALTER TABLE am_bag SET ACCESS METHOD heap2;
COMMIT;
-- step
SET default_table_access_method = heap2;
CREATE TABLE am_new (id int PRIMARY KEY, v text);
INSERT INTO am_new VALUES (1, 'x');
CREATE TABLE am_p2 PARTITION OF am_p FOR VALUES FROM (10) TO (20);
INSERT INTO am_p VALUES (11, 'y');
UPDATE am_p SET id = id + 10 WHERE id = 5;
RESET default_table_access_method;
ALTER TABLE am_p1 SET ACCESS METHOD heap;
DELETE FROM am_p WHERE id = 6;
