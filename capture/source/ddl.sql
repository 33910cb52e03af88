-- What the source runs inside its users' transactions to record DDL commands. ddl.go fills in the places in
-- double braces: the settings that the text of definitions depends on, the queries of package catalog
-- confined to the oids in the variable touched, and what differs between servers' versions.
--
-- All of it runs under the settings of the three trigger functions, in PL/pgSQL, which keeps its plans.
-- Nothing here may make a user's command fail: the event triggers catch everything.

CREATE TABLE IF NOT EXISTS floe.ddl (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	xid bigint NOT NULL DEFAULT txid_current(), -- with its epoch
	tag text NOT NULL,
	query text, -- for people: what the client sent, cut short; never run again
	change text NOT NULL -- JSON for catalog.ReadChange
);

CREATE TABLE IF NOT EXISTS floe.selection (
	job text PRIMARY KEY,
	publication name NOT NULL,
	keep boolean NOT NULL, -- replica identities stay as they are
	everything boolean NOT NULL, -- with the objects that no table needs
	include jsonb NOT NULL, -- [[schema, table], …], LIKE patterns
	exclude jsonb NOT NULL
);

{{given}};

-- wholes gives for objects, and for parts of objects such as indexes, what is defined with them.
CREATE OR REPLACE FUNCTION floe.wholes(classes oid[], ids oid[]) RETURNS TABLE (class oid, id oid)
LANGUAGE plpgsql AS $floe$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH g AS (SELECT u.class, u.id FROM unnest(classes, ids) AS u(class, id) WHERE u.id <> 0)
	SELECT g.class, c.oid FROM g JOIN pg_class c ON g.class = 'pg_class'::regclass AND c.oid = g.id AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
	UNION SELECT g.class, i.indrelid FROM g JOIN pg_index i ON g.class = 'pg_class'::regclass AND i.indexrelid = g.id
	UNION SELECT g.class, d.refobjid FROM g JOIN pg_class c ON g.class = 'pg_class'::regclass AND c.oid = g.id AND c.relkind = 'S'
		JOIN pg_depend d ON d.classid = g.class AND d.objid = g.id AND d.objsubid = 0
		AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
	UNION SELECT 'pg_type'::regclass, c.reltype FROM g JOIN pg_class c ON g.class = 'pg_class'::regclass AND c.oid = g.id AND c.relkind = 'c'
	UNION SELECT 'pg_class'::regclass, c.oid FROM g JOIN pg_type t ON g.class = 'pg_type'::regclass AND t.oid = g.id
		JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c'
	UNION SELECT g.class, CASE WHEN e.typarray = t.oid THEN e.oid ELSE t.oid END FROM g
		JOIN pg_type t ON g.class = 'pg_type'::regclass AND t.oid = g.id
		LEFT JOIN pg_class c ON c.oid = t.typrelid LEFT JOIN pg_type e ON e.oid = t.typelem
		WHERE coalesce(c.relkind = 'c', true)
	{{further}}
	UNION SELECT CASE WHEN k.conrelid <> 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END, CASE WHEN k.conrelid <> 0 THEN k.conrelid ELSE k.contypid END
		FROM g JOIN pg_constraint k ON g.class = 'pg_constraint'::regclass AND k.oid = g.id
	UNION SELECT 'pg_class'::regclass, a.adrelid FROM g JOIN pg_attrdef a ON g.class = 'pg_attrdef'::regclass AND a.oid = g.id
	UNION SELECT 'pg_class'::regclass, t.tgrelid FROM g JOIN pg_trigger t ON g.class = 'pg_trigger'::regclass AND t.oid = g.id
	UNION SELECT 'pg_class'::regclass, r.ev_class FROM g JOIN pg_rewrite r ON g.class = 'pg_rewrite'::regclass AND r.oid = g.id
	UNION SELECT 'pg_class'::regclass, p.polrelid FROM g JOIN pg_policy p ON g.class = 'pg_policy'::regclass AND p.oid = g.id
	UNION SELECT 'pg_class'::regclass, s.stxrelid FROM g JOIN pg_statistic_ext s ON g.class = 'pg_statistic_ext'::regclass AND s.oid = g.id
	UNION SELECT 'pg_publication'::regclass, r.prpubid FROM g JOIN pg_publication_rel r ON g.class = 'pg_publication_rel'::regclass AND r.oid = g.id
	UNION SELECT d.refclassid, d.refobjid FROM g JOIN pg_depend d ON d.classid = g.class AND d.objid = g.id AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)
		WHERE g.class IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
	UNION SELECT g.class, g.id FROM g WHERE g.class NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass);
END
$floe$;

