-- behaviour: strings that collide with quoting, COPY and JSON escapes: NULL vs empty, backslash-N, backslash-dot, tabs, CR LF, quotes, control bytes, astral unicode, bidi, normal forms
-- tables: public.txt
-- setup
CREATE TABLE txt (id int PRIMARY KEY, t text, v varchar(40), c char(8));
-- load
INSERT INTO txt VALUES (1, '', '', ''), (2, NULL, NULL, NULL), (3, '\N', '\N', '\N'), (4, '\.', '\.', '\.'), (5, E'a\tb\nc\rd\\e\\\\', E'\r\n', E'\t'), (6, 'NULL', 'null', '  x '),
 (7, E'\x01\x02\x1b\x1f\x7f', '''''''', '"""'), (8, U&'\+10FFFF\+01F9D1\200D\+01F680', U&'\202Ertl\202C', U&'\00E9'), (9, E'$1 %s {} ${x} \\x41 \\u0041', '{"j":1}', 'a,b;c');
INSERT INTO txt SELECT 100 + g, chr(g) FROM generate_series(1, 300) g;
-- live
INSERT INTO txt SELECT 1000 + id, t || t, v, c FROM txt WHERE id < 10;
UPDATE txt SET t = E'\\.\n\\.' WHERE id = 4;
UPDATE txt SET t = NULL WHERE id = 1;
UPDATE txt SET t = '' WHERE id = 2;
-- step
UPDATE txt SET t = U&'e\0301' WHERE id = 8;
UPDATE txt SET c = c || '' , v = v || '  ' WHERE id IN (6, 9);
DELETE FROM txt WHERE id BETWEEN 101 AND 131;
