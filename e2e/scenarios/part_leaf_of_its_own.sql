-- behaviour: partitions that differ from their parent: in another schema, with identities, keys, defaults, storage and indexes of their own, with columns in another order and dropped ones, nested below a table of another owner
-- needs: pg>=11; ddl-sync
-- tables: public.lo
-- setup
CREATE SCHEMA leafs;
CREATE TABLE lo (id int NOT NULL, k text NOT NULL, v text DEFAULT 'parent', w int) PARTITION BY LIST (k);
CREATE TABLE leafs.a (w int, x int, v text DEFAULT 'leaf', k text NOT NULL, id int NOT NULL, PRIMARY KEY (id));
ALTER TABLE leafs.a DROP x;
ALTER TABLE lo ATTACH PARTITION leafs.a FOR VALUES IN ('a');
CREATE TABLE leafs.b PARTITION OF lo FOR VALUES IN ('b', 'B');
ALTER TABLE leafs.b REPLICA IDENTITY FULL;
CREATE TABLE leafs.c PARTITION OF lo FOR VALUES IN ('c');
CREATE UNIQUE INDEX c_i ON leafs.c (w, id);
ALTER TABLE leafs.c ALTER w SET NOT NULL;
ALTER TABLE leafs.c REPLICA IDENTITY USING INDEX c_i;
CREATE TABLE leafs.d PARTITION OF lo (PRIMARY KEY (k, id)) DEFAULT;
-- load
INSERT INTO lo SELECT g, (ARRAY['a', 'b', 'c', 'd'])[g % 4 + 1], 'v' || g, g FROM generate_series(1, 40) g;
-- live
UPDATE lo SET v = v || '!' WHERE id % 3 = 0;
UPDATE lo SET k = 'a' WHERE id IN (5, 6, 7);
UPDATE lo SET k = 'zz', w = coalesce(w, 0) + 1 WHERE id IN (9, 10, 11, 12);
INSERT INTO leafs.a (id, k) VALUES (100, 'a');
INSERT INTO lo (id, k, w) VALUES (101, 'b', 1), (101, 'b', 1), (102, 'c', 1);
DELETE FROM leafs.b WHERE id = 13;
UPDATE leafs.c SET w = w + 1000;
-- step
ALTER TABLE lo DETACH PARTITION leafs.b;
INSERT INTO lo VALUES (200, 'B', 'default', 1);
UPDATE lo SET id = id + 1000 WHERE k IN ('a', 'zz');
DELETE FROM lo WHERE w IS NULL;
