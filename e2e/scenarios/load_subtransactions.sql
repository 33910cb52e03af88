-- behaviour: transactions of very many subtransactions, some rolled back, write while the load runs; one that began before it commits behind it
-- tables: public.ls
-- setup
CREATE TABLE ls (id int PRIMARY KEY, n int, big text);
CREATE FUNCTION ls_touch(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN first..last LOOP
    BEGIN
      UPDATE public.ls SET n = n + 1 WHERE id = i;
      IF i % 3 = 0 THEN RAISE EXCEPTION 'no'; END IF;
      UPDATE public.ls SET id = -id WHERE id = i AND i % 10 = 1;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$;
-- load
INSERT INTO ls SELECT g, 0, CASE WHEN g % 50 = 1 THEN repeat(md5(g::text), 200) END FROM generate_series(1, 30000) g;
-- during
-- session: long
BEGIN;
SELECT ls_touch(1, 300);
-- session: main
SELECT ls_touch(1000, 1400);
SELECT ls_touch(29000, 29300);
-- session: long
SELECT ls_touch(15000, 15300);
COMMIT;
-- live
SELECT ls_touch(5000, 5200);
UPDATE ls SET n = n * 2 WHERE id < 0;
