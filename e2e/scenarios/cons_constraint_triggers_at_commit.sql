-- behaviour: constraint triggers that wait for the commit write rows, change the ones that fired them, delete others and make tables: all of it arrives once, in the transaction's order
-- needs: ddl-sync
-- tables: public.ct, public.ct_log, public.ct_sum, public.ct_made_5, public.ct_made_7
-- setup
CREATE TABLE ct (id int PRIMARY KEY, v text, n int);
CREATE TABLE ct_log (what text, id int, v text);
CREATE TABLE ct_sum (one bool PRIMARY KEY DEFAULT true, total bigint);
CREATE FUNCTION ct_later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO public.ct_log VALUES (TG_OP, NEW.id, NEW.v);
  UPDATE public.ct SET v = v || '+' WHERE id = NEW.id AND length(v) < 3;
  UPDATE public.ct_sum SET total = (SELECT sum(n) FROM public.ct);
  IF NEW.n > 4 AND TG_OP = 'INSERT' THEN
    EXECUTE format('CREATE TABLE public.ct_made_%s (id int PRIMARY KEY, v text)', NEW.n);
    EXECUTE format('INSERT INTO public.ct_made_%s SELECT id, v FROM public.ct', NEW.n);
  END IF;
  IF NEW.v = 'go+' THEN DELETE FROM public.ct WHERE id = NEW.id; END IF;
  RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE ON ct DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ct_later();
-- load
INSERT INTO ct_sum VALUES (true, 0);
INSERT INTO ct VALUES (1, 'a', 1), (2, 'bb', 2);
-- live
BEGIN;
INSERT INTO ct VALUES (3, 'c', 3);
UPDATE ct SET n = 30 WHERE id = 3;
INSERT INTO ct VALUES (5, 'e', 5);
COMMIT;
-- step
BEGIN;
INSERT INTO ct VALUES (7, 'g', 7);
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO ct VALUES (8, 'go', 1);
SET CONSTRAINTS ALL DEFERRED;
UPDATE ct SET n = n + 1;
SAVEPOINT s;
INSERT INTO ct VALUES (9, 'i', 9);
ROLLBACK TO s;
COMMIT;
UPDATE ct SET id = id + 100 WHERE id < 3;
