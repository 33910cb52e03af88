-- behaviour: composites: nested, arrays of composites, all-NULL row vs NULL, quoting of commas, parentheses, quotes and backslashes
-- tables: public.co
-- setup
CREATE TYPE inner_t AS (f float8, t text, n int);
CREATE TYPE lvl AS ENUM ('lo', 'h,i');
CREATE TYPE outer_t AS (i inner_t, arr inner_t[], l lvl, la lvl[]);
CREATE TABLE co (id int PRIMARY KEY, a inner_t, b inner_t[], o outer_t, oa outer_t[]);
-- load
INSERT INTO co VALUES (1, ROW(1.5, 'a,(b) "c" \d', 1), ARRAY[ROW(1, NULL, NULL)::inner_t, NULL, ROW(NULL, '', 2)::inner_t], ROW(ROW(1, 'x', 1), ARRAY[ROW(2, 'y', 2)::inner_t], 'h,i', '{lo,NULL}'), NULL), (2, NULL, NULL, NULL, NULL), (3, ROW(NULL, NULL, NULL), '{}', ROW(NULL, NULL, NULL, NULL), '{}');
-- live
UPDATE co SET a.t = E'new\nline', b[2] = ROW('NaN', 'q"q', -1)::inner_t WHERE id = 1;
UPDATE co SET a = ROW(NULL, NULL, NULL) WHERE id = 2;
UPDATE co SET a = NULL WHERE id = 3;
UPDATE co SET oa = ARRAY[o, o] WHERE id = 1;