-- parts is the other way: what comes and goes with objects and stands in catalogs under oids of its own.
CREATE OR REPLACE FUNCTION floe.parts(classes oid[], ids oid[]) RETURNS TABLE (class oid, id oid)
LANGUAGE plpgsql AS $floe$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH g AS (SELECT u.class, u.id FROM unnest(classes, ids) AS u(class, id)),
	rel AS (SELECT g.id FROM g WHERE g.class = 'pg_class'::regclass),
	typ AS (SELECT t.oid, t.typarray, t.typrelid FROM g JOIN pg_type t ON t.oid = g.id WHERE g.class = 'pg_type'::regclass
		UNION SELECT t.oid, t.typarray, t.typrelid FROM rel JOIN pg_class c ON c.oid = rel.id JOIN pg_type t ON t.oid = c.reltype {{multirange}})
	SELECT g.class, g.id FROM g
	UNION SELECT 'pg_type'::regclass, oid FROM typ
	UNION SELECT 'pg_type'::regclass, typarray FROM typ WHERE typarray <> 0
	UNION SELECT 'pg_class'::regclass, typrelid FROM typ WHERE typrelid <> 0
	UNION SELECT 'pg_constraint'::regclass, k.oid FROM typ JOIN pg_constraint k ON k.conrelid = 0 AND k.contypid = typ.oid
	UNION SELECT 'pg_constraint'::regclass, k.oid FROM rel JOIN pg_constraint k ON k.conrelid = rel.id
	UNION SELECT 'pg_class'::regclass, i.indexrelid FROM rel JOIN pg_index i ON i.indrelid = rel.id
	UNION SELECT 'pg_attrdef'::regclass, a.oid FROM rel JOIN pg_attrdef a ON a.adrelid = rel.id
	UNION SELECT 'pg_trigger'::regclass, t.oid FROM rel JOIN pg_trigger t ON t.tgrelid = rel.id
	UNION SELECT 'pg_rewrite'::regclass, r.oid FROM rel JOIN pg_rewrite r ON r.ev_class = rel.id
	UNION SELECT 'pg_policy'::regclass, p.oid FROM rel JOIN pg_policy p ON p.polrelid = rel.id
	UNION SELECT 'pg_statistic_ext'::regclass, s.oid FROM rel JOIN pg_statistic_ext s ON s.stxrelid = rel.id
	UNION SELECT 'pg_class'::regclass, d.objid FROM rel JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = rel.id
		AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S';
END
$floe$;

-- scope widens what a command named to all whose definitions may have changed. core is what it changed
-- itself: tables with their partitions and heirs. deep adds what mentions those, as after a rename;
-- needs, what they depend on.
CREATE OR REPLACE FUNCTION floe.scope(classes oid[], ids oid[], deep boolean, needs boolean, OUT core oid[], OUT kinds oid[], OUT touched oid[])
LANGUAGE plpgsql AS $floe$
DECLARE
	c oid[];
	i oid[];
