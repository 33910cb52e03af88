-- behaviour: source triggers rewrite rows and write audit rows; the target receives the audit rows as data and must not fire its own copies of the triggers again
-- tables: public.ord, public.ord_audit, public.ord_cnt
-- setup
CREATE TABLE ord (id int PRIMARY KEY, amt numeric, stamp text);
CREATE TABLE ord_audit (seq bigserial PRIMARY KEY, op text, id int, at timestamptz DEFAULT clock_timestamp());
CREATE TABLE ord_cnt (one bool PRIMARY KEY DEFAULT true, n bigint);
INSERT INTO ord_cnt VALUES (true, 0);
CREATE FUNCTION ord_b() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amt := NEW.amt + 1; NEW.stamp := TG_OP || clock_timestamp(); RETURN NEW; END $$;
CREATE FUNCTION ord_a() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ord_audit (op, id) VALUES (TG_OP, coalesce(NEW.id, OLD.id)); UPDATE ord_cnt SET n = n + 1; RETURN NULL; END $$;
CREATE TRIGGER t_b BEFORE INSERT OR UPDATE ON ord FOR EACH ROW EXECUTE PROCEDURE ord_b();
CREATE TRIGGER t_a AFTER INSERT OR UPDATE OR DELETE ON ord FOR EACH ROW EXECUTE PROCEDURE ord_a();
-- load
INSERT INTO ord (id, amt) SELECT g, g FROM generate_series(1, 20) g;
-- live
INSERT INTO ord (id, amt) VALUES (21, 21);
UPDATE ord SET amt = 0 WHERE id <= 3;
DELETE FROM ord WHERE id = 20;
