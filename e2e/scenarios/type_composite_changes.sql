-- behaviour: a composite type gains, loses and renames attributes while rows of it flow: dropped attributes leave no trace in text, and rows before and behind each change arrive
-- needs: ddl-sync
-- tables: public.cc, public.cc_bag
-- setup
CREATE TYPE cc_t AS (a int, gone text, b text);
ALTER TYPE cc_t DROP ATTRIBUTE gone;
CREATE TABLE cc (id int PRIMARY KEY, c cc_t, cs cc_t[]);
CREATE TABLE cc_bag (c cc_t, n int);
-- load
INSERT INTO cc VALUES (1, (1, 'x'), ARRAY[(1, 'y')::cc_t, NULL]), (2, NULL, '{}'), (3, (NULL, NULL), NULL);
INSERT INTO cc_bag VALUES ((1, 'x'), 1), ((1, 'x'), 1), ((2, NULL), 2);
-- live
INSERT INTO cc VALUES (4, (4, 'before'), NULL);
ALTER TYPE cc_t ADD ATTRIBUTE d date;
INSERT INTO cc VALUES (5, (5, 'behind', '2024-01-01'), ARRAY[(5, 'q', NULL)::cc_t]);
UPDATE cc SET c.d = '2024-02-02' WHERE id = 1;
DELETE FROM cc_bag WHERE ctid IN (SELECT ctid FROM cc_bag WHERE n = 1 LIMIT 1);
BEGIN;
UPDATE cc SET c.b = 'same' WHERE id = 4;
ALTER TYPE cc_t DROP ATTRIBUTE b;
UPDATE cc SET c.d = '2024-03-03' WHERE id = 4;
COMMIT;
-- step
ALTER TYPE cc_t RENAME ATTRIBUTE a TO z;
INSERT INTO cc VALUES (6, (6, NULL), NULL);
UPDATE cc_bag SET n = 3 WHERE n = 2;
