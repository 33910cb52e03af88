-- behaviour: virtual and stored generated columns of version 18, which refuses changes of tables whose old rows are to bear what is not published: keyed tables, one set to FULL, one without a key; one that is made without a key is published when it gets one
-- needs: pg>=18; ddl-sync
-- tables: public.gv, public.gv_full, public.gv_bag, public.gv_late, public.gv_keyless, public.gv_fuller
-- setup
CREATE TABLE gv (id int PRIMARY KEY, a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, s int GENERATED ALWAYS AS (a + 1) STORED, big text, b text);
CREATE TABLE gv_full (b text, v text GENERATED ALWAYS AS (b || '?'), s text GENERATED ALWAYS AS (b || '!') STORED, id int PRIMARY KEY);
ALTER TABLE gv_full REPLICA IDENTITY FULL;
CREATE TABLE gv_bag (a int, s int GENERATED ALWAYS AS (a + 1) STORED, b text);
-- load
INSERT INTO gv (id, a, big, b) SELECT g, g, repeat(md5(g::text), 200), 'b' FROM generate_series(1, 20) g;
INSERT INTO gv_full (id, b) SELECT g, 'b' || g FROM generate_series(1, 20) g;
INSERT INTO gv_bag (a, b) SELECT g % 3, 'b' FROM generate_series(1, 20) g;
-- live
UPDATE gv SET a = -a WHERE id < 10;
UPDATE gv SET id = id + 100 WHERE id > 15;
UPDATE gv_full SET id = id + 100, b = b || 'x' WHERE id > 10;
DELETE FROM gv_full WHERE s = 'b3!';
UPDATE gv_bag SET a = 7 WHERE a = 1;
DELETE FROM gv_bag WHERE ctid IN (SELECT ctid FROM gv_bag WHERE a = 2 LIMIT 2);
INSERT INTO gv_bag (a, b) SELECT a, b FROM gv_bag;
CREATE TABLE gv_late (a int, s int GENERATED ALWAYS AS (a * 3) STORED, b text);
INSERT INTO gv_late (a, b) VALUES (1, 'x'), (1, 'x'), (2, 'y');
UPDATE gv_late SET b = 'z' WHERE s = 6;
CREATE TABLE gv_keyless (a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, b text);
INSERT INTO gv_keyless (a, b) SELECT g, 'b' FROM generate_series(1, 20) g;
UPDATE gv_keyless SET b = 'x' WHERE a < 5;
DELETE FROM gv_keyless WHERE v = 40;
ALTER TABLE gv_keyless ADD PRIMARY KEY (a);
UPDATE gv_keyless SET a = a + 100 WHERE a > 15;
CREATE TABLE gv_fuller (id int PRIMARY KEY, a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL);
ALTER TABLE gv_fuller REPLICA IDENTITY FULL;
INSERT INTO gv_fuller (id, a) SELECT g, g FROM generate_series(1, 20) g;
UPDATE gv_fuller SET a = -a WHERE id < 5;
DELETE FROM gv_fuller WHERE v = 40;
-- step
ALTER TABLE gv_bag ALTER s DROP EXPRESSION;
UPDATE gv_bag SET s = 100 WHERE a = 7;
DELETE FROM gv_bag WHERE s = 1;