BEGIN
	SELECT array_agg(class), array_agg(id) INTO c, i FROM floe.wholes(classes, ids);
	IF deep THEN
		SELECT array_agg(w.class), array_agg(w.id) INTO c, i FROM (
			SELECT * FROM unnest(c, i) AS u(class, id)
			UNION SELECT w.class, w.id FROM (
				SELECT array_agg(d.classid) AS c, array_agg(d.objid) AS i FROM unnest(c, i) AS u(class, id)
				JOIN pg_depend d ON d.refclassid = u.class AND d.refobjid = u.id
				WHERE u.class IN ('pg_namespace'::regclass, 'pg_extension'::regclass)) d, floe.wholes(d.c, d.i) w) w;
		-- Tables OF a composite type change with it, and their partitions and heirs with them.
		SELECT c || array_agg('pg_class'::regclass::oid), i || array_agg(r.oid) INTO c, i FROM unnest(c, i) AS u(class, id)
			JOIN pg_depend d ON d.refclassid = u.class AND d.refobjid = u.id AND d.classid = 'pg_class'::regclass AND d.objsubid = 0
			JOIN pg_class r ON r.oid = d.objid AND r.reloftype = u.id WHERE u.class = 'pg_type'::regclass;
	END IF;
	WITH RECURSIVE down(id) AS (
		SELECT u.id FROM unnest(c, i) AS u(class, id) WHERE u.class = 'pg_class'::regclass
		UNION SELECT h.inhrelid FROM down JOIN pg_inherits h ON h.inhparent = down.id)
	SELECT array_agg(id) INTO core FROM down;
	c := c || array_fill('pg_class'::regclass::oid, ARRAY[coalesce(cardinality(core), 0)]);
	i := i || core;
	IF deep THEN
		SELECT array_agg(w.class), array_agg(w.id) INTO c, i FROM (
			SELECT * FROM unnest(c, i) AS u(class, id)
			UNION SELECT w.class, w.id FROM (
				SELECT array_agg(d.classid) AS c, array_agg(d.objid) AS i FROM floe.parts(c, i) u
				JOIN pg_depend d ON d.refclassid = u.class AND d.refobjid = u.id
				WHERE d.deptype IN ('n', 'a')) d, floe.wholes(d.c, d.i) w) w;
		-- Materialized views name the tables that they are filled from, through whatever lies between.
		WITH RECURSIVE above(id) AS (
			SELECT u.id FROM unnest(c, i) AS u(class, id) WHERE u.class = 'pg_class'::regclass
			UNION SELECT w.ev_class FROM above JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = above.id
				AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite w ON w.oid = d.objid)
		SELECT c || array_agg('pg_class'::regclass::oid), i || array_agg(r.oid) INTO c, i
			FROM above JOIN pg_class r ON r.oid = above.id WHERE r.relkind = 'm';
	END IF;
	WITH RECURSIVE below(class, id) AS (
		SELECT u.class, u.id FROM unnest(c, i) AS u(class, id) JOIN pg_class r ON r.oid = u.id AND r.relkind = 'm' WHERE u.class = 'pg_class'::regclass
		UNION SELECT x.class, x.id FROM below, LATERAL (
			SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = below.class AND d.objid = below.id
			AND NOT (below.class = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class r WHERE r.oid = below.id AND r.relkind NOT IN ('v', 'm')))
			UNION ALL SELECT 'pg_rewrite'::regclass, w.oid FROM pg_rewrite w WHERE below.class = 'pg_class'::regclass AND w.ev_class = below.id) x(class, id))
	SELECT c || array_agg(class), i || array_agg(id) INTO c, i FROM below;
	WITH RECURSIVE up(id) AS (
		SELECT u.id FROM unnest(c, i) AS u(class, id) WHERE u.class = 'pg_class'::regclass
		UNION SELECT h.inhparent FROM up JOIN pg_inherits h ON h.inhrelid = up.id)
	SELECT c || array_agg('pg_class'::regclass::oid), i || array_agg(id) INTO c, i FROM up;
	-- What a default partition holds depends on its sisters.
	WITH RECURSIVE down(id) AS (
		SELECT p.partdefid FROM unnest(c, i) AS u(class, id) JOIN pg_partitioned_table p ON p.partrelid = u.id AND p.partdefid <> 0
		WHERE u.class = 'pg_class'::regclass
		UNION SELECT h.inhrelid FROM down JOIN pg_inherits h ON h.inhparent = down.id)
	SELECT c || array_agg('pg_class'::regclass::oid), i || array_agg(id) INTO c, i FROM down;
	IF needs THEN
		WITH RECURSIVE need(class, id) AS (
			SELECT p.class, p.id FROM floe.parts(c, i) p
			UNION SELECT x.class, x.id FROM need, LATERAL (
				SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = need.class AND d.objid = need.id AND d.deptype <> 'p'
				AND NOT (d.refclassid = 'pg_class'::regclass AND EXISTS (
					SELECT FROM pg_class r WHERE r.oid = d.refobjid AND r.relkind NOT IN ('S', 'c')))
				UNION ALL SELECT 'pg_class'::regclass, r.oid FROM pg_type t JOIN pg_class r ON r.oid = t.typrelid AND r.relkind = 'c'
				WHERE need.class = 'pg_type'::regclass AND t.oid = need.id) x(class, id))
		SELECT array_agg(class), array_agg(id) INTO c, i FROM need;
	END IF;
	SELECT array_agg(p.class), array_agg(p.id) INTO kinds, touched FROM floe.parts(c, i) p;
END
$floe$;

-- selects reports whether a job replicates a table: for a partition its parents' names count too.
CREATE OR REPLACE FUNCTION floe.selects(relation oid, include jsonb, exclude jsonb) RETURNS boolean
LANGUAGE plpgsql AS $floe$
BEGIN
	RETURN (
	WITH RECURSIVE up(id, level) AS (
		SELECT relation, 0
		UNION ALL SELECT h.inhparent, up.level + 1 FROM up JOIN pg_class c ON c.oid = up.id AND c.relispartition JOIN pg_inherits h ON h.inhrelid = up.id),
	named AS (
		SELECT n.nspname::text COLLATE "C" AS schema, c.relname::text COLLATE "C" AS name, up.level,
			c.relpersistence = 't' OR n.nspname ~ '^pg_' OR n.nspname IN ('information_schema', 'floe') OR c.relname ~ '^dts_(postgres_heartbeat|ddl_command|capture_ddl|intercept_ddl)$'
			OR EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') AS alien
		FROM up JOIN pg_class c ON c.oid = up.id JOIN pg_namespace n ON n.oid = c.relnamespace),
	judged AS (
		SELECT level, alien, NOT alien
			AND EXISTS (SELECT FROM jsonb_array_elements(include) p WHERE schema LIKE (p->>0) AND name LIKE (p->>1))
			AND NOT EXISTS (SELECT FROM jsonb_array_elements(exclude) p WHERE schema LIKE (p->>0) AND name LIKE (p->>1)) AS chosen
		FROM named)
	SELECT EXISTS (SELECT FROM judged j WHERE j.chosen AND NOT EXISTS (SELECT FROM judged a WHERE a.alien AND a.level <= j.level)));
