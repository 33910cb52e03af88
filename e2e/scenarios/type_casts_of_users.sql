-- behaviour: casts that users made between text and their types have no part in copying values: what is stored is what arrives
-- tables: public.tc_keyed, public.tc_bag
-- setup
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TYPE amount AS (units numeric, currency text);
CREATE FUNCTION colour_of(text) RETURNS colour IMMUTABLE LANGUAGE sql AS $$ SELECT 'blue'::public.colour $$;
CREATE FUNCTION text_of(colour) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'a colour'::text $$;
CREATE FUNCTION amount_of(text) RETURNS amount IMMUTABLE LANGUAGE sql AS $$ SELECT ROW(split_part($1, ' ', 1)::numeric, split_part($1, ' ', 2))::public.amount $$;
CREATE FUNCTION text_of(amount) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT ($1).currency $$;
CREATE CAST (text AS colour) WITH FUNCTION colour_of(text) AS ASSIGNMENT;
CREATE CAST (colour AS text) WITH FUNCTION text_of(colour) AS ASSIGNMENT;
CREATE CAST (text AS amount) WITH FUNCTION amount_of(text) AS ASSIGNMENT;
CREATE CAST (amount AS text) WITH FUNCTION text_of(amount) AS ASSIGNMENT;
CREATE TABLE tc_keyed (id int PRIMARY KEY, c colour, a amount, cs colour[]);
CREATE TABLE tc_bag (c colour, a amount, n int);
-- load
INSERT INTO tc_keyed VALUES (1, 'red', (1.50, 'EUR'), '{red,green}'), (2, 'green', (2, NULL), '{}');
INSERT INTO tc_bag VALUES ('red', (1, 'EUR'), 1), ('green', (1, 'EUR'), 1), ('red', (2, 'EUR'), 1), ('red', (1, 'EUR'), 1);
-- live
INSERT INTO tc_keyed VALUES (3, 'red', (3, 'USD'), '{green}');
UPDATE tc_keyed SET c = 'green', a = (9.9, 'USD') WHERE id = 1;
DELETE FROM tc_bag WHERE c = 'green'::colour;
UPDATE tc_bag SET n = 2 WHERE (a).units = 2;
INSERT INTO tc_bag VALUES ('green', (7, 'CHF'), 3);
-- step
DELETE FROM tc_bag WHERE n = 2;
DELETE FROM tc_bag WHERE ctid IN (SELECT ctid FROM tc_bag WHERE n = 1 LIMIT 1);
