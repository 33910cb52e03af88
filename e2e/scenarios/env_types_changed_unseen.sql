-- behaviour: enums and composites change while nobody tells of it (attributes come, go and take each other's places, labels come and exchange their names) and rows bear that at once, also within arrays, domains and other types: every value is the source's
-- needs: ddl-sync; superuser; pg>=12
-- tables: public.tu, public.tu_bag, public.tu_far, public.tu_part
-- setup
CREATE TYPE tu_pair AS (a int, b text);
CREATE TYPE tu_mood AS ENUM ('low', 'mid', 'high');
CREATE DOMAIN tu_dom AS tu_pair;
CREATE DOMAIN tu_feel AS tu_mood CHECK (VALUE <> 'mid');
CREATE TYPE tu_nest AS (m tu_mood, ps tu_pair[], t text);
CREATE TABLE tu (id int PRIMARY KEY, p tu_pair, ps tu_pair[], d tu_dom, m tu_mood, ms tu_mood[]);
CREATE TABLE tu_bag (p tu_pair, f tu_feel);
CREATE TABLE tu_far (id int PRIMARY KEY, n tu_nest);
CREATE TABLE tu_part (r int, m tu_mood, PRIMARY KEY (r, m)) PARTITION BY LIST (r);
CREATE TABLE tu_part_1 PARTITION OF tu_part FOR VALUES IN (1);
CREATE TABLE tu_part_2 PARTITION OF tu_part FOR VALUES IN (2);
-- load
INSERT INTO tu SELECT g, (g, 'b,"' || g)::tu_pair, ARRAY[(g, NULL)::tu_pair, NULL], (g, ')(')::tu_pair, 'low', '{low,high}' FROM generate_series(1, 30) g;
INSERT INTO tu_bag SELECT (g % 3, 'x')::tu_pair, 'high' FROM generate_series(1, 10) g;
INSERT INTO tu_far SELECT g, ('mid', ARRAY[(g, 'q')::tu_pair], 't')::tu_nest FROM generate_series(1, 10) g;
INSERT INTO tu_part VALUES (1, 'low'), (2, 'low'), (2, 'high');
-- live
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$;
ALTER TYPE tu_pair ADD ATTRIBUTE c date;
INSERT INTO tu VALUES (100, (1, 'x', '2024-01-01'), ARRAY[(2, 'y', NULL)::tu_pair], NULL, 'low', NULL);
UPDATE tu SET d = (1, 'in a domain', '2024-02-02') WHERE id = 1;
INSERT INTO tu_bag VALUES ((1, 'x', '2024-03-03'), 'low');
UPDATE tu_far SET n.ps[1].c = '2024-04-04' WHERE id = 3;
DELETE FROM tu WHERE id = 2;
-- step
ALTER TYPE tu_mood ADD VALUE 'max' AFTER 'high';
UPDATE tu SET m = 'max', ms = ms || 'max'::tu_mood WHERE id = 4;
INSERT INTO tu_bag VALUES (NULL, 'max');
UPDATE tu_far SET n.m = 'max' WHERE id = 4;
INSERT INTO tu_part VALUES (1, 'max');
-- step
BEGIN;
ALTER TYPE tu_pair DROP ATTRIBUTE b;
ALTER TYPE tu_pair ADD ATTRIBUTE e text;
INSERT INTO tu VALUES (101, (7, '2025-01-01', 'new'), NULL, NULL, 'mid', NULL);
UPDATE tu SET p.e = 'e' || id WHERE id BETWEEN 5 AND 9;
COMMIT;
UPDATE tu_far SET n.ps[1].e = 'far' WHERE id = 5;
INSERT INTO tu_bag VALUES ((1, NULL, 'e'), 'high');
-- step
BEGIN;
ALTER TYPE tu_mood RENAME VALUE 'low' TO 'was low';
ALTER TYPE tu_mood RENAME VALUE 'high' TO 'low';
ALTER TYPE tu_mood RENAME VALUE 'was low' TO 'high';
COMMIT;
INSERT INTO tu VALUES (102, NULL, NULL, NULL, 'low', '{high,low}');
UPDATE tu SET m = 'high' WHERE id = 12;
DELETE FROM tu_part WHERE m = 'low';
INSERT INTO tu_part VALUES (1, 'low'), (2, 'mid');
INSERT INTO tu_bag VALUES (NULL, 'high');
-- step
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t); END LOOP; END $$;
ALTER TYPE tu_pair ADD ATTRIBUTE told int;
UPDATE tu SET p.told = 1 WHERE id < 20;
UPDATE tu_far SET n.t = 'end' WHERE id > 5;
