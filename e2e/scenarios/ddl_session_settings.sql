-- behaviour: commands run in sessions of hostile settings (date, interval, money, float, string, XML styles, quoting, time zone) define what they mean, and rows between them too
-- needs: pg>=12; ddl-sync
-- tables: public.ss, public.ssp, public.ssm
-- setup
CREATE TABLE ss (id int PRIMARY KEY, v text);
CREATE TABLE ssp (id int, t timestamptz, d date, v text, PRIMARY KEY (id, t)) PARTITION BY RANGE (t);
CREATE TABLE ssp0 PARTITION OF ssp FOR VALUES FROM (MINVALUE) TO ('2024-01-01 00:00:00+00');
-- load
INSERT INTO ss VALUES (1, 'a'), (2, 'b');
INSERT INTO ssp VALUES (1, '2023-12-31 23:59:59.5+00', '2023-12-31', 'x');
-- live
SET datestyle = 'SQL, DMY'; SET timezone = 'America/St_Johns'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -15; SET bytea_output = 'escape'; SET quote_all_identifiers = on; SET standard_conforming_strings = off; SET xmloption = 'document'; SET escape_string_warning = off; SET backslash_quote = on; SET lc_monetary = 'C'; SET array_nulls = off;
ALTER TABLE ss ADD COLUMN d date DEFAULT '03/04/2020', ADD COLUMN ts timestamptz DEFAULT '03/04/2020 12:34:56.789', ADD COLUMN iv interval DEFAULT '-1 year -2 mons +3 days -04:05:06.7', ADD COLUMN f8 float8 DEFAULT 0.1::float8 + 0.2::float8, ADD COLUMN f4 float4 DEFAULT 0.3::float4, ADD COLUMN by bytea DEFAULT '\\\\x00ff5c27', ADD COLUMN tx text DEFAULT 'a\\b''c\nd', ADD COLUMN n name DEFAULT 'xy';
INSERT INTO ss (id, v) VALUES (3, 'c\\d');
CREATE TABLE ssp1 PARTITION OF ssp FOR VALUES FROM ('01/01/2024 00:00:00 UTC') TO ('01/02/2024 00:00:00 America/St_Johns');
INSERT INTO ssp VALUES (2, '31/01/2024 23:59:59', '31/01/2024', 'y'), (3, '01/01/2024 00:00:00 UTC', NULL, repeat('toast', 3000));
ALTER TABLE ssp ADD CHECK (d > '02/01/1999' OR d IS NULL), ALTER COLUMN d SET DEFAULT '05/06/2021';
ALTER TABLE ss ADD CHECK (ts > '02/01/1999 00:00:00' AND iv <> '1-2' AND by <> '\\\\x41'), ADD COLUMN g text GENERATED ALWAYS AS (v || '|' || id::text) STORED;
CREATE TABLE ssm (id int PRIMARY KEY, a text[] DEFAULT '{NULL,null}', m money DEFAULT 12.34, x xml DEFAULT '<a>b</a>', j jsonb DEFAULT '{"a": "\\\\u00e9"}', e text DEFAULT E'\x41\\');
INSERT INTO ssm (id) VALUES (1);
-- step
UPDATE ss SET ts = '05/06/2021 00:00', d = DEFAULT, iv = iv * 2, f8 = f8 / 3, tx = tx || 'q' WHERE id < 3;
UPDATE ssp SET t = t - interval '40 days' WHERE id = 3;
INSERT INTO ssp (id, t) VALUES (9, '15/01/2024 00:00');
RESET ALL;
SET datestyle = 'Postgres, MDY';
ALTER TABLE ss ADD COLUMN r tstzrange DEFAULT '[2020-01-02 03:04:05+00,infinity)', ADD COLUMN da date[] DEFAULT '{2020-01-02,infinity}';
SET datestyle = 'German';
CREATE TABLE ssp2 PARTITION OF ssp DEFAULT;
INSERT INTO ssp (id, t) VALUES (10, '2030-01-01');
UPDATE ss SET v = v || '!';