END
$floe$;

-- key_of is catalog.TableDef's choice of the index that tells rows apart.
CREATE OR REPLACE FUNCTION floe.key_of(relation oid) RETURNS oid
LANGUAGE plpgsql AS $floe$
BEGIN
	RETURN (
	SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
	WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indislive AND i.indimmediate AND NOT i.indisexclusion
	AND i.indpred IS NULL AND i.indexprs IS NULL AND {{usual}}
	AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
		WHERE u.n <= i.indnkeyatts AND ({{nullable}}))
	ORDER BY i.indisprimary DESC, (c.relreplident = 'i' AND i.indisreplident) DESC, i.indexrelid LIMIT 1);
END
$floe$;

-- virtual reports whether a table has a virtual generated column (18 on): the server refuses UPDATE and DELETE of one that is
-- published with REPLICA IDENTITY FULL.
CREATE OR REPLACE FUNCTION floe.virtual(relation oid) RETURNS boolean
LANGUAGE plpgsql AS $floe$
BEGIN
	RETURN {{virtual}};
END
$floe$;

-- identity is the ALTER TABLE that gives a table the replica identity that its changes need, null for none.
CREATE OR REPLACE FUNCTION floe.identity(relation oid) RETURNS text
LANGUAGE plpgsql AS $floe$
DECLARE
	root oid := relation;
	above oid;
	key oid;
	alter_table text;
	t record;
BEGIN
	SELECT c.relreplident, n.nspname, c.relname INTO t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation;
	IF t.relreplident NOT IN ('d', 'i') AND NOT (t.relreplident = 'f' AND floe.virtual(relation)) THEN
		RETURN NULL;
	END IF;
	LOOP
		SELECT h.inhparent INTO above FROM pg_class c JOIN pg_inherits h ON h.inhrelid = c.oid WHERE c.oid = root AND c.relispartition;
		EXIT WHEN NOT FOUND;
		root := above;
	END LOOP;
	key := floe.key_of(root);
	IF root <> relation THEN
		WITH RECURSIVE up(part, id) AS (
			SELECT i.indexrelid, i.indexrelid FROM pg_index i WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indislive
			UNION ALL SELECT up.part, h.inhparent FROM up JOIN pg_inherits h ON h.inhrelid = up.id)
		SELECT up.part INTO key FROM up WHERE up.id = key;
	END IF;
	alter_table := format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY ', t.nspname, t.relname);
	IF key IS NULL THEN
		RETURN CASE WHEN t.relreplident <> 'f' THEN alter_table || 'FULL' END;
	END IF;
	IF (SELECT i.indisprimary FROM pg_index i WHERE i.indexrelid = key) THEN
		RETURN CASE WHEN t.relreplident <> 'd' THEN alter_table || 'DEFAULT' END;
	END IF;
	IF t.relreplident = 'i' AND (SELECT i.indisreplident FROM pg_index i WHERE i.indexrelid = key) THEN
		RETURN NULL;
	END IF;
	RETURN alter_table || 'USING INDEX ' || (SELECT quote_ident(c.relname) FROM pg_class c WHERE c.oid = key);
END
$floe$;

-- keep writes down what replica identity a table had before floe gave it the present one. Where that fails, the
-- table will not get it back.
CREATE OR REPLACE FUNCTION floe.keep(oid, "char", oid) RETURNS void
LANGUAGE plpgsql AS $floe$
BEGIN
	{{keep}};
EXCEPTION WHEN OTHERS THEN
	NULL;
END
$floe$;

-- publish lets tables that are new to a job's selection into its publication and keeps every published
-- one's identity sufficient, before the first row that needs it. It returns what it could not do. Who writes to a table
-- already would have its earlier rows lost: such a table comes later, when its writers can be waited for. A table whose
-- changes the server would refuse once it is published stays out, or is taken out: its users come first.
CREATE OR REPLACE FUNCTION floe.publish(tables oid[]) RETURNS text[]
LANGUAGE plpgsql AS $floe$
DECLARE
	faults text[];
	t record;
	alter_table text;
	-- Event triggers of others are not for what floe does; without search_path many of them fail.
	quiet boolean := EXISTS (SELECT FROM pg_event_trigger WHERE evtenabled = 'O') AND (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user);
	role text := current_setting('session_replication_role');
