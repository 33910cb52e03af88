-- behaviour: tables are copied with some of their columns: rows change in and beside them, large values stay unchanged, keys move; columns come, go, are renamed and exchange their names, and what was left out stays out; one list goes with a row condition, one is of a partitioned table, one of a table without a key
-- needs: ddl-sync
-- columns: public.cl: id, name, "Big Note"
-- filter: public.cf: n > 10
-- columns: public.cf: n, id
-- columns: public.cp: id, r, v
-- columns: public.cb: a, b
-- tables: public.cl, public.cf, public.cp, public.cb
-- expect: target: SELECT id, title, length("Big Note") FROM public.cl ORDER BY id => 1|one|9000;3|three again|9000;4|four|4;30|third|9000
-- expect: target: SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'public.cl'::regclass AND attnum > 0 AND NOT attisdropped => id,title,Big Note
-- expect: target: SELECT count(*) FROM pg_index WHERE indrelid = 'public.cl'::regclass => 2
-- expect: target: SELECT id, n FROM public.cf ORDER BY id => 2|22;3|33
-- expect: target: SELECT id, r, v FROM public.cp ORDER BY id => 1|2|a;2|2|b2;3|1|c
-- expect: target: SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'public.cp'::regclass AND attnum > 0 AND NOT attisdropped => id,r,v
-- expect: target: SELECT a, b FROM public.cb ORDER BY a, b => 1|x;1|x;2|z
-- setup
CREATE TABLE cl (id int PRIMARY KEY, secret text NOT NULL DEFAULT repeat('s', 9000), name text, "Big Note" text, pin int NOT NULL DEFAULT 1, CHECK (length(secret) > 1), UNIQUE (pin, id));
CREATE INDEX cl_secret ON cl (left(secret, 10));
CREATE INDEX cl_name ON cl (name);
ALTER TABLE cl ALTER secret SET STORAGE EXTERNAL, ALTER "Big Note" SET STORAGE EXTERNAL;
CREATE TABLE cf (id int PRIMARY KEY, n int, junk text);
CREATE TABLE cp (id int, secret text, r int, v text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE cp_1 PARTITION OF cp FOR VALUES IN (1);
CREATE TABLE cp_2 (v text, r int NOT NULL, secret text, id int NOT NULL);
ALTER TABLE cp ATTACH PARTITION cp_2 FOR VALUES IN (2);
CREATE TABLE cb (a int, hidden int, b text);
-- load
INSERT INTO cl (id, name, "Big Note") VALUES (1, 'one', repeat('1', 9000)), (2, 'two', 'gone'), (3, 'three', repeat('3', 9000));
INSERT INTO cf VALUES (1, 1, 'j'), (2, 22, 'j'), (3, 3, 'j');
INSERT INTO cp VALUES (1, 'sa', 1, 'a'), (2, 'sb', 2, 'b');
INSERT INTO cb VALUES (1, 1, 'x'), (1, 2, 'x'), (2, 3, 'y');
-- live
UPDATE cl SET secret = repeat('t', 9000) WHERE id = 1;
UPDATE cl SET name = 'third' WHERE id = 3;
UPDATE cl SET id = 30 WHERE id = 3;
DELETE FROM cl WHERE id = 2;
UPDATE cf SET n = 33 WHERE id = 3;
UPDATE cf SET junk = 'k' WHERE id = 1;
UPDATE cp SET r = 2 WHERE id = 1;
UPDATE cp SET secret = 'sc', v = 'b2' WHERE id = 2;
UPDATE cb SET hidden = 9 WHERE a = 1;
UPDATE cb SET b = 'z' WHERE hidden = 3;
-- step
ALTER TABLE cl ADD extra int DEFAULT 7;
UPDATE cl SET extra = 8;
ALTER TABLE cl RENAME name TO title;
INSERT INTO cl (id, title, "Big Note") VALUES (4, 'four', 'note'), (3, 'thrice', repeat('3', 9000));
ALTER TABLE cl RENAME title TO hush;
ALTER TABLE cl RENAME secret TO name;
UPDATE cl SET name = repeat('u', 9000), hush = 'three again' WHERE id = 3;
INSERT INTO cp VALUES (3, 'sd', 1, 'c');
-- step
BEGIN;
ALTER TABLE cl RENAME hush TO title;
ALTER TABLE cl DROP extra, DROP name;
COMMIT;
UPDATE cl SET title = title;
BEGIN;
INSERT INTO cf VALUES (5, 55, 'j');
TRUNCATE cf, cp;
INSERT INTO cf VALUES (2, 22, 'j'), (3, 33, 'j'), (7, 7, 'j');
INSERT INTO cp (id, r, v) VALUES (1, 2, 'a'), (2, 2, 'b2'), (3, 1, 'c');
COMMIT;
ALTER TABLE cp DROP secret;
ALTER TABLE cf DROP junk, ADD later int DEFAULT 3;
INSERT INTO cf VALUES (4, 4, 4);
INSERT INTO cb VALUES (3, 3, 'gone');
DELETE FROM cb WHERE a = 3;
