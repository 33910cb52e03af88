-- behaviour: stored generated columns with functions
-- needs: pg>=12
-- tables: public.gs
-- expect: equal
-- setup
CREATE FUNCTION twice(i int) RETURNS int IMMUTABLE LANGUAGE sql AS 'select i * 2';
CREATE TABLE gs (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (twice(a)) STORED, c text GENERATED ALWAYS AS (upper('x' || a::text)) STORED, UNIQUE (b));
-- load
INSERT INTO gs (id, a) SELECT g, g FROM generate_series(1, 10) g;
-- live
UPDATE gs SET a = a + 100;
INSERT INTO gs VALUES (11, 5);
DELETE FROM gs WHERE b = 10;
