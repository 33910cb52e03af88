-- behaviour: truncate followed by inserts in the same and in later transactions; truncate of an empty table; restart identity
-- needs: pg>=11
-- tables: public.tr1, public.tr2, public.tr3
-- setup
CREATE TABLE tr1 (id int PRIMARY KEY, v text);
CREATE TABLE tr2 (id serial PRIMARY KEY, v text);
CREATE TABLE tr3 (id int PRIMARY KEY);
-- load
INSERT INTO tr1 SELECT g, 'old' FROM generate_series(1, 100) g;
INSERT INTO tr2 (v) SELECT 'old' FROM generate_series(1, 100) g;
-- live
BEGIN;
INSERT INTO tr1 VALUES (1001, 'before');
TRUNCATE tr1;
INSERT INTO tr1 VALUES (1, 'after'), (1001, 'after');
COMMIT;
TRUNCATE tr3;
TRUNCATE tr2 RESTART IDENTITY;
INSERT INTO tr2 (v) VALUES ('first again');
-- step
TRUNCATE tr1, tr2, tr3;
INSERT INTO tr3 VALUES (1);
