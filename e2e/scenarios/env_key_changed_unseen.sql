-- behaviour: while nobody tells of changes of structure a table gets another key, of a new column that rows were given before, another loses rows that a new key forbids, and one without a key gets one
-- needs: ddl-sync; superuser
-- tables: public.ku, public.kv, public.kw
-- setup
CREATE TABLE ku (id int PRIMARY KEY, v text);
CREATE TABLE kv (id int PRIMARY KEY, u int, v text);
CREATE TABLE kw (a int, v text);
-- load
INSERT INTO ku SELECT g, 'u' FROM generate_series(1, 100) g;
INSERT INTO kv SELECT g, g / 2, 'v' FROM generate_series(1, 100) g;
INSERT INTO kw SELECT g / 2, 'w' FROM generate_series(1, 100) g;
-- live
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$;
ALTER TABLE ku ADD k text;
UPDATE ku SET k = 'k' || id;
ALTER TABLE ku DROP CONSTRAINT ku_pkey;
ALTER TABLE ku ADD PRIMARY KEY (k);
UPDATE ku SET v = 'keyed', id = 7 WHERE k LIKE 'k9%';
DELETE FROM ku WHERE k = 'k5';
DELETE FROM kv WHERE id % 2 = 0;
ALTER TABLE kv DROP CONSTRAINT kv_pkey, ADD PRIMARY KEY (u);
UPDATE kv SET u = -u WHERE u > 40;
DELETE FROM kw WHERE ctid IN (SELECT min(ctid) FROM kw GROUP BY a HAVING count(*) > 1);
ALTER TABLE kw ADD PRIMARY KEY (a);
UPDATE kw SET v = 'keyed' WHERE a < 5;
INSERT INTO kw VALUES (1000, 'new');
-- step
DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'floe%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t); END LOOP; END $$;
UPDATE ku SET v = 'end' WHERE k = 'k1';
UPDATE kv SET v = 'end' WHERE u < 5;
DELETE FROM kw WHERE a < 3;
