-- behaviour: unique values of partial and expression indexes change hands in cycles of three, within a transaction and across transactions, beside an exclusion constraint
-- needs: ext:btree_gist
-- tables: public.cp
-- setup
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE cp (id int PRIMARY KEY, mail text, live bool, lo int, hi int, seat int UNIQUE DEFERRABLE INITIALLY DEFERRED, EXCLUDE USING gist (int4range(lo, hi) WITH &&) WHERE (live) DEFERRABLE INITIALLY DEFERRED);
CREATE UNIQUE INDEX ON cp (lower(mail)) WHERE live;
CREATE UNIQUE INDEX ON cp ((lo % 1000), (hi > 0)) WHERE NOT live;
-- load
INSERT INTO cp SELECT g, 'M' || g || '@x', true, g * 10, g * 10 + 10, g FROM generate_series(1, 30) g;
-- live
BEGIN;
UPDATE cp SET live = false WHERE id IN (1, 2, 3);
UPDATE cp SET mail = 'm2@X' WHERE id = 1;
UPDATE cp SET mail = 'm3@X' WHERE id = 2;
UPDATE cp SET mail = 'm1@X' WHERE id = 3;
UPDATE cp SET live = true WHERE id IN (1, 2, 3);
COMMIT;
BEGIN;
UPDATE cp SET seat = CASE id WHEN 4 THEN 5 WHEN 5 THEN 6 ELSE 4 END, lo = CASE id WHEN 4 THEN 50 WHEN 5 THEN 60 ELSE 40 END, hi = CASE id WHEN 4 THEN 60 WHEN 5 THEN 70 ELSE 50 END WHERE id IN (4, 5, 6);
COMMIT;
UPDATE cp SET live = false WHERE id = 7;
INSERT INTO cp VALUES (107, 'm7@X', true, 70, 80, 107);
DELETE FROM cp WHERE id = 107;
UPDATE cp SET live = true WHERE id = 7;
BEGIN;
DELETE FROM cp WHERE id = 8;
INSERT INTO cp VALUES (108, 'm8@x', true, 80, 90, 8);
UPDATE cp SET id = 8 WHERE id = 108;
COMMIT;
-- step
UPDATE cp SET seat = 31 - seat;
UPDATE cp SET seat = seat + 100 WHERE id % 2 = 0;
UPDATE cp SET lo = -hi, hi = -lo;