BEGIN
	FOR t IN
		SELECT c.oid, n.nspname, c.relname, c.relreplident, s.publication, s.keep,
			coalesce((SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident), 0) AS index,
			EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid) AS published
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, floe.selection s JOIN pg_publication p ON p.pubname = s.publication
		WHERE c.oid = ANY (tables) AND c.relkind = 'r' AND c.relpersistence = 'p' AND floe.selects(c.oid, s.include, s.exclude)
		ORDER BY c.oid
	LOOP
		BEGIN
			alter_table := CASE WHEN NOT t.keep THEN floe.identity(t.oid) END;
			CONTINUE WHEN t.published AND alter_table IS NULL AND NOT floe.virtual(t.oid);
			IF quiet THEN
				PERFORM set_config('session_replication_role', 'replica', true);
			END IF;
			IF floe.virtual(t.oid) AND coalesce(alter_table LIKE '% FULL', t.relreplident = 'f') THEN
				IF t.published THEN
					EXECUTE format('ALTER PUBLICATION %I DROP TABLE ONLY %I.%I', t.publication, t.nspname, t.relname);
				END IF;
				PERFORM set_config('session_replication_role', role, true) WHERE quiet;
				faults := faults || format('publish %I.%I in %I: it has virtual generated columns and no key', t.nspname, t.relname, t.publication);
				CONTINUE;
			END IF;
			IF NOT t.published THEN
				EXECUTE format('LOCK TABLE ONLY %I.%I IN SHARE ROW EXCLUSIVE MODE NOWAIT', t.nspname, t.relname);
				EXECUTE format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I', t.publication, t.nspname, t.relname);
			END IF;
			IF alter_table IS NOT NULL THEN
				EXECUTE alter_table;
				PERFORM floe.keep(t.oid, t.relreplident, t.index);
			END IF;
			PERFORM set_config('session_replication_role', role, true) WHERE quiet;
		EXCEPTION WHEN OTHERS THEN
			faults := faults || format('publish %I.%I in %I: %s', t.nspname, t.relname, t.publication, sqlerrm);
		END;
	END LOOP;
	RETURN faults;
END
$floe$;

-- bereft are tables that a drop may have changed without saying so: published ones whose identity index
-- went (DROP INDEX does not say of which table), and default partitions that have lost a sister.
CREATE OR REPLACE FUNCTION floe.bereft() RETURNS oid[]
LANGUAGE plpgsql AS $floe$
BEGIN
	RETURN (
	SELECT array_agg(b.oid) FROM (SELECT c.oid FROM floe.selection s JOIN pg_publication p ON p.pubname = s.publication
	JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c ON c.oid = r.prrelid
	WHERE c.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
	UNION SELECT p.partdefid FROM pg_partitioned_table p WHERE p.partdefid <> 0) b);
END
$floe$;

-- granted are the objects that this transaction changed last: GRANT does not say whose privileges it gave, nor
-- REASSIGN OWNED what it gave away.
CREATE OR REPLACE FUNCTION floe.granted(most int) RETURNS TABLE (class oid, id oid)
LANGUAGE plpgsql AS $floe$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT a.class::oid, a.id FROM (
		SELECT 'pg_class'::regclass AS class, oid AS id, cmin::text::bigint AS at FROM pg_class WHERE age(xmin) <= 0 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
		UNION ALL SELECT 'pg_class'::regclass, attrelid, cmin::text::bigint FROM pg_attribute WHERE age(xmin) <= 0 AND attacl IS NOT NULL
		UNION ALL SELECT 'pg_proc'::regclass, oid, cmin::text::bigint FROM pg_proc WHERE age(xmin) <= 0
		UNION ALL SELECT 'pg_type'::regclass, oid, cmin::text::bigint FROM pg_type WHERE age(xmin) <= 0 AND typrelid = 0
		UNION ALL SELECT 'pg_language'::regclass, oid, cmin::text::bigint FROM pg_language WHERE age(xmin) <= 0
		UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, cmin::text::bigint FROM pg_foreign_data_wrapper WHERE age(xmin) <= 0
		UNION ALL SELECT 'pg_foreign_server'::regclass, oid, cmin::text::bigint FROM pg_foreign_server WHERE age(xmin) <= 0
		UNION ALL SELECT 'pg_namespace'::regclass, oid, cmin::text::bigint FROM pg_namespace WHERE age(xmin) <= 0) a
		ORDER BY a.at DESC LIMIT most;
END
$floe$;

CREATE OR REPLACE FUNCTION floe.recording(classes oid[], touched oid[]) RETURNS json
LANGUAGE plpgsql AS $floe$
DECLARE
	tables oid[] := ARRAY(SELECT c.oid FROM pg_class c WHERE c.oid = ANY (touched) AND c.relkind IN ('r', 'p'));
BEGIN
	RETURN {{recording}};
END
$floe$;

-- stale are the columns, as pairs of table and attnum, that were added with a value which stands in no row and which
-- another server may not give them: their default is gone, calls something, or is another one by now. A default is
-- computed here only if all in it is the server's own: this runs with floe's rights.
CREATE OR REPLACE FUNCTION floe.stale(tables oid[]) RETURNS json
LANGUAGE plpgsql AS $floe$
DECLARE
	c record;
	computed text;
	found jsonb := '[]';
