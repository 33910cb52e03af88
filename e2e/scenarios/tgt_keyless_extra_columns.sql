-- behaviour: a table without a key whose target has columns of its own, filled by defaults: each changed row keeps its own values there, equal rows are changed one by one
-- mode: ignore-existing
-- tables: public.kx
-- expect: equal on (a, b)
-- expect: target: SELECT count(*), count(DISTINCT own), count(note) FROM public.kx => 9|9|9
-- setup
CREATE TABLE kx (a int, b text);
-- target
CREATE TABLE kx (own int GENERATED ALWAYS AS IDENTITY, a int, b text, note text DEFAULT 'n');
-- load
INSERT INTO kx SELECT g % 3, 'l' FROM generate_series(1, 9) g;
-- live
UPDATE kx SET b = 'u' WHERE a = 1;
UPDATE kx SET b = 'v' WHERE ctid IN (SELECT ctid FROM kx WHERE a = 2 LIMIT 1);
BEGIN; UPDATE kx SET a = 7 WHERE a = 0; UPDATE kx SET a = 0 WHERE ctid IN (SELECT ctid FROM kx WHERE a = 7 LIMIT 2); COMMIT;
DELETE FROM kx WHERE ctid IN (SELECT ctid FROM kx WHERE a = 2 AND b = 'l' LIMIT 1);
INSERT INTO kx VALUES (2, 'l');
