-- behaviour: extension types: hstore, citext, ltree, cube, isn, seg, intarray; extension has to exist on the target before tables
-- needs: ext:hstore,citext,ltree,cube,isn,seg
-- tables: public.ext
-- setup
CREATE SCHEMA x;
CREATE EXTENSION hstore SCHEMA x; CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube; CREATE EXTENSION isn; CREATE EXTENSION seg;
CREATE TABLE ext (id int PRIMARY KEY, h x.hstore, ha x.hstore[], c citext, l ltree, lq lquery, cu cube, i isbn, s seg);
-- load
INSERT INTO ext VALUES (1, '"a"=>"1", "q\"k"=>NULL, ""=>"x, y=>z"', ARRAY['a=>b'::x.hstore, ''], 'CaSe', 'Top.Sci.Astro', '*{1,2}.b*|c', '(1,2),(3,4)', '0-393-04002-X', '1.5 .. 2.0e3'), (2, '', NULL, '', '', NULL, NULL, NULL, NULL);
-- live
UPDATE ext SET h = h OPERATOR(x.||) 'new=>"va\\l"', c = 'CASE', cu = '(NaN)' WHERE id = 1;
UPDATE ext SET h = 'NULL=>NULL', l = 'a.b' WHERE id = 2;