BEGIN
	FOR c IN SELECT a.attrelid, a.attnum, s.was, x.expr, format_type(a.atttypid, a.atttypmod) AS type, d.adbin::text LIKE '{CONST %' AS constant,
			d.adbin IS NULL OR {{calls}} <> '' AS unlike,
			a.atttypid >= 16384 OR EXISTS (SELECT FROM regexp_matches(d.adbin::text, ':[a-z_]*(?:type|id) ([0-9]+)', 'g') m WHERE m[1]::numeric >= 16384) AS users
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum,
			LATERAL (SELECT (a.attmissingval::text::text[])[1] AS was) s, LATERAL (SELECT pg_get_expr(d.adbin, d.adrelid) AS expr) x
		WHERE a.attrelid = ANY (tables) AND a.attnum > 0 AND a.atthasmissing AND NOT a.attisdropped
	LOOP
		IF NOT c.unlike AND c.constant AND (c.expr = c.was AND c.was ~ '^[0-9.]+$' OR starts_with(c.expr, quote_literal(c.was) || '::')) THEN
			CONTINUE;
		END IF;
		computed := NULL;
		IF NOT c.unlike AND NOT c.users THEN
			BEGIN
				EXECUTE format('SELECT CASE WHEN v IS NOT NULL THEN format(''%%s'', v) END FROM (SELECT (%s)::%s AS v) x', c.expr, c.type) INTO computed;
			EXCEPTION WHEN OTHERS THEN
				computed := NULL;
			END;
		END IF;
		IF computed IS DISTINCT FROM c.was THEN
			found := found || jsonb_build_array(jsonb_build_array(c.attrelid::bigint, c.attnum));
		END IF;
	END LOOP;
	RETURN found;
END
$floe$;

-- record writes one command's row.
CREATE OR REPLACE FUNCTION floe.record(tag text, classes oid[], ids oid[], created oid[], pending jsonb) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $floe$
DECLARE
	dropped jsonb := coalesce(pending->'dropped', '[]');
	scope record;
	faults text[];
	filled oid[];
	many boolean;
BEGIN
	SELECT classes || array_agg((a->>0)::oid), ids || array_agg((a->>1)::oid) INTO classes, ids
		FROM jsonb_array_elements(coalesce(pending->'affected', '[]')) a;
	IF EXISTS (SELECT FROM jsonb_array_elements(dropped) d WHERE d->>0 = 'pg_class'::regclass::oid::text AND d->>2 = '0') THEN
		ids := ids || floe.bereft();
		classes := classes || array_fill('pg_class'::regclass::oid, ARRAY[coalesce(cardinality(ids), 0) - coalesce(cardinality(classes), 0)]);
	END IF;
	IF tag = 'ALTER TABLE' THEN -- DETACH PARTITION names the parent alone: the partition is among what was changed last
		SELECT classes || array_agg('pg_class'::regclass::oid), ids || array_agg(d.oid) INTO classes, ids FROM (
			SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND age(c.xmin) <= 0
			ORDER BY c.cmin::text::bigint DESC LIMIT 4) d;
	END IF;
	IF tag = 'ALTER DEFAULT PRIVILEGES' THEN
		SELECT classes || array_agg('pg_default_acl'::regclass::oid), ids || array_agg(a.oid) INTO classes, ids FROM pg_default_acl a;
	ELSIF tag IN ('GRANT', 'REVOKE', 'REASSIGN OWNED') THEN
		SELECT classes || array_agg(g.class), ids || array_agg(g.id), array_length(array_agg(g.id), 1) >= 300 INTO classes, ids, many FROM floe.granted(300) g;
		IF many THEN
			faults := ARRAY[tag || ' within a transaction that changed too much to tell of what'];
		END IF;
	ELSIF tag = 'ALTER EXTENSION' THEN -- what it let go is among nothing that names it any more
		faults := ARRAY[tag || ' may let objects go'];
	END IF;
	scope := floe.scope(classes, ids, tag LIKE 'ALTER %' OR tag IN ('CREATE FUNCTION', 'CREATE PROCEDURE', 'CREATE AGGREGATE'),
		EXISTS (SELECT FROM floe.selection s WHERE NOT s.everything));
	faults := faults || floe.publish(scope.core);
	SELECT array_agg(c.oid) INTO filled FROM pg_class c
		WHERE c.oid = ANY (scope.core) AND c.relkind = 'r' AND c.relpersistence <> 't' AND pg_relation_size(c.oid) > 0;
	INSERT INTO floe.ddl (tag, query, change) VALUES (tag, left(current_query(), 2000), json_build_object(
		'format', {{format}}, 'version', current_setting('server_version_num')::int, 'tag', tag, 'query', left(current_query(), 2000),
		'touched', coalesce(scope.touched, '{}')::bigint[], 'dropped', dropped, 'created', coalesce(created, '{}')::bigint[],
		'rewritten', coalesce(pending->'rewritten', '[]'), 'wrote', coalesce(nullif(current_setting('floe.wrote', true), ''), '[]')::json, 'refreshed', CASE WHEN tag = 'REFRESH MATERIALIZED VIEW' THEN ids::bigint[] ELSE '{}' END, 'filled', coalesce(filled, '{}')::bigint[], 'stale', floe.stale(filled),
		'unknown', coalesce(faults, '{}'), 'rows', floe.recording(scope.kinds, coalesce(scope.touched, '{}'))));
