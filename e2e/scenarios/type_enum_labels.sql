-- behaviour: enums with hostile labels, sort order different from alphabetical, value inserted in the middle before sync, enum arrays
-- tables: public.en
-- setup
CREATE SCHEMA "T y";
CREATE TYPE "T y"."En um" AS ENUM ('z', 'a', '', 'with space', 'it''s', 'a"b', 'c,d', '{x}', 'NULL', E'tab\there', 'ünïcödé', 'DROP TABLE x; --');
ALTER TYPE "T y"."En um" ADD VALUE 'middle' BEFORE 'a';
CREATE TABLE en (id int PRIMARY KEY, e "T y"."En um" DEFAULT 'a', ea "T y"."En um"[]);
-- load
INSERT INTO en SELECT row_number() OVER (), x, ARRAY[x, NULL, 'z'] FROM unnest(enum_range(NULL::"T y"."En um")) x;
-- live
UPDATE en SET e = 'it''s', ea = ea || 'NULL'::"T y"."En um" WHERE e = '';
UPDATE en SET e = NULL WHERE e = '{x}';
INSERT INTO en (id) VALUES (100);
DELETE FROM en WHERE e > 'middle' AND e < 'with space';
