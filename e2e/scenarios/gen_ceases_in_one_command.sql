-- behaviour: one command has a column cease to be generated and changes the type of what it was computed from, or drops that; an identity becomes a text; also in partitions that were detached before
-- needs: ddl-sync; pg>=13
-- tables: public.gc, public.gc_p
-- setup
CREATE TABLE gc (id int GENERATED ALWAYS AS IDENTITY, a int, b int, g int GENERATED ALWAYS AS (a * 2) STORED, h int GENERATED ALWAYS AS (b * 2) STORED);
CREATE TABLE gc_p (r int, a int, g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (r, a)) PARTITION BY LIST (r);
CREATE TABLE gc_p1 PARTITION OF gc_p FOR VALUES IN (1);
CREATE TABLE gc_p2 PARTITION OF gc_p FOR VALUES IN (2);
-- load
INSERT INTO gc (a, b) SELECT g, g FROM generate_series(1, 10) g;
INSERT INTO gc_p SELECT 1 + g % 2, g FROM generate_series(1, 10) g;
-- live
UPDATE gc SET a = 5 WHERE b = 1;
BEGIN;
ALTER TABLE gc ALTER g DROP EXPRESSION, DROP COLUMN a, ALTER h DROP EXPRESSION, ALTER b TYPE numeric USING b + 0.5;
INSERT INTO gc (b, g, h) VALUES (1.25, 7, 8);
ALTER TABLE gc ALTER id DROP IDENTITY;
ALTER TABLE gc ALTER id TYPE text USING 'n' || id;
INSERT INTO gc VALUES ('own', 2.5, 9, 10);
COMMIT;
ALTER TABLE gc_p DETACH PARTITION gc_p1;
ALTER TABLE gc_p1 ALTER g DROP EXPRESSION, ALTER a TYPE bigint;
UPDATE gc_p1 SET g = 1000 WHERE a = 4;
ALTER TABLE gc_p ALTER g DROP EXPRESSION, ALTER a TYPE bigint USING a + 100;
INSERT INTO gc_p VALUES (2, 500, 1);
ALTER TABLE gc_p ATTACH PARTITION gc_p1 FOR VALUES IN (1);
UPDATE gc_p SET g = 3 WHERE r = 1 AND a < 5;
