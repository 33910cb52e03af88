-- behaviour: values of a deferrable unique constraint beside the key are swapped, rotated and shifted, checked at the statement's end or at the commit; none is lost, none refused
-- tables: public.ds, public.ds_bag
-- setup
CREATE TABLE ds (id int PRIMARY KEY, pos int, slot text, UNIQUE (pos) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT ds_slot UNIQUE (slot) DEFERRABLE INITIALLY IMMEDIATE);
CREATE TABLE ds_bag (pos int, v text, CONSTRAINT ds_bag_pos UNIQUE (pos) DEFERRABLE INITIALLY DEFERRED);
-- load
INSERT INTO ds SELECT g, g, 's' || g FROM generate_series(1, 50) g;
INSERT INTO ds_bag SELECT g, 'v' || g FROM generate_series(1, 10) g;
-- during
UPDATE ds SET pos = 51 - pos;
-- live
UPDATE ds SET pos = pos + 1;
UPDATE ds SET slot = 's' || (id % 50 + 1);
BEGIN;
UPDATE ds SET pos = 7 WHERE id = 1;
UPDATE ds SET pos = 3 WHERE id = 2;
UPDATE ds SET pos = pos + 2000 WHERE pos IN (7, 3) AND id NOT IN (1, 2);
UPDATE ds SET id = id + 100, pos = -id WHERE id IN (10, 11);
UPDATE ds SET pos = pos - 1000 WHERE id = 12;
COMMIT;
UPDATE ds_bag SET pos = pos + 1;
BEGIN;
INSERT INTO ds_bag VALUES (5, 'twice');
UPDATE ds_bag SET pos = NULL WHERE v = 'v4';
DELETE FROM ds_bag WHERE v = 'v8';
INSERT INTO ds_bag VALUES (9, 'nine');
COMMIT;
-- error: 23505
UPDATE ds SET pos = 50;
