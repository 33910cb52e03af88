-- behaviour: exclusion constraints (with and without primary key): bookings move past each other inside one transaction; deferrable exclusion; btree exclusion acting as a unique key
-- needs: ext:btree_gist
-- tables: public.book, public.exc
-- setup
CREATE EXTENSION btree_gist;
CREATE TABLE book (id int PRIMARY KEY, room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&) DEFERRABLE INITIALLY IMMEDIATE);
CREATE TABLE exc (id int PRIMARY KEY, val int, EXCLUDE USING btree (val WITH =));
-- load
INSERT INTO book SELECT g, 1, tsrange(timestamp '2024-01-01' + g * interval '1 hour', timestamp '2024-01-01' + (g + 1) * interval '1 hour') FROM generate_series(0, 9) g;
INSERT INTO exc VALUES (1, 10), (2, 20);
-- live
UPDATE book SET during = tsrange(lower(during) + interval '1 hour', upper(during) + interval '1 hour');
-- step
BEGIN;
DELETE FROM exc WHERE id = 1;
UPDATE exc SET val = 10 WHERE id = 2;
INSERT INTO exc VALUES (1, 20);
COMMIT;
