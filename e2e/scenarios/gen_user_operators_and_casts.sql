-- behaviour: generated columns, checks, defaults, indexes, exclusion and partition keys use operators, casts, operator classes and aggregates of users, which have to be there before the table, and which come and are replaced while it streams
-- needs: superuser; ddl-sync
-- tables: public.uo, public.uo_ex, public.uo_live, public.uo_p
-- setup
CREATE SCHEMA ops;
CREATE FUNCTION ops.glue(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 || ''~'' || $2';
CREATE OPERATOR ops.### (FUNCTION = ops.glue, LEFTARG = text, RIGHTARG = text);
CREATE TYPE ops.pair AS (a int, b int);
CREATE FUNCTION ops.to_pair(int) RETURNS ops.pair LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1 / 10, $1 % 10)::ops.pair';
CREATE CAST (int AS ops.pair) WITH FUNCTION ops.to_pair(int);
CREATE FUNCTION ops.mod_cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN $1 % 100 < $2 % 100 THEN -1 WHEN $1 % 100 > $2 % 100 THEN 1 ELSE 0 END';
CREATE FUNCTION ops.mod_lt(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 100 < $2 % 100';
CREATE FUNCTION ops.mod_le(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 100 <= $2 % 100';
CREATE FUNCTION ops.mod_eq(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 100 = $2 % 100';
CREATE OPERATOR ops.=% (FUNCTION = ops.mod_eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(ops.=%));
CREATE FUNCTION ops.mod_gt(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 100 > $2 % 100';
CREATE FUNCTION ops.mod_ge(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 100 >= $2 % 100';
CREATE OPERATOR ops.<% (FUNCTION = ops.mod_lt, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR ops.<=% (FUNCTION = ops.mod_le, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR ops.>% (FUNCTION = ops.mod_gt, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR ops.>=% (FUNCTION = ops.mod_ge, LEFTARG = int, RIGHTARG = int);
CREATE OPERATOR CLASS ops.mod_ops FOR TYPE int USING btree AS OPERATOR 1 ops.<%, OPERATOR 2 ops.<=%, OPERATOR 3 ops.=%, OPERATOR 4 ops.>=%, OPERATOR 5 ops.>%, FUNCTION 1 ops.mod_cmp(int, int);
CREATE TABLE uo (id int PRIMARY KEY, a text, b text DEFAULT ('d' OPERATOR(ops.###) 'e'), g text GENERATED ALWAYS AS (a OPERATOR(ops.###) b) STORED, n int, p ops.pair GENERATED ALWAYS AS (n::ops.pair) STORED, CHECK ((a OPERATOR(ops.###) b) <> 'x~x'));
CREATE INDEX ON uo ((a OPERATOR(ops.###) 'i'));
CREATE TABLE uo_ex (n int NOT NULL, v text, CONSTRAINT uo_ex_n EXCLUDE USING btree (n ops.mod_ops WITH OPERATOR(ops.=%)));
CREATE TABLE uo_p (id int NOT NULL, v text) PARTITION BY RANGE (id ops.mod_ops);
CREATE TABLE uo_p1 PARTITION OF uo_p FOR VALUES FROM (0) TO (50);
CREATE TABLE uo_p2 PARTITION OF uo_p FOR VALUES FROM (50) TO (99);
CREATE UNIQUE INDEX uo_p_id ON uo_p (id ops.mod_ops);
-- load
INSERT INTO uo (id, a, n) SELECT g, 'a' || g, g * 7 FROM generate_series(1, 20) g;
INSERT INTO uo_ex SELECT g, 'e' FROM generate_series(1, 20) g;
INSERT INTO uo_p SELECT g + 100, 'p' FROM generate_series(1, 90) g;
-- live
UPDATE uo SET b = 'u', n = NULL WHERE id < 5;
UPDATE uo SET id = id + 100 WHERE id > 15;
BEGIN;
UPDATE uo_ex SET n = 500 WHERE n = 1;
UPDATE uo_ex SET n = 701 WHERE n = 2;
INSERT INTO uo_ex VALUES (1002, 'f');
COMMIT;
DELETE FROM uo_ex WHERE n = 3;
UPDATE uo_p SET id = id + 500 WHERE id = 120;
UPDATE uo_p SET id = 395 WHERE id = 130;
DELETE FROM uo_p WHERE id = 140;
UPDATE uo_p SET v = 'q' WHERE id = 150;
-- step
BEGIN;
CREATE FUNCTION ops.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE OPERATOR ops.@@@ (FUNCTION = ops.twice, RIGHTARG = int);
CREATE TABLE uo_live (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (OPERATOR(ops.@@@) n) STORED, CHECK ((OPERATOR(ops.@@@) n) < 1000));
INSERT INTO uo_live (id, n) VALUES (1, 1), (2, 2);
COMMIT;
ALTER OPERATOR ops.@@@ (NONE, int) SET SCHEMA public;
INSERT INTO uo_live (id, n) VALUES (3, 3);
ALTER TABLE uo ADD h text GENERATED ALWAYS AS (upper(a OPERATOR(ops.###) b)) STORED;
ALTER SCHEMA ops RENAME TO ops2;
UPDATE uo SET a = 'z' WHERE id = 6;
UPDATE uo_live SET n = 5 WHERE id = 1;
UPDATE uo_ex SET n = n + 40 WHERE n = 10;
