-- behaviour: a primary key WITHOUT OVERLAPS (version 18): periods are moved, split, shortened and deleted; neighbours stay
-- needs: pg>=18; ext:btree_gist
-- tables: public.kt, public.kt2
-- setup
CREATE EXTENSION btree_gist;
CREATE TABLE kt (id int, during daterange, v text, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE kt2 (id int, during tsrange NOT NULL, v text, UNIQUE (id, during WITHOUT OVERLAPS));
-- load
INSERT INTO kt SELECT g % 20, daterange('2000-01-01'::date + 10 * g, '2000-01-01'::date + 10 * g + 5), 'v' || g FROM generate_series(1, 3000) g;
INSERT INTO kt2 SELECT g % 5, tsrange('2000-01-01'::timestamp + g * interval '1 day', '2000-01-02'::timestamp + g * interval '1 day'), repeat('x' || g, 1500) FROM generate_series(1, 40) g;
-- live
UPDATE kt SET v = 'u' WHERE id = 3;
UPDATE kt SET during = daterange(lower(during), upper(during) - 2) WHERE id = 4;
DELETE FROM kt WHERE id = 5;
BEGIN;
DELETE FROM kt WHERE id = 6;
INSERT INTO kt VALUES (6, '[2000-01-01,2010-01-01)', 'one');
UPDATE kt SET during = '[2000-01-01,2005-01-01)' WHERE id = 6;
INSERT INTO kt VALUES (6, '[2005-01-01,2010-01-01)', 'two');
COMMIT;
UPDATE kt2 SET during = tsrange(lower(during), upper(during) - interval '1 hour');
DELETE FROM kt2 WHERE id = 1;
