-- behaviour: keys move onto keys freed earlier in the same transaction (delete, shift, rotate through a spare value); order within the transaction must be preserved across key-partitioned topics
-- tables: public.chain
-- setup
CREATE TABLE chain (id int PRIMARY KEY, v text NOT NULL);
-- load
INSERT INTO chain VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');
-- live
BEGIN;
DELETE FROM chain WHERE id = 2;
UPDATE chain SET id = 2 WHERE id = 1;
INSERT INTO chain VALUES (1, 'new one');
COMMIT;
-- step
BEGIN;
UPDATE chain SET id = 99 WHERE id = 1;
UPDATE chain SET id = 1 WHERE id = 2;
UPDATE chain SET id = 2 WHERE id = 3;
UPDATE chain SET id = 3 WHERE id = 99;
COMMIT;
-- step
UPDATE chain SET id = id + 1000;
UPDATE chain SET id = id - 999 WHERE id > 1001;
