-- behaviour: tables, functions, operators, types and casts of users bear the names of the server's own (pg_class, count, md5, =, int4, text) and stand before pg_catalog in the search_path of the database
-- needs: superuser; ddl-sync
-- tables: public.pg_class, public.sh, evil.pg_attribute, evil.sh2
-- setup
CREATE SCHEMA evil;
CREATE TABLE public.pg_class (oid int PRIMARY KEY, relname text);
CREATE TABLE evil.pg_attribute (attrelid int PRIMARY KEY, attname text);
CREATE TABLE public.sh (id int PRIMARY KEY, v text, n int);
CREATE FUNCTION evil.never() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'a function of a user was called'; END $$;
CREATE FUNCTION evil.count("any") RETURNS int LANGUAGE internal AS 'pg_num_nulls';
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.current_setting(text, bool) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.to_regclass(text) RETURNS pg_catalog.regclass LANGUAGE sql AS $$ SELECT NULL::pg_catalog.regclass $$;
CREATE FUNCTION evil.pg_get_expr(pg_node_tree, oid) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.quote_ident(text) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.txid_current() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz 'epoch' $$;
CREATE FUNCTION evil.md5(text) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.ne(int, int) RETURNS bool LANGUAGE sql AS $$ SELECT false $$;
CREATE FUNCTION evil.net(text, text) RETURNS bool LANGUAGE sql AS $$ SELECT false $$;
CREATE FUNCTION evil.neo(oid, oid) RETURNS bool LANGUAGE sql AS $$ SELECT false $$;
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.ne);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.net);
CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.neo);
CREATE OPERATOR evil.> (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.ne);
CREATE DOMAIN evil.text AS pg_catalog.int4;
CREATE DOMAIN evil.int4 AS pg_catalog.text;
CREATE DOMAIN evil.regclass AS pg_catalog.text;
CREATE DOMAIN evil.jsonb AS pg_catalog.text;
-- load
INSERT INTO public.sh SELECT g, 'v' || g, g FROM generate_series(1, 3000) g;
INSERT INTO public.pg_class VALUES (1, 'a'), (2, 'b');
DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path = evil, public, pg_catalog', current_database()); END $$;
-- live
-- session: fresh
UPDATE public.sh SET v = 'x' WHERE id OPERATOR(pg_catalog.=) 5;
ALTER TABLE public.sh ADD added pg_catalog.text DEFAULT 'd';
CREATE TABLE evil.sh2 (id pg_catalog.int4 PRIMARY KEY, t text, i int4);
INSERT INTO evil.sh2 VALUES (1, 2, 'a domain over text');
UPDATE public.pg_class SET relname = 'c';
ALTER TABLE public.pg_class RENAME relname TO relkind;
INSERT INTO evil.pg_attribute VALUES (1, 'x');
UPDATE public.sh SET id = -id WHERE n OPERATOR(pg_catalog.<) 100;
DELETE FROM public.sh WHERE n OPERATOR(pg_catalog.>) 2900;
