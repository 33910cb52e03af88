-- behaviour: keys that look like separators, quotes, escapes, NULL or other keys joined together ('a','bc' and 'ab','c') are rows of their own: loaded, updated, moved onto each other, deleted, in text, bytea, arrays and composites
-- tables: public.kt, public.kt2, public.kb, public.ka
-- setup
CREATE TABLE kt (k text PRIMARY KEY, v int);
CREATE TABLE kt2 (a text, b text, c text NOT NULL, v int, PRIMARY KEY (a, b, c));
CREATE TABLE kb (k bytea PRIMARY KEY, v int);
CREATE TABLE ka (k text[] PRIMARY KEY, v int);
CREATE TABLE words (n serial, w text);
-- load
INSERT INTO words (w) VALUES (''), (' '), ('  '), ('NULL'), ('null'), ('"'), ('""'), (''''), (''''''), ('\'), ('\\'), ('\N'), ('\n'), (E'\n'), (E'\r'), (E'\t'), (E'\b'), (E'\x01'), (E'\x1f'), (E'\x7f'), ('{}'), ('{NULL}'), ('{'), ('}'), (','), ('()'), ('(,)'), ('%s'), ('$1'), (':a'), ('--'), ('/*'), (';'), ('a,b'), ('a","b'), ('\.'), ('a'), ('A'), ('á'), (U&'a\0301'), ('é'), ('😀'), (U&'\FFFD'), (U&'\FEFF'), (U&'\200B'), (U&'\00A0'), ('0'), ('00'), ('t'), ('[1,2)'), ('1e1000'), ('x''; DROP TABLE kt; --');
INSERT INTO kt SELECT w, n FROM words;
INSERT INTO kt2 SELECT x.w, y.w, '', x.n FROM words x, words y WHERE (x.n + y.n) % 3 = 0;
INSERT INTO kt2 VALUES ('a', 'bc', '', 1), ('ab', 'c', '', 2), ('abc', '', '', 3), ('', 'abc', '', 4), ('', '', 'abc', 5), ('a', 'b', 'c', 6);
INSERT INTO kb SELECT convert_to(w, 'UTF8') || '\x00'::bytea, n FROM words;
INSERT INTO kb VALUES ('\x', 1), ('\x0000', 3), ('\x5c78', 4), ('\x000001', 5);
INSERT INTO ka SELECT ARRAY[w], n FROM words;
INSERT INTO ka VALUES ('{}', 1), ('{NULL}', 2), ('{"NULL"}', 3), ('{a,b}', 4), ('{"a,b"}', -4), ('{{a},{b}}', 5), ('[0:1]={a,b}', 6), ('{"",""}', 7) ON CONFLICT DO NOTHING;
-- live
UPDATE kt SET v = v + 1000;
UPDATE kt2 SET v = v + 1000 WHERE a < b;
UPDATE kb SET v = v + 1000;
UPDATE ka SET v = v + 1000;
-- step
BEGIN;
DELETE FROM kt WHERE k IN ('\', '', 'NULL', '{}');
UPDATE kt SET k = '\' WHERE k = '\\';
UPDATE kt SET k = '' WHERE k = ' ';
UPDATE kt SET k = 'NULL' WHERE k = 'null';
UPDATE kt SET k = k || E'\\' WHERE k LIKE '%"%';
INSERT INTO kt VALUES ('\\', -1), ('null', -2), ('{}', -3);
COMMIT;
UPDATE kt2 SET a = b, b = a WHERE a > b AND v < 1000 AND NOT EXISTS (SELECT FROM kt2 o WHERE o.a = kt2.b AND o.b = kt2.a);
DELETE FROM kt2 WHERE a || b = 'abc' AND a <> '';
UPDATE kb SET k = k || k WHERE v % 3 = 0;
DELETE FROM ka WHERE k @> '{a}';
UPDATE ka SET k = k || NULL::text WHERE v % 4 = 0;
