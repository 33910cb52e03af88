-- behaviour: blank-padded char(n) incl. multi-byte, one-byte "char" with zero values, name, varchar without length
-- tables: public.chs
-- setup
CREATE TABLE chs (id int PRIMARY KEY, c char(5), q "char", n name, v varchar, ca char(3)[], qa "char"[]);
-- load
INSERT INTO chs VALUES (1, 'ab', 'x', 'nm', 'v', '{a,bb}', '{a,b}'), (2, U&'\00E9\00E9', '', '', '', '{"   "}', '{" "}'), (3, '     ', E'\\', repeat('n', 63)::name, '  ', NULL, NULL);
-- live
UPDATE chs SET c = 'abcde', q = chr(65)::"char" WHERE id = 1;
UPDATE chs SET c = NULL, q = NULL, n = NULL WHERE id = 2;
INSERT INTO chs VALUES (4, U&'\65E5\672C\8A9E', (0)::int::"char", U&'\65E5', NULL, '{NULL}', '{NULL}');
