-- behaviour: row condition: update moving a row into the condition becomes an insert, out of it a delete; load obeys it too
-- filter: public.rf: a > 1000 AND b <> 'filtered'
-- tables: public.rf
-- expect: target: SELECT a, b FROM public.rf ORDER BY a => 1500|in;1600|moved in;2500|key in
-- setup
CREATE TABLE rf (a int PRIMARY KEY, b text);
ALTER TABLE rf REPLICA IDENTITY FULL;
-- load
INSERT INTO rf VALUES (1, 'no'), (1500, 'in'), (1600, 'filtered'), (1700, 'leaves');
-- live
INSERT INTO rf VALUES (800, 'no'), (1800, 'filtered'), (500, 'key in');
UPDATE rf SET b = 'moved in' WHERE a = 1600;
UPDATE rf SET b = 'filtered' WHERE a = 1700;
UPDATE rf SET a = 2500 WHERE a = 500;
DELETE FROM rf WHERE a = 1;
