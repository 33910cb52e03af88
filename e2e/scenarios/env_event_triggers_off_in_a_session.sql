-- behaviour: sessions for which event triggers do not fire (17) write tables anew to the same type, after a TRUNCATE too, before and behind commands that are told, and move partitions: every row is the source's
-- needs: pg>=17; superuser; ddl-sync
-- tables: public.es, public.es_bag, public.es_part, public.es_loose, public.es_told, public.es_gen
-- setup
CREATE TABLE es (id int PRIMARY KEY, n int, v text);
CREATE TABLE es_bag (a int, b text);
CREATE TABLE es_part (id int, r int, v int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE es_part1 PARTITION OF es_part FOR VALUES IN (1);
CREATE TABLE es_part2 PARTITION OF es_part FOR VALUES IN (2);
CREATE TABLE es_loose (id int NOT NULL, r int NOT NULL, v int);
CREATE TABLE es_told (id int PRIMARY KEY, n int);
CREATE FUNCTION es_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE TABLE es_gen (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (es_f(n)) STORED);
-- load
INSERT INTO es SELECT g, g, 'v' FROM generate_series(1, 50) g;
INSERT INTO es_bag SELECT g % 5, 'b' FROM generate_series(1, 50) g;
INSERT INTO es_part SELECT g, 1 + g % 2, g FROM generate_series(1, 50) g;
INSERT INTO es_loose SELECT 100 + g, 3, g FROM generate_series(1, 20) g;
INSERT INTO es_told SELECT g, g FROM generate_series(1, 50) g;
INSERT INTO es_gen SELECT g, g FROM generate_series(1, 50) g;
-- live
UPDATE es SET v = 'before' WHERE id < 10;
-- session: off
SET event_triggers = off;
ALTER TABLE es ALTER n TYPE int USING n + 1000;
UPDATE es SET v = 'behind' WHERE id BETWEEN 5 AND 15;
BEGIN;
TRUNCATE es_bag;
INSERT INTO es_bag VALUES (1, 'one'), (2, 'two'), (2, 'two');
ALTER TABLE es_bag ALTER b TYPE text USING b || '!';
INSERT INTO es_bag VALUES (3, 'three');
COMMIT;
ALTER TABLE es_part2 ALTER v SET DEFAULT 5;
ALTER TABLE es_part ALTER v TYPE int USING v * 2;
-- session: main
ALTER TABLE es ADD told int DEFAULT 1;
UPDATE es SET told = 2, n = n + 1 WHERE id = 3;
-- step
-- session: off
ALTER TABLE es_told ALTER n TYPE int USING -n;
-- session: main
ALTER TABLE es_told ADD x int, ALTER n SET DEFAULT 4;
INSERT INTO es_told (id) VALUES (100);
TRUNCATE es_told;
INSERT INTO es_told VALUES (1, 1, 1), (2, 2, 2);
-- session: off
ALTER TABLE es_told ALTER n TYPE int USING n + 50;
-- step
-- session: off
ALTER TABLE es_part ATTACH PARTITION es_loose FOR VALUES IN (3);
UPDATE es_part SET v = v + 1 WHERE r = 3;
ALTER TABLE es_part DETACH PARTITION es_part1;
ALTER TABLE es_part1 ALTER v TYPE int USING 0;
INSERT INTO es_part VALUES (900, 3, 9);
ALTER TABLE es RENAME n TO m;
ALTER TABLE es RENAME v TO n;
ALTER TABLE es ALTER m TYPE int USING m + 1, ALTER n TYPE text USING n || id;
DELETE FROM es WHERE id > 45;
-- step
-- session: off
CREATE OR REPLACE FUNCTION es_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 2';
ALTER TABLE es_gen ALTER g SET EXPRESSION AS (es_f(n));
UPDATE es_gen SET n = n + 1 WHERE id < 5;
RESET event_triggers;
UPDATE es SET told = 9 WHERE id < 9;
DELETE FROM es_bag WHERE a = 3;
