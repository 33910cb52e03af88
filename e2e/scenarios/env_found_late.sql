-- behaviour: tables come while nobody tells of them, and transactions write to them before floe finds them, while it does and after: none of their rows is lost or twice
-- needs: ddl-sync; superuser
-- tables: public.ok, public.late, public.bag, public.part
-- setup
CREATE TABLE ok (id int PRIMARY KEY);
-- live
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$;
CREATE TABLE late (id int PRIMARY KEY, v text);
CREATE TABLE bag (v text);
CREATE TABLE part (id int, r int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part2 PARTITION OF part FOR VALUES IN (2);
-- session: w
BEGIN;
INSERT INTO late SELECT g, 'w' FROM generate_series(1, 100) g;
INSERT INTO bag VALUES ('w'), ('w');
INSERT INTO part SELECT g, 1 FROM generate_series(1, 100) g;
-- session: main
INSERT INTO ok VALUES (1);
SELECT pg_sleep(2);
INSERT INTO late VALUES (1000, 'main');
-- session: w
UPDATE late SET v = 'w2' WHERE id < 50;
DELETE FROM bag WHERE ctid = '(0,1)';
UPDATE part SET r = 2 WHERE id < 10;
COMMIT;
BEGIN;
UPDATE late SET v = 'w3' WHERE id < 20;
INSERT INTO bag VALUES ('w3');
SELECT pg_sleep(1);
DELETE FROM late WHERE id = 1;
UPDATE bag SET v = 'w4' WHERE v = 'w3';
COMMIT;
-- session: main
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t); END LOOP; END $$;
INSERT INTO late VALUES (1001, 'told');
-- step
UPDATE late SET v = 'end' WHERE id > 90;
DELETE FROM bag WHERE v = 'w4';
INSERT INTO part VALUES (500, 2);
