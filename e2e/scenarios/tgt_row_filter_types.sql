-- behaviour: row conditions over composites, arrays, enums, NULLs, the whole row and casts of users judge rows as the source would, in load and changes
-- filter: public.rt: ((addr).city = 'x' OR 'in' = ANY (tags)) AND mood <> 'sad'
-- filter: public.rt_bag: n IS NOT NULL AND v IS DISTINCT FROM 'no'
-- tables: public.rt
-- expect: target: SELECT id FROM public.rt ORDER BY id => 1;3;6;8
-- expect: target: SELECT n, v FROM public.rt_bag ORDER BY n, v => 1|yes;1|yes;2|;3|yes
-- setup
CREATE TYPE rt_addr AS (street text, city text);
CREATE TYPE rt_mood AS ENUM ('sad', 'ok');
CREATE FUNCTION rt_mood_of(text) RETURNS rt_mood IMMUTABLE LANGUAGE sql AS $$ SELECT 'sad'::public.rt_mood $$;
CREATE CAST (text AS rt_mood) WITH FUNCTION rt_mood_of(text);
CREATE TABLE rt (id int PRIMARY KEY, addr rt_addr, tags text[], mood rt_mood);
CREATE TABLE rt_bag (n int, v text);
-- load
INSERT INTO rt VALUES (1, ('s', 'x'), NULL, 'ok'), (2, ('s', 'y'), '{out}', 'ok'), (3, NULL, '{in,NULL}', 'ok'), (4, ('s', 'x'), '{in}', 'sad'), (5, NULL, NULL, 'ok');
INSERT INTO rt_bag VALUES (1, 'yes'), (1, 'yes'), (NULL, 'yes'), (2, 'no');
-- live
INSERT INTO rt VALUES (6, (NULL, 'x'), NULL, 'ok'), (7, (NULL, 'x'), NULL, 'sad'), (8, ('a', 'b'), '{}', 'ok'), (9, NULL, '{in}', 'ok');
UPDATE rt SET tags = tags || 'in'::text WHERE id = 8;
UPDATE rt SET mood = 'sad' WHERE id = 9;
UPDATE rt_bag SET v = NULL WHERE v = 'no';
UPDATE rt_bag SET n = 3 WHERE n IS NULL;
INSERT INTO rt_bag VALUES (1, 'no'), (4, 'yes');
DELETE FROM rt_bag WHERE n = 4;
