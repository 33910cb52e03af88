-- behaviour: a column's enum is replaced by a narrower one through a new type and a rename, through text, through a domain, within transactions with rows, also in keys and partitions' bounds
-- needs: ddl-sync; pg>=12
-- tables: public.eb, public.eb_key, public.eb_part
-- setup
CREATE TYPE eb_t AS ENUM ('a', 'b', 'c', 'old');
CREATE TABLE eb (id int PRIMARY KEY, e eb_t DEFAULT 'a', es eb_t[]);
CREATE TABLE eb_key (e eb_t PRIMARY KEY, n int);
CREATE TABLE eb_part (e eb_t, n int, PRIMARY KEY (e, n)) PARTITION BY LIST (e);
CREATE TABLE eb_part_a PARTITION OF eb_part FOR VALUES IN ('a', 'old');
CREATE TABLE eb_part_x PARTITION OF eb_part DEFAULT;
-- load
INSERT INTO eb SELECT g, (ARRAY['a', 'b', 'c', 'old'])[1 + g % 4]::eb_t, '{a,old}' FROM generate_series(1, 20) g;
INSERT INTO eb_key VALUES ('a', 1), ('old', 2);
INSERT INTO eb_part VALUES ('a', 1), ('b', 2), ('old', 3);
-- live
BEGIN;
ALTER TABLE eb ALTER e DROP DEFAULT;
UPDATE eb SET e = 'b' WHERE e = 'old';
UPDATE eb_key SET e = 'c' WHERE e = 'old';
CREATE TYPE eb_new AS ENUM ('c', 'b', 'a');
ALTER TABLE eb ALTER e TYPE eb_new USING e::text::eb_new, ALTER es TYPE text[] USING es::text[];
ALTER TABLE eb_key ALTER e TYPE eb_new USING e::text::eb_new;
ALTER TABLE eb ALTER e SET DEFAULT 'c';
INSERT INTO eb (id) VALUES (100);
ALTER TYPE eb_t RENAME TO eb_was;
ALTER TYPE eb_new RENAME TO eb_t;
INSERT INTO eb (id, e) VALUES (101, 'a');
COMMIT;
ALTER TYPE eb_t ADD VALUE 'first' BEFORE 'c';
UPDATE eb SET e = 'first' WHERE id = 3;
INSERT INTO eb_key VALUES ('first', 5);
ALTER TYPE eb_was ADD VALUE 'zz';
INSERT INTO eb_part VALUES ('zz', 9);
-- step
CREATE DOMAIN eb_d AS eb_t CHECK (VALUE <> 'first') ;
UPDATE eb SET e = 'a' WHERE e = 'first';
ALTER TABLE eb ALTER e TYPE eb_d;
ALTER DOMAIN eb_d DROP CONSTRAINT eb_d_check;
UPDATE eb SET e = 'first' WHERE id = 5;
ALTER TABLE eb ALTER e TYPE text;
UPDATE eb SET e = 'anything' WHERE id = 6;
ALTER TYPE eb_t RENAME VALUE 'first' TO 'second';
UPDATE eb_key SET n = 6 WHERE e = 'second';
DROP DOMAIN eb_d;
CREATE TYPE eb_part_t AS ENUM ('x');
ALTER TABLE eb_part DETACH PARTITION eb_part_a;
ALTER TABLE eb_part_a DROP CONSTRAINT eb_part_a_pkey;
DELETE FROM eb_part WHERE n = 9;
