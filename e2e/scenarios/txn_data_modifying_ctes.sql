-- behaviour: rows that one command writes through several paths arrive as they end: data-modifying CTEs, MERGE-like upserts that meet their own rows, triggers that change rows of the table that fires them, WHERE CURRENT OF, UPDATE … FROM with several matches
-- tables: public.wa, public.wb, public.wl
-- setup
CREATE TABLE wa (id int PRIMARY KEY, n int, v text);
CREATE TABLE wb (id int PRIMARY KEY, n int);
CREATE TABLE wl (at int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text);
CREATE FUNCTION wt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.n % 7 = 0 AND pg_trigger_depth() = 1 THEN
    UPDATE wa SET v = v || '+' WHERE id = NEW.id + 20000;
    INSERT INTO wl (what) VALUES (format('u %s', NEW.id));
  END IF;
  IF TG_OP = 'DELETE' THEN INSERT INTO wl (what) VALUES (format('d %s', OLD.id)); RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER wt BEFORE UPDATE OR DELETE ON wa FOR EACH ROW EXECUTE FUNCTION wt();
-- load
INSERT INTO wa SELECT g, g, 'v' || g FROM generate_series(1, 50) g UNION ALL SELECT g + 20000, 1, 'far' FROM generate_series(1, 50) g;
INSERT INTO wb SELECT g, g FROM generate_series(1, 20) g;
-- live
WITH d AS (DELETE FROM wa WHERE id <= 10 RETURNING *), i AS (INSERT INTO wa SELECT id + 1000, n, v FROM d RETURNING id) INSERT INTO wb SELECT id, 0 FROM i;
WITH u AS (UPDATE wa SET n = n + 1 WHERE id BETWEEN 11 AND 30 RETURNING id, n) INSERT INTO wb SELECT id, n FROM u ON CONFLICT (id) DO UPDATE SET n = excluded.n;
INSERT INTO wa VALUES (12, 1, 'c'), (2000, 1, 'c') ON CONFLICT (id) DO UPDATE SET v = wa.v || '!' WHERE wa.n > 5;
INSERT INTO wa VALUES (13, 1, 'never'), (2001, 1, 'new') ON CONFLICT DO NOTHING;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM wa WHERE id BETWEEN 31 AND 40 ORDER BY id FOR UPDATE;
FETCH 3 FROM c;
UPDATE wa SET v = 'current' WHERE CURRENT OF c;
FETCH 2 FROM c;
DELETE FROM wa WHERE CURRENT OF c;
COMMIT;
UPDATE wa SET n = 7 * wb.n FROM wb WHERE wa.id < 20000 AND wb.id % 20 = wa.id % 20;
-- step
BEGIN;
UPDATE wa SET id = id + 5000 WHERE id BETWEEN 1001 AND 1005;
UPDATE wa SET id = id - 5000 WHERE id BETWEEN 6001 AND 6003;
DELETE FROM wa WHERE id = 6004;
INSERT INTO wa VALUES (6004, 70, 'again');
UPDATE wa SET n = 14 WHERE id = 6004;
COMMIT;
