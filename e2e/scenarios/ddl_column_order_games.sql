-- behaviour: columns that are added, dropped, renamed to each other's names, retyped and given identity or generation within transactions that also write rows before, between and after, on a table with a key made of them
-- needs: pg>=12; ddl-sync
-- tables: public.co
-- setup
CREATE TABLE co (a int, b int, c text, d text, PRIMARY KEY (a, b));
-- load
INSERT INTO co SELECT g, g * 2, 'c' || g, 'd' || g FROM generate_series(1, 30) g;
-- live
BEGIN;
UPDATE co SET c = 'first' WHERE a = 1;
ALTER TABLE co RENAME c TO tmp;
ALTER TABLE co RENAME d TO c;
ALTER TABLE co RENAME tmp TO d;
UPDATE co SET c = 'second' WHERE a = 2;
ALTER TABLE co ADD e int GENERATED ALWAYS AS (a + b) STORED;
INSERT INTO co (a, b, c, d) VALUES (100, 200, 'x', 'y');
ALTER TABLE co ALTER e DROP EXPRESSION;
COMMIT;
-- step
UPDATE co SET e = 0 WHERE a = 3;
BEGIN;
ALTER TABLE co DROP CONSTRAINT co_pkey;
ALTER TABLE co ADD id bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE co ADD PRIMARY KEY (id);
UPDATE co SET b = 1;
UPDATE co SET a = 1 WHERE id % 2 = 0;
COMMIT;
UPDATE co SET d = 'by id' WHERE id = 7;
BEGIN;
ALTER TABLE co ALTER b TYPE text USING 'b' || b;
UPDATE co SET b = b || '!' WHERE id = 8;
ALTER TABLE co DROP a;
ALTER TABLE co ADD a text DEFAULT 'new a';
DELETE FROM co WHERE id = 9;
COMMIT;
ALTER TABLE co DROP id;
INSERT INTO co (b, c, d, e, a) VALUES ('no key', NULL, NULL, NULL, NULL);
DELETE FROM co WHERE d = 'by id';
UPDATE co SET a = 'full' WHERE b = 'b1';