END
$floe$;

-- clean deletes what is older than a week, sometimes. It waits for nobody, and under stricter isolation it
-- stays away: there it could make the user's own commit fail.
CREATE OR REPLACE FUNCTION floe.clean() RETURNS void
LANGUAGE plpgsql AS $floe$
BEGIN
	IF random() < 0.02 AND current_setting('transaction_isolation') = 'read committed' THEN
		DELETE FROM floe.ddl WHERE id IN (
			SELECT id FROM floe.ddl WHERE at < now() - interval '7 days' ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED);
	END IF;
EXCEPTION WHEN OTHERS THEN
	NULL; -- there is always a next time
END
$floe$;

-- written are the columns of tables of which this transaction wrote the catalog's rows, and those rows' versions.
CREATE OR REPLACE FUNCTION floe.written(tables oid[]) RETURNS TABLE (relation oid, attnum int2, version text)
LANGUAGE plpgsql ROWS 10 AS $floe$
BEGIN
	RETURN QUERY SELECT a.attrelid, a.attnum, concat_ws(' ', a.attrelid, a.attnum, a.xmin, a.ctid)
		FROM pg_attribute a WHERE a.attrelid = ANY (tables) AND a.attnum > 0 AND NOT a.attisdropped AND age(a.xmin) <= 0;
END
$floe$;

-- came leaves in floe.wrote, for ddl_command_end, what ALTER TABLE wrote of columns: each version, and the one that it was
-- written over, null where there was none or the command wrote the table's rows anew, too. Being STABLE it sees the catalog
-- as the command found it. That snapshot may be older than the command's lock on a table: of one that has another file
-- since, and not by the command, nothing is left.
CREATE OR REPLACE FUNCTION floe.came() RETURNS event_trigger
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $floe$
DECLARE
	rewritten jsonb;
	wrote jsonb;
BEGIN
	IF current_setting('floe.recording', true) = 'on' THEN
		RETURN;
	END IF;
	rewritten := coalesce(nullif(current_setting('floe.pending', true), '')::jsonb->'rewritten', '[]');
	WITH RECURSIVE down(id) AS (
		SELECT e.objid FROM pg_event_trigger_ddl_commands() e WHERE e.classid = 'pg_class'::regclass AND e.schema_name IS DISTINCT FROM 'pg_temp'
		UNION SELECT h.inhrelid FROM down JOIN pg_inherits h ON h.inhparent = down.id)
	SELECT jsonb_agg(jsonb_build_array(w.version, CASE WHEN NOT r.anew THEN o.version END))
		INTO wrote FROM floe.written(ARRAY(SELECT id FROM down)) w JOIN pg_class c ON c.oid = w.relation AND c.relkind = 'r'
		LEFT JOIN (SELECT a.attrelid, a.attnum, concat_ws(' ', a.attrelid, a.attnum, a.xmin, a.ctid) AS version FROM pg_attribute a) o
			ON o.attrelid = w.relation AND o.attnum = w.attnum, LATERAL (SELECT rewritten @> to_jsonb(c.oid::bigint) AS anew) r
		WHERE r.anew OR c.relfilenode = pg_relation_filenode(c.oid) AND w.version IS DISTINCT FROM o.version;
	PERFORM set_config('floe.wrote', coalesce(wrote::text, ''), true);
EXCEPTION WHEN OTHERS THEN
	RAISE LOG 'floe: the columns that % wrote were not recorded: %', TG_TAG, sqlerrm;
END
$floe$;

CREATE OR REPLACE FUNCTION floe.ddl_command_end() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp {{pins}} AS $floe$
DECLARE
	pending jsonb;
	classes oid[];
	ids oid[];
	created oid[];
	why text;
