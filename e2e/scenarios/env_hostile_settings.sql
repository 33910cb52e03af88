-- behaviour: settings that the databases or their users set by default (date, interval and float styles, arrays, time zone, read only, timeouts, XML, paths) change no value on its way and stop nothing
-- needs: superuser
-- tables: public.hs, public.hs_bag
-- setup
DO $$ DECLARE s text; BEGIN
  FOREACH s IN ARRAY ARRAY['datestyle = ''SQL, DMY''', 'intervalstyle = sql_standard', 'extra_float_digits = -10', 'bytea_output = escape', 'timezone = ''America/Caracas''', 'array_nulls = off',
    'transform_null_equals = on', 'quote_all_identifiers = on', 'xmlbinary = hex', 'xmloption = document', 'default_transaction_isolation = serializable', 'standard_conforming_strings = off', 'escape_string_warning = off',
    'statement_timeout = ''90s''', 'default_transaction_deferrable = on', 'default_transaction_read_only = on', 'exit_on_error = on', 'search_path = nowhere', 'check_function_bodies = off', 'default_text_search_config = ''pg_catalog.german''', 'lc_monetary = ''C''', 'row_security = off', 'from_collapse_limit = 1', 'enable_hashjoin = off'] LOOP
    EXECUTE format('ALTER DATABASE %I SET %s', current_database(), s);
  END LOOP; END $$;
CREATE TABLE public.hs (id int PRIMARY KEY, d date, ts timestamptz, t timestamp, i interval, f4 float4, f8 float8, b bytea, a text[], m money, x xml, r regclass, p point, tr tstzrange, tv tsvector);
CREATE TABLE public.hs_bag (d date, i interval, f8 float8, b bytea, a text[], tr tstzrange, n int);
-- target
DO $$ DECLARE s text; BEGIN
  FOREACH s IN ARRAY ARRAY['datestyle = ''German''', 'intervalstyle = iso_8601', 'extra_float_digits = -15', 'bytea_output = escape', 'timezone = ''Asia/Kathmandu''', 'array_nulls = off',
    'transform_null_equals = on', 'quote_all_identifiers = on', 'xmloption = document', 'default_transaction_isolation = serializable', 'standard_conforming_strings = off', 'backslash_quote = off', 'escape_string_warning = off',
    'default_transaction_deferrable = on', 'default_transaction_read_only = on', 'exit_on_error = on', 'search_path = nowhere', 'synchronous_commit = off', 'lc_monetary = ''C''', 'session_replication_role = replica', 'default_text_search_config = ''pg_catalog.german'''] LOOP
    EXECUTE format('ALTER DATABASE %I SET %s', current_database(), s);
  END LOOP; END $$;
-- load
INSERT INTO public.hs VALUES (1, '2024-02-03', '2024-02-03 04:05:06.789+00', '2024-03-02 01:02:03', '-1 year -2 mons +3 days -04:05:06.7', 0.1, 0.1::float8 + 0.2, '\x5c00ff27', '{a,NULL,"NULL"}', 12.5, '<a/>b', 'public.hs', '(0.1,-0)', '[2024-01-02 00:00+00,infinity]', 'a:1');
INSERT INTO public.hs_bag VALUES ('2024-02-03', '1 mon -1 day', 1e-7 / 3, '\x5c5c', '{NULL,"NULL"}', '(,2024-01-02 03:04+05:45)', 1), ('2024-03-02', '1 mon -1 day', 1e-7 / 3, '\x5c5c', '{NULL,NULL}', '(,2024-01-02 03:04+05:45)', 1);
-- live
INSERT INTO public.hs SELECT 2, d + 1, ts + interval '1 us', t, -i, f4 / 3, f8 / 3, b || b, a || ARRAY[NULL, 'NULL', ''], m * -1, x, r, p, tr, tv FROM public.hs;
UPDATE public.hs SET a = a || NULL::text, f8 = f8 + 1e-16, d = '2024-12-11' WHERE id = 1;
UPDATE public.hs_bag SET n = 2 WHERE d = '2024-02-03';
DELETE FROM public.hs_bag WHERE d = '2024-03-02';
INSERT INTO public.hs_bag SELECT * FROM public.hs_bag;
