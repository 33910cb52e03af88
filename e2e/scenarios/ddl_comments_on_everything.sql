-- behaviour: every kind of object that is there before a cut-over has the comment that the source gives it, changes or takes away, before the load, while the job runs and for the first time there
-- needs: ddl-sync; superuser; ext:citext,hstore,btree_gist
-- tables: public.said
-- expect: equal
-- setup
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION btree_gist;
CREATE SCHEMA sc;
CREATE TABLE "T 1" (id int PRIMARY KEY, "a'b" text CONSTRAINT filled CHECK ("a'b" <> ''), n int GENERATED ALWAYS AS IDENTITY, u int CONSTRAINT once UNIQUE, r int4range, CONSTRAINT apart EXCLUDE USING gist (r WITH &&));
CREATE TABLE child (id int PRIMARY KEY, t int CONSTRAINT refers REFERENCES "T 1");
CREATE TABLE whole (id int, k int, PRIMARY KEY (id, k), CONSTRAINT positive CHECK (k >= 0)) PARTITION BY RANGE (k);
CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (10);
CREATE INDEX by_k ON whole (k);
CREATE INDEX by_text ON "T 1" (lower("a'b"));
CREATE SEQUENCE sc.free;
CREATE TYPE sc.mood AS ENUM ('a', 'b');
CREATE TYPE pair AS (a int, "b c" text);
CREATE DOMAIN few AS int CONSTRAINT below CHECK (VALUE < 100);
CREATE TYPE span AS RANGE (SUBTYPE = float8);
CREATE COLLATION plain (LOCALE = 'C');
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION watches() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION f(a int, VARIADIC b text[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION outer_f(OUT a int, b text) LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION as_pair(int) RETURNS pair LANGUAGE sql IMMUTABLE AS 'SELECT row($1, $1::text)::public.pair';
CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE FUNCTION order_of(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.bttextcmp($1, $2)';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE AGGREGATE rows_of(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text, COMMUTATOR = ===);
CREATE OPERATOR FAMILY fam USING btree;
CREATE OPERATOR CLASS c_ops FOR TYPE text USING btree FAMILY fam AS OPERATOR 3 ===, FUNCTION 1 order_of(text, text);
CREATE CAST (int AS pair) WITH FUNCTION as_pair(int);
CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH PARSER tp (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE tt (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION tc (PARSER = pg_catalog."default");
CREATE STATISTICS both_of (dependencies) ON id, u FROM "T 1";
CREATE FOREIGN DATA WRAPPER away;
CREATE SERVER far FOREIGN DATA WRAPPER away;
CREATE FOREIGN TABLE distant (a int CONSTRAINT pos CHECK (a > 0)) SERVER far;
CREATE VIEW seen AS SELECT id, "a'b" AS x FROM "T 1";
CREATE RULE kept AS ON DELETE TO seen DO INSTEAD NOTHING;
CREATE TRIGGER instead INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE PROCEDURE fires();
CREATE MATERIALIZED VIEW stored AS SELECT id, u FROM "T 1";
CREATE INDEX by_u ON stored (u);
CREATE TRIGGER fired AFTER INSERT ON "T 1" FOR EACH ROW EXECUTE PROCEDURE fires();
CREATE TRIGGER of_parts AFTER INSERT ON whole FOR EACH ROW EXECUTE PROCEDURE fires();
CREATE POLICY mine ON "T 1" USING (true);
CREATE ACCESS METHOD gist2 TYPE INDEX HANDLER gisthandler;
CREATE LANGUAGE other HANDLER plpgsql_call_handler;
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE PROCEDURE watches();
/* of every third object, beginning with the given one, or of all */
CREATE FUNCTION say(what text, third int DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	objects text[] := ARRAY['EXTENSION citext', 'EXTENSION hstore', 'EXTENSION btree_gist', 'SCHEMA sc', 'SCHEMA public', 'TABLE "T 1"', 'COLUMN "T 1"."a''b"', 'COLUMN "T 1".n', 'TABLE whole', 'TABLE part',
		'COLUMN whole.k', 'COLUMN part.k', 'CONSTRAINT filled ON "T 1"', 'CONSTRAINT once ON "T 1"', 'CONSTRAINT apart ON "T 1"', 'CONSTRAINT "T 1_pkey" ON "T 1"', 'CONSTRAINT refers ON child', 'CONSTRAINT positive ON whole',
		'CONSTRAINT positive ON part', 'CONSTRAINT whole_pkey ON whole', 'CONSTRAINT part_pkey ON part', 'INDEX "T 1_pkey"', 'INDEX once', 'INDEX apart', 'INDEX by_text', 'INDEX by_k', 'INDEX part_k_idx', 'INDEX whole_pkey', 'INDEX part_pkey',
		'SEQUENCE sc.free', 'SEQUENCE "T 1_n_seq"', 'TYPE sc.mood', 'TYPE pair', 'COLUMN pair.a', 'COLUMN pair."b c"', 'DOMAIN few', 'CONSTRAINT below ON DOMAIN few', 'TYPE span', 'COLLATION plain',
		'FUNCTION fires()', 'FUNCTION f(int, text[])', 'FUNCTION outer_f(text)', 'PROCEDURE p(int)', 'AGGREGATE total(int)', 'AGGREGATE rows_of(*)', 'OPERATOR === (text, text)', 'OPERATOR FAMILY fam USING btree', 'OPERATOR CLASS c_ops USING btree',
		'CAST (int AS pair)', 'CONVERSION conv', 'TEXT SEARCH PARSER tp', 'TEXT SEARCH TEMPLATE tt', 'TEXT SEARCH DICTIONARY td', 'TEXT SEARCH CONFIGURATION tc', 'STATISTICS both_of',
		'FOREIGN DATA WRAPPER away', 'SERVER far', 'FOREIGN TABLE distant', 'COLUMN distant.a', 'CONSTRAINT pos ON distant', 'VIEW seen', 'COLUMN seen.x', 'RULE kept ON seen', 'RULE "_RETURN" ON seen', 'TRIGGER instead ON seen',
		'MATERIALIZED VIEW stored', 'COLUMN stored.u', 'INDEX by_u', 'TRIGGER fired ON "T 1"', 'TRIGGER of_parts ON whole', 'TRIGGER of_parts ON part', 'POLICY mine ON "T 1"', 'ACCESS METHOD gist2', 'LANGUAGE other',
		'TRANSFORM FOR int LANGUAGE sql', 'EVENT TRIGGER watch', 'VIEW said', 'TYPE "T 1"', 'TYPE seen'];
BEGIN
	FOR i IN 1 .. array_length(objects, 1) LOOP
		CONTINUE WHEN i % 3 <> third;
		EXECUTE format('COMMENT ON %s IS %L', objects[i], what || ' of ' || objects[i]);
	END LOOP;
END $$;
/* what both sides say of what is not floe */
CREATE VIEW said AS SELECT o.type, o.identity, d.description FROM pg_catalog.pg_description d, LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) o
	WHERE (d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::regclass) AND o.identity !~ '^"?floe|^pg_|^information_schema'
		AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = d.classoid AND m.objid = d.objoid AND m.deptype = 'e');
SELECT say('one', 0);
SELECT say('it''s \ $floe$ $$', 1);
COMMENT ON EXTENSION hstore IS NULL;
-- load
INSERT INTO "T 1" (id, "a'b") SELECT g, 'x' FROM generate_series(1, 5) g;
-- live
SELECT say('two');
-- step
SELECT say(NULL);
-- step
SELECT say('three', 1);
COMMENT ON EXTENSION citext IS 'x';
COMMENT ON EXTENSION citext IS '';
-- step
SELECT say('four');
SELECT say(NULL, 1);
-- step
DROP EXTENSION hstore;
CREATE EXTENSION hstore;
ALTER TABLE "T 1" RENAME TO renamed;
ALTER FUNCTION f(int, VARIADIC text[]) RENAME TO g;
COMMENT ON TABLE renamed IS 'renamed';
COMMENT ON CONSTRAINT refers ON child IS 'five';
