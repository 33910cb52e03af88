-- behaviour: TRUNCATE among other changes of the same transaction: twice, of keyed and keyless tables at once, within an aborted and a released savepoint, with rows of other tables around it and large values untouched by it
-- tables: public.ta_parent, public.ta_child, public.ta_bag, public.ta_other
-- setup
CREATE TABLE ta_parent (id int PRIMARY KEY, v text);
CREATE TABLE ta_child (id serial PRIMARY KEY, p int REFERENCES ta_parent, v text);
CREATE TABLE ta_bag (p int REFERENCES ta_parent, v text);
CREATE TABLE ta_other (id int PRIMARY KEY, n int, big text);
-- load
INSERT INTO ta_parent SELECT g, 'l' FROM generate_series(1, 20) g;
INSERT INTO ta_child (p, v) SELECT g, 'l' FROM generate_series(1, 20) g;
INSERT INTO ta_bag SELECT g % 3 + 1, 'l' FROM generate_series(1, 20) g;
INSERT INTO ta_other SELECT g, 0, repeat(md5(g::text), 300) FROM generate_series(1, 20) g;
-- live
BEGIN;
INSERT INTO ta_parent VALUES (100, 'before');
UPDATE ta_other SET n = 1 WHERE id < 5;
INSERT INTO ta_bag VALUES (100, 'before');
TRUNCATE ta_parent CASCADE;
INSERT INTO ta_parent VALUES (1, 'between'), (2, 'between');
INSERT INTO ta_child (p, v) VALUES (1, 'between');
INSERT INTO ta_bag VALUES (1, 'between'), (1, 'between');
UPDATE ta_other SET id = -id WHERE id < 3;
TRUNCATE ta_child, ta_bag RESTART IDENTITY;
INSERT INTO ta_child (p, v) VALUES (2, 'after');
INSERT INTO ta_bag VALUES (2, 'after');
DELETE FROM ta_bag WHERE v = 'after';
INSERT INTO ta_bag VALUES (1, 'last'), (1, 'last');
UPDATE ta_other SET n = n + 1;
COMMIT;
-- step
BEGIN;
UPDATE ta_parent SET v = 'kept' WHERE id = 1;
SAVEPOINT a;
TRUNCATE ta_parent, ta_child, ta_bag;
INSERT INTO ta_parent VALUES (7, 'lost');
ROLLBACK TO a;
SAVEPOINT b;
TRUNCATE ta_bag;
INSERT INTO ta_bag VALUES (1, 'kept');
RELEASE b;
DELETE FROM ta_child WHERE p = 2;
DELETE FROM ta_parent WHERE id = 2;
COMMIT;
INSERT INTO ta_child (p, v) VALUES (1, 'later');
BEGIN;
DELETE FROM ta_bag;
TRUNCATE ta_other;
INSERT INTO ta_other VALUES (1, 1, 'x');
TRUNCATE ta_other;
INSERT INTO ta_other VALUES (1, 2, repeat('y', 9000));
UPDATE ta_other SET n = 3;
COMMIT;
