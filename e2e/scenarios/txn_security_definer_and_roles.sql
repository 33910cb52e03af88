-- behaviour: functions of the definer's rights, SET ROLE within transactions, column grants and sessions of roles without rights write and define: rows and tables arrive, whoever wrote them
-- needs: superuser; ddl-sync
-- tables: public.sd, sd_own.made, sd_own.more
-- setup
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'floe_sd_low') THEN CREATE ROLE floe_sd_low; CREATE ROLE floe_sd_high; GRANT floe_sd_low TO floe_sd_high; END IF; END $$;
CREATE SCHEMA sd_own AUTHORIZATION floe_sd_high;
CREATE TABLE sd (id int PRIMARY KEY, v text, who text DEFAULT current_user);
GRANT INSERT (id, v), SELECT (id), UPDATE (v) ON sd TO floe_sd_low;
CREATE FUNCTION sd_write(i int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'INSERT INTO public.sd VALUES (i, session_user || ''/x'')';
CREATE FUNCTION sd_own.define(t text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = sd_own SET DateStyle = 'German' AS $$ BEGIN
  EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, d date DEFAULT ''3.4.2024'', who text DEFAULT current_user)', t);
  EXECUTE format('INSERT INTO %I VALUES (1), (2)', t); END $$;
ALTER FUNCTION sd_own.define OWNER TO floe_sd_high;
-- load
INSERT INTO sd VALUES (1, 'a'), (2, 'b');
-- live
SET ROLE floe_sd_low;
INSERT INTO sd (id, v) VALUES (3, 'low');
UPDATE sd SET v = 'low' WHERE id = 1;
SELECT sd_write(4);
-- error: 42501
DELETE FROM sd;
RESET ROLE;
SET ROLE floe_sd_high;
SELECT sd_own.define('made');
INSERT INTO sd_own.made (id) VALUES (3);
-- step
SET SESSION AUTHORIZATION floe_sd_high;
BEGIN;
ALTER TABLE sd_own.made ADD n numeric DEFAULT 1.50;
SET LOCAL ROLE floe_sd_low;
INSERT INTO public.sd (id, v) VALUES (5, 'local');
SAVEPOINT a;
-- error: 42501
INSERT INTO sd_own.made VALUES (9);
ROLLBACK TO a;
RESET ROLE;
SELECT sd_own.define('more');
ALTER TABLE sd_own.made ALTER d TYPE text;
COMMIT;
DROP TABLE IF EXISTS sd_own.never;
UPDATE sd_own.more SET id = id + 10, d = '2020-02-02';
RESET SESSION AUTHORIZATION;
REVOKE ALL ON sd FROM floe_sd_low;
UPDATE sd SET who = 'z' WHERE id = 5;
