-- behaviour: the enum and the composite type of a table change while it is out of the selection; its rows are right once it is back
-- needs: ddl-sync
-- tables: public.sel, public.ra
-- select: public.sel, public.ra
-- action: after step 1: select remove public.ra
-- action: after step 2: select add public.ra
-- expect: equal
-- setup
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b text);
CREATE TABLE sel (id int PRIMARY KEY);
CREATE TABLE ra (id int PRIMARY KEY, m mood, p pair);
-- load
INSERT INTO ra SELECT g, CASE g % 2 WHEN 0 THEN 'sad' ELSE 'ok' END::mood, ROW(g, 'x')::pair FROM generate_series(1, 40) g;
-- live
INSERT INTO sel VALUES (2);
-- step
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
ALTER TYPE mood ADD VALUE 'great' BEFORE 'ok';
ALTER TYPE pair ADD ATTRIBUTE c date;
ALTER TYPE pair RENAME ATTRIBUTE a TO n;
ALTER TYPE mood RENAME TO humour;
UPDATE ra SET m = 'great', p = ROW(1, 'y', '2026-01-01') WHERE id < 10;
DELETE FROM ra WHERE id = 20;
INSERT INTO sel VALUES (3);
-- step
UPDATE ra SET m = 'blue' WHERE id = 5;
INSERT INTO ra VALUES (100, 'great', ROW(7, 'q', NULL));
INSERT INTO sel VALUES (4);
