-- behaviour: domains over base, over domain, over array, over composite, over enum, with NOT NULL, DEFAULT and a CHECK calling an SQL function
-- tables: public.dm
-- setup
CREATE FUNCTION small_enough(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 100';
CREATE DOMAIN d_int AS int CHECK (small_enough(VALUE));
CREATE DOMAIN d_int2 AS d_int DEFAULT 7 NOT NULL;
CREATE DOMAIN d_arr AS int[] CHECK (array_length(VALUE, 1) < 5);
CREATE TYPE d_c AS (x d_int, y text);
CREATE DOMAIN d_comp AS d_c CHECK ((VALUE).y <> 'bad');
CREATE DOMAIN d_vc AS varchar(3);
CREATE DOMAIN d_num AS numeric(8,3);
CREATE TABLE dm (id int PRIMARY KEY, a d_int, b d_int2, c d_arr, d d_comp, e d_vc, f d_num, g d_int[]);
-- load
INSERT INTO dm VALUES (1, 1, 2, '{1,2}', ROW(3, 'ok'), 'abc', 1.5, '{1,NULL}'), (2, NULL, DEFAULT, NULL, NULL, NULL, NULL, NULL);
-- live
UPDATE dm SET a = 99, c = c || 3, d = ROW(5, 'o,k'), f = 12345.678 WHERE id = 1;
INSERT INTO dm (id) VALUES (3);
UPDATE dm SET g = '{}' WHERE id = 2;
