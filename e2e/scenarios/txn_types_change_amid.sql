-- behaviour: types change while transactions that wrote values of them are open: what these wrote is of the type as it was, comes behind the change, and is the source's on the target
-- needs: ddl-sync; pg>=12
-- tables: public.ta, public.ta_mood, public.ta_swap
-- setup
CREATE TYPE ta_pair AS (a int, b text);
CREATE TYPE ta_mood_t AS ENUM ('low', 'mid', 'high');
CREATE TABLE ta (id int PRIMARY KEY, p ta_pair);
CREATE TABLE ta_mood (id int PRIMARY KEY, m ta_mood_t);
CREATE TABLE ta_swap (id int PRIMARY KEY, p ta_pair, m ta_mood_t);
-- load
INSERT INTO ta SELECT g, (g, 'b')::ta_pair FROM generate_series(1, 10) g;
INSERT INTO ta_mood SELECT g, 'low' FROM generate_series(1, 10) g;
INSERT INTO ta_swap SELECT g, (g, 'b')::ta_pair, 'low' FROM generate_series(1, 10) g;
-- live
-- session: w
BEGIN;
INSERT INTO ta VALUES (100, (1, 'old'));
UPDATE ta SET p.b = 'old too' WHERE id = 1;
-- session: main
ALTER TYPE ta_pair ADD ATTRIBUTE c int;
INSERT INTO ta VALUES (101, (2, 'new', 3));
-- session: w
INSERT INTO ta VALUES (102, (3, 'new', 4));
COMMIT;
-- session: main
UPDATE ta SET p.c = 5 WHERE id = 2;
-- step
-- session: w
BEGIN;
INSERT INTO ta_mood VALUES (100, 'mid');
UPDATE ta_mood SET m = 'high' WHERE id = 1;
-- session: main
ALTER TYPE ta_mood_t RENAME VALUE 'mid' TO 'middle';
INSERT INTO ta_mood VALUES (101, 'middle');
-- session: w
COMMIT;
-- session: main
DELETE FROM ta_mood WHERE id = 2;
-- step
-- session: w
BEGIN;
INSERT INTO ta_swap VALUES (100, (1, 'gone', 2), 'low');
UPDATE ta_swap SET m = 'high', p.b = 'went' WHERE id = 1;
-- session: main
BEGIN;
ALTER TYPE ta_pair DROP ATTRIBUTE b;
ALTER TYPE ta_pair ADD ATTRIBUTE e text;
ALTER TYPE ta_mood_t RENAME VALUE 'low' TO 'x';
ALTER TYPE ta_mood_t RENAME VALUE 'high' TO 'low';
ALTER TYPE ta_mood_t RENAME VALUE 'x' TO 'high';
COMMIT;
INSERT INTO ta_swap VALUES (101, (1, 2, 'came'), 'low');
-- session: w
COMMIT;
-- session: main
UPDATE ta_swap SET m = 'middle' WHERE id = 3;
INSERT INTO ta_swap VALUES (102, NULL, 'high');
