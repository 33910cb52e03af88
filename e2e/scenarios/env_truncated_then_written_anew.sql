-- behaviour: while nobody tells of commands tables are truncated, filled and written anew to the same type, once and twice, in one transaction and in several, and a file moves without a change of rows
-- needs: ddl-sync; superuser
-- tables: public.tw, public.tw_bag, public.tw_part, public.tw_twice, public.tw_moved
-- setup
CREATE TABLE tw (id int PRIMARY KEY, n int);
CREATE TABLE tw_bag (a int, b text);
CREATE TABLE tw_part (id int, r int, v int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE tw_part1 PARTITION OF tw_part FOR VALUES IN (1);
CREATE TABLE tw_part2 PARTITION OF tw_part FOR VALUES IN (2);
CREATE TABLE tw_twice (id int PRIMARY KEY, n int);
CREATE TABLE tw_moved (id int PRIMARY KEY, n int);
-- load
INSERT INTO tw SELECT g, g FROM generate_series(1, 30) g;
INSERT INTO tw_bag SELECT g % 5, 'b' FROM generate_series(1, 30) g;
INSERT INTO tw_part SELECT g, 1 + g % 2, g FROM generate_series(1, 30) g;
INSERT INTO tw_twice SELECT g, g FROM generate_series(1, 30) g;
INSERT INTO tw_moved SELECT g, g FROM generate_series(1, 30) g;
-- live
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$;
TRUNCATE tw;
INSERT INTO tw SELECT g, g FROM generate_series(1, 10) g;
ALTER TABLE tw ALTER n TYPE int USING n + 100;
UPDATE tw SET n = n + 1 WHERE id < 4;
BEGIN;
TRUNCATE tw_bag;
INSERT INTO tw_bag VALUES (1, 'x'), (1, 'x');
ALTER TABLE tw_bag ALTER b TYPE text USING b || 'y';
ALTER TABLE tw_bag ALTER b TYPE text USING b || 'z';
COMMIT;
TRUNCATE tw_part2;
INSERT INTO tw_part VALUES (500, 2, 5);
ALTER TABLE tw_part ALTER v TYPE int USING v + 1;
ALTER TABLE tw_twice ALTER n TYPE int USING n + 1;
TRUNCATE tw_twice;
INSERT INTO tw_twice SELECT g, g FROM generate_series(1, 10) g;
ALTER TABLE tw_twice ALTER n TYPE int USING n + 1;
UPDATE tw_moved SET n = 0 WHERE id = 1;
VACUUM FULL tw_moved;
TRUNCATE tw_moved;
INSERT INTO tw_moved VALUES (7, 7);
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t); END LOOP; END $$;
-- step
UPDATE tw SET n = -n WHERE id = 2;
INSERT INTO tw_bag VALUES (9, 'told');
DELETE FROM tw_part WHERE id = 500;
ALTER TABLE tw_twice ADD told int DEFAULT 3;
UPDATE tw_twice SET told = 4 WHERE id < 3;
INSERT INTO tw_moved VALUES (8, 8);
