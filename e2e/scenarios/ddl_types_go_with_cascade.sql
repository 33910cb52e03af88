-- behaviour: a type, a function and a schema are dropped with all that needs them (attributes of composites, checks of domains, columns, defaults), come anew under their names with another content, and rows use that at once
-- needs: ddl-sync; pg>=12
-- tables: public.tc, public.tc_bag
-- setup
CREATE SCHEMA tcs;
CREATE TYPE tcs.mood AS ENUM ('a', 'b');
CREATE FUNCTION tcs.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE TYPE tc_pair AS (m tcs.mood, n int);
CREATE DOMAIN tc_dom AS int CHECK (tcs.f(VALUE) > 5);
CREATE TABLE tc (id int PRIMARY KEY, m tcs.mood, p tc_pair, d tc_dom, n int DEFAULT tcs.f(3));
CREATE TABLE tc_bag (p tc_pair, d tc_dom);
-- load
INSERT INTO tc SELECT g, 'a', ('b', g)::tc_pair, g + 10 FROM generate_series(1, 10) g;
INSERT INTO tc_bag SELECT ('a', g)::tc_pair, 10 FROM generate_series(1, 3) g;
-- live
DROP TYPE tcs.mood CASCADE;
CREATE TYPE tcs.mood AS ENUM ('z');
ALTER TABLE tc ADD m tcs.mood;
UPDATE tc SET m = 'z', p.n = 7 WHERE id < 5;
DELETE FROM tc_bag WHERE (p).n = 2;
-- step
BEGIN;
DROP FUNCTION tcs.f(int) CASCADE;
CREATE FUNCTION tcs.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1';
ALTER DOMAIN tc_dom ADD CHECK (tcs.f(VALUE) < 0);
INSERT INTO tc (id, d) VALUES (20, 1);
COMMIT;
INSERT INTO tc_bag VALUES (NULL, 2);
-- step
BEGIN;
UPDATE tc SET m = NULL WHERE id = 1;
DROP SCHEMA tcs CASCADE;
CREATE SCHEMA tcs;
CREATE TYPE tcs.mood AS (x text);
ALTER TYPE tc_pair ADD ATTRIBUTE m tcs.mood;
ALTER TABLE tc ADD m tcs.mood, ALTER n SET DEFAULT 4;
INSERT INTO tc (id, d, p, m) VALUES (21, -1, (1, ROW('in')), ROW('here'));
COMMIT;
UPDATE tc SET p.m.x = 'later' WHERE id = 3;