BEGIN
	IF current_setting('floe.recording', true) = 'on' THEN
		RETURN;
	END IF;
	BEGIN
		IF current_setting('floe.pending', true) <> '' THEN
			pending := current_setting('floe.pending')::jsonb;
			PERFORM set_config('floe.pending', '', true);
		END IF;
		SELECT array_agg(e.classid), array_agg(e.objid), array_agg(e.objid) FILTER (WHERE e.command_tag = 'CREATE TABLE')
			INTO classes, ids, created FROM pg_event_trigger_ddl_commands() e
			WHERE NOT e.in_extension AND e.objid <> 0 AND coalesce(e.schema_name, '') NOT IN ('pg_temp', 'floe');
		IF TG_TAG NOT IN ('GRANT', 'REVOKE', 'REASSIGN OWNED', 'ALTER DEFAULT PRIVILEGES') AND classes IS NULL AND pending IS NULL THEN
			RETURN;
		END IF;
		-- The commands that it runs itself are not recorded. (A SET of the function would want a superuser.)
		PERFORM set_config('floe.recording', 'on', true);
		PERFORM floe.record(TG_TAG, classes, ids, created, pending);
		PERFORM floe.clean();
		PERFORM set_config('floe.recording', '', true);
		PERFORM set_config('floe.wrote', '', true);
		RETURN;
	EXCEPTION WHEN OTHERS THEN
		why := sqlstate || ' ' || sqlerrm;
	END;
	-- That block was rolled back, and with it what it did to floe.pending.
	BEGIN
		pending := nullif(current_setting('floe.pending', true), '')::jsonb;
		PERFORM set_config('floe.pending', '', true);
		INSERT INTO floe.ddl (tag, query, change) VALUES (TG_TAG, left(current_query(), 2000), json_build_object(
			'format', {{format}}, 'version', current_setting('server_version_num')::int, 'tag', TG_TAG, 'query', left(current_query(), 2000),
			'dropped', coalesce(pending->'dropped', '[]'), 'rewritten', coalesce(pending->'rewritten', '[]'), 'unknown', ARRAY[why]));
	EXCEPTION WHEN OTHERS THEN
		RAISE LOG 'floe: % was not recorded: %, %', TG_TAG, why, sqlerrm;
	END;
END
$floe$;

-- What was dropped can be asked for only here; floe.pending carries it to the end of the same command,
-- and is undone with it.
CREATE OR REPLACE FUNCTION floe.sql_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $floe$
DECLARE
	dropped jsonb;
	affected jsonb;
BEGIN
	IF current_setting('floe.recording', true) = 'on' THEN
		RETURN;
	END IF;
	SELECT jsonb_agg(jsonb_build_array(d.classid::bigint, d.objid::bigint, d.objsubid)),
		jsonb_agg(jsonb_build_array(w.class::bigint, w.id::bigint)) FILTER (WHERE w.id IS NOT NULL) INTO dropped, affected
		FROM pg_event_trigger_dropped_objects() d LEFT JOIN LATERAL (
			SELECT d.classid AS class, d.objid AS id WHERE d.classid = 'pg_class'::regclass AND d.objsubid > 0
			UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
			WHERE d.object_type IN ('table constraint', 'default value', 'trigger', 'rule', 'policy')
				AND n.nspname = d.address_names[1] AND c.relname = d.address_names[2]
			UNION ALL SELECT 'pg_publication'::regclass, p.oid FROM pg_publication p
			WHERE d.object_type = 'publication relation' AND p.pubname = d.address_args[1]
			UNION ALL SELECT 'pg_type'::regclass, to_regtype(d.address_names[1]) WHERE d.object_type = 'domain constraint') w ON true
		WHERE NOT d.is_temporary AND coalesce(d.schema_name, d.address_names[1], '') NOT IN ('pg_temp', 'pg_toast', 'floe');
	IF dropped IS NOT NULL THEN
		PERFORM set_config('floe.pending', (coalesce(nullif(current_setting('floe.pending', true), ''), '{}')::jsonb
			|| jsonb_build_object('dropped', dropped, 'affected', coalesce(affected, '[]')))::text, true);
	END IF;
EXCEPTION WHEN OTHERS THEN
	RAISE LOG 'floe: what % dropped was not recorded: %', TG_TAG, sqlerrm;
END
$floe$;

CREATE OR REPLACE FUNCTION floe.table_rewrite() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $floe$
DECLARE
	pending jsonb;
BEGIN
	-- 1 persistence, 2 a default, 4 a type; 8 moves rows and changes no value
	IF current_setting('floe.recording', true) = 'on' OR pg_event_trigger_table_rewrite_reason() & 7 = 0 THEN
		RETURN;
	END IF;
	pending := coalesce(nullif(current_setting('floe.pending', true), ''), '{}')::jsonb;
	PERFORM set_config('floe.pending', (pending || jsonb_build_object('rewritten',
		coalesce(pending->'rewritten', '[]') || to_jsonb(pg_event_trigger_table_rewrite_oid()::bigint)))::text, true)
		FROM pg_class c WHERE c.oid = pg_event_trigger_table_rewrite_oid() AND c.relpersistence <> 't';
EXCEPTION WHEN OTHERS THEN
	RAISE LOG 'floe: the rewrite by % was not recorded: %', TG_TAG, sqlerrm;
END
$floe$;
