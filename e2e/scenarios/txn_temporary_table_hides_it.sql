-- behaviour: a temporary table of the same name hides the permanent one: its rows, its structure, its truncation and its end concern the temporary one alone; also within one transaction, and with ON COMMIT DROP
-- needs: ddl-sync
-- tables: public.tt, public.tt_new
-- setup
CREATE TABLE tt (id int PRIMARY KEY, v text);
-- load
INSERT INTO tt SELECT g, 'v' FROM generate_series(1, 10) g;
-- live
-- session: a
CREATE TEMP TABLE tt (id int PRIMARY KEY, v text);
INSERT INTO tt SELECT g, 'temp' FROM generate_series(1, 50) g;
ALTER TABLE tt ADD extra int DEFAULT 7;
ALTER TABLE tt DROP COLUMN v;
UPDATE public.tt SET v = 'seen' WHERE id = 1;
CREATE INDEX tt_ix ON tt (extra);
TRUNCATE tt;
DROP TABLE tt;
UPDATE tt SET v = 'again' WHERE id = 2;
BEGIN;
CREATE TEMP TABLE tt ON COMMIT DROP AS SELECT * FROM public.tt;
INSERT INTO public.tt VALUES (11, 'x');
DELETE FROM tt;
ALTER TABLE tt RENAME v TO w;
ALTER TABLE public.tt ADD w text DEFAULT 'w';
UPDATE public.tt SET w = v WHERE id = 3;
COMMIT;
CREATE TEMP TABLE tt_new AS SELECT 1 AS id;
CREATE TABLE public.tt_new (id int PRIMARY KEY, n int);
INSERT INTO public.tt_new VALUES (1, 2);
ALTER TABLE tt_new RENAME id TO n;
CREATE TEMP VIEW tt_view AS SELECT * FROM public.tt;
CREATE TYPE pg_temp.tt_type AS ENUM ('a');
CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TEMP SEQUENCE tt_seq;
UPDATE public.tt SET v = 'last' WHERE id = pg_temp.f();
-- step
DISCARD ALL;
-- session: main
UPDATE tt_new SET n = 5;
