-- behaviour: table with no key at all: floe gives it REPLICA IDENTITY FULL when it joins the job, so inserts (incl. exact duplicates), updates and deletes all arrive as a bag
-- tables: public.heap_log
-- expect: equal
-- expect: precheck: no-key public.heap_log (named, with what will be changed)
-- setup
CREATE TABLE heap_log (a int, b text);
-- load
INSERT INTO heap_log SELECT g % 3, 'dup' FROM generate_series(1, 30) g;
-- live
INSERT INTO heap_log VALUES (1, 'dup'), (1, 'dup'), (NULL, NULL), (NULL, NULL);
-- step
UPDATE heap_log SET b = 'one' WHERE ctid = (SELECT min(ctid) FROM heap_log WHERE a = 1);
DELETE FROM heap_log WHERE ctid = (SELECT min(ctid) FROM heap_log WHERE a = 2);
-- step
UPDATE heap_log SET b = 'all' WHERE a = 0;
DELETE FROM heap_log WHERE a IS NULL;
INSERT INTO heap_log VALUES (9, 'after');
