-- behaviour: a domain's NOT VALID check has values that break it: they are loaded, loaded again, copied and written again with their rows, for the source checks only what is cast; then mended and validated
-- needs: ddl-sync
-- tables: public.dnv, public.dnv_bag, public.dnv_in
-- expect: equal
-- expect: target: SELECT string_agg(conname::text || convalidated, ' ' ORDER BY conname) FROM pg_constraint WHERE contypid = 'public.pos'::regtype => pos_cktrue
-- setup
CREATE DOMAIN pos AS int;
CREATE TYPE pair AS (a pos, b text);
CREATE TABLE dnv (id int PRIMARY KEY, v pos, t text);
CREATE TABLE dnv_bag (v pos, t text);
CREATE TABLE dnv_in (id int PRIMARY KEY, t text);
-- load
INSERT INTO dnv VALUES (1, -5, 'old'), (2, 3, 'fine');
INSERT INTO dnv_bag VALUES (-5, 'old'), (-5, 'old'), (7, 'fine');
ALTER DOMAIN pos ADD CONSTRAINT pos_ck CHECK (VALUE > 0) NOT VALID;
-- live
UPDATE dnv SET t = 'touched' WHERE id = 1;
INSERT INTO dnv SELECT id + 10, v, t FROM dnv WHERE id = 1;
INSERT INTO dnv VALUES (3, 3, 'new');
-- error: 23514
INSERT INTO dnv VALUES (4, -4, 'refused');
UPDATE dnv_bag SET t = 'touched' WHERE v < 0;
-- step
ALTER TABLE dnv ADD c timestamptz DEFAULT clock_timestamp();
UPDATE dnv SET id = id + 100;
ALTER TABLE dnv_bag ADD d float8 DEFAULT random();
INSERT INTO dnv_in VALUES (1, 'other tables go on');
-- step
UPDATE dnv SET v = 1 WHERE v::int < 0;
DELETE FROM dnv_bag WHERE v::int < 0;
ALTER DOMAIN pos VALIDATE CONSTRAINT pos_ck;
INSERT INTO dnv VALUES (4, 4, 'valid');
