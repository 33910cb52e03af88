-- behaviour: bpchar without a length keeps its trailing blanks: two rows that differ only there are two, in a table without a key too
-- tables: public.tb_bag, public.tb_key
-- expect: equal
-- expect: target: SELECT '[' || string_agg(concat(c), '][' ORDER BY n) || ']', string_agg(n::text, ',' ORDER BY n) FROM public.tb_bag => [b ][d  ]|2,4
-- expect: target: SELECT '[' || string_agg(concat(k), '][' ORDER BY v) || ']' FROM public.tb_key => [y  ][x]
-- setup
CREATE TABLE tb_bag (c bpchar, n int);
CREATE TABLE tb_key (k bpchar PRIMARY KEY, v int);
-- load
INSERT INTO tb_bag VALUES ('b ', 2), ('d  ', 4), ('b', 2), ('d', 4);
INSERT INTO tb_key VALUES ('x ', 2), ('y', 1);
-- live
DELETE FROM tb_bag WHERE octet_length(c) = 1 AND n = 2;
DELETE FROM tb_bag WHERE octet_length(c) = 1 AND n = 4;
UPDATE tb_key SET k = 'x' WHERE v = 2;
UPDATE tb_key SET k = 'y  ' WHERE v = 1;
