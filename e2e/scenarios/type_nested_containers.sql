-- behaviour: containers within containers keep every quote, backslash, NULL and bound: arrays of composites of arrays, domains over arrays, arrays of ranges, multidimensional and empty arrays, lower bounds, records that look like text
-- tables: public.nc
-- setup
CREATE TYPE inner_t AS (a text, b int[], c text[]);
CREATE TYPE outer_t AS (i inner_t, many inner_t[], n numeric);
CREATE DOMAIN words AS text[] CHECK (array_length(VALUE, 1) < 100);
CREATE TYPE frange AS RANGE (subtype = text, collation = "C");
CREATE TABLE nc (id int PRIMARY KEY, o outer_t, os outer_t[], w words, ws words, r frange[], m int[][], j jsonb[], b bytea[], h text[]);
-- load
INSERT INTO nc VALUES
 (1, ROW(ROW('a"b\c,()', '{1,NULL}', ARRAY['x"', 'y\', NULL, 'NULL', '', ' ', '{}']), ARRAY[ROW('', NULL, '{}')::inner_t, NULL], 1.10), NULL, ARRAY['NULL', NULL], '{}', ARRAY[frange('a"', 'b\', '[]'), 'empty', frange(NULL, 'z')], '{{1,2},{3,NULL}}', ARRAY['{"a": "\\"}'::jsonb, 'null', NULL], ARRAY['\x00ff'::bytea, ''], '[5:7]={a,b,c}'),
 (2, NULL, ARRAY[NULL, ROW(NULL, NULL, NULL)::outer_t], NULL, NULL, '{}', '[-1:0][2:3]={{1,2},{3,4}}', '{}', NULL, ARRAY[E'\n\t\r', E'\u00a0', '𝒳']);
-- live
UPDATE nc SET os = ARRAY[o, o, NULL];
UPDATE nc SET o.i.a = E'new "\\" line\n' WHERE id = 1;
UPDATE nc SET m[5][1] = NULL WHERE false;
UPDATE nc SET h[9] = 'far' WHERE id = 1;
INSERT INTO nc SELECT id + 10, o, os, w, ws, r, m, j, b, h FROM nc;
UPDATE nc SET w = w || ARRAY[repeat('\"', 3000)] WHERE id = 11;
-- step
UPDATE nc SET id = id + 100;
UPDATE nc SET h = NULL, w = '{}' WHERE id > 110;
