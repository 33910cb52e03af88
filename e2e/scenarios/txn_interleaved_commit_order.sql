-- behaviour: two sessions interleave; the transaction that starts first commits last; conflicts on one row resolve in commit order; big concurrent transactions force streaming
-- tables: public.il
-- setup
CREATE TABLE il (id int PRIMARY KEY, v text);
-- load
INSERT INTO il VALUES (1, 'zero'), (2, 'zero');
-- live
-- session: a
BEGIN;
INSERT INTO il SELECT g, 'a' FROM generate_series(100, 2000) g;
UPDATE il SET v = 'a first' WHERE id = 1;
-- session: b
BEGIN;
UPDATE il SET v = 'b' WHERE id = 2;
INSERT INTO il SELECT g, 'b' FROM generate_series(3000, 5000) g;
DELETE FROM il WHERE id > 3000 AND id < 4000;
COMMIT;
-- session: a
UPDATE il SET v = 'a after b' WHERE id = 2;
DELETE FROM il WHERE id = 3000;
COMMIT;
-- step
-- session: b
UPDATE il SET v = v || '!' WHERE id IN (1, 2);
