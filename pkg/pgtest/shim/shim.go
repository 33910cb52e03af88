// Package shim dresses a plain server as a PolarDB-O, so that what reads that one's catalogs is tested on a
// real server. It makes the catalogs, columns and functions that probes look for; the commands that
// fill them (CREATE SYNONYM, CREATE PACKAGE) it cannot make, so that rows are written into them.
//
// What a real PolarDB-O does beyond that, its parser above all, is not seen by any test here.
package shim

// Catalogs makes a database look like a PolarDB-O 1.0, whose catalogs are like EPAS's. From then on the
// database takes no CREATE SCHEMA (floe has its own already): a server forms rows of pg_namespace by the columns that it was built
// with. Its sessions need a superuser.
const Catalogs = `CREATE SCHEMA IF NOT EXISTS floe;
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_synonym (oid oid PRIMARY KEY, synname name NOT NULL, synnamespace oid NOT NULL, synowner oid NOT NULL,
	synobjschema name NOT NULL, synobjname name NOT NULL, synlink text);
GRANT SELECT ON pg_catalog.pg_synonym TO PUBLIC;
CREATE TABLE pg_catalog.shim_package (oid oid PRIMARY KEY, head text NOT NULL, body text);
CREATE FUNCTION pg_catalog.edb_get_packageheaddef(oid) RETURNS text LANGUAGE sql STABLE AS 'SELECT head FROM pg_catalog.shim_package p WHERE p.oid = $1';
CREATE FUNCTION pg_catalog.edb_get_packagebodydef(oid) RETURNS text LANGUAGE sql STABLE AS 'SELECT body FROM pg_catalog.shim_package p WHERE p.oid = $1';
CREATE FUNCTION pg_catalog.polar_is_sys_rowid(name) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1 = 'rowid'$$;
ALTER TABLE pg_catalog.pg_namespace ADD COLUMN nspparent oid NOT NULL DEFAULT 0, ADD COLUMN nspobjecttype oid NOT NULL DEFAULT 0;
RESET allow_system_table_mods;`

// GetDDL makes the function that describes types, which takes its words from shim_type. It goes before Catalogs.
const GetDDL = `CREATE SCHEMA dbms_metadata; CREATE TABLE dbms_metadata.shim_type (within text, name text, text text);
CREATE FUNCTION dbms_metadata.get_ddl(kind text, called text, owner text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE told text;
BEGIN
	SELECT s.text INTO told FROM dbms_metadata.shim_type s WHERE kind = 'TYPE' AND s.within = owner AND s.name = called;
	IF NOT FOUND THEN RAISE 'object "%" of type TYPE not found in schema "%"', called, owner; END IF;
	RETURN told;
END $$;`

// ObjectType makes a type of a schema; the server tells so much of it, if its text is not empty.
func ObjectType(schema, within, text string) string {
	said := ""
	if text != "" {
		said = "INSERT INTO dbms_metadata.shim_type VALUES (" + quote(within) + ", " + quote(schema) + ", " + quote(text) + ");"
	}
	return said + `SET allow_system_table_mods = on;
UPDATE pg_catalog.pg_namespace SET nspobjecttype = 1, nspparent = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ` + quote(within) + `) WHERE nspname = ` + quote(schema) + `;
RESET allow_system_table_mods;`
}

// Nest makes a package of a schema: what it holds are then the package's members.
func Nest(schema, within, head, body string) string {
	if body != "" {
		body = quote(body)
	} else {
		body = "NULL"
	}
	return `SET allow_system_table_mods = on;
UPDATE pg_catalog.pg_namespace SET nspparent = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ` + quote(within) + `) WHERE nspname = ` + quote(schema) + `;
INSERT INTO pg_catalog.shim_package SELECT oid, ` + quote(head) + `, ` + body + ` FROM pg_catalog.pg_namespace WHERE nspname = ` + quote(schema) + `;
RESET allow_system_table_mods;`
}

// Ivory makes a database look like an IvorySQL: a package stands in catalogs of its own. The settings that
// say so are its sessions'.
const Ivory = `SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_package (oid oid PRIMARY KEY, pkgname name NOT NULL, pkgnamespace oid NOT NULL, define_invok bool, pkgsrc text);
CREATE TABLE pg_catalog.pg_package_body (oid oid PRIMARY KEY, pkgoid oid NOT NULL, bodysrc text);
GRANT SELECT ON pg_catalog.pg_package, pg_catalog.pg_package_body TO PUBLIC;
RESET allow_system_table_mods;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ivorysql.database_mode = oracle', current_database()); END $$;`

// Dictionary makes the views of a server that hides its catalogs, over tables to be filled.
const Dictionary = `CREATE SCHEMA sys;
CREATE TABLE sys.dba_source (owner text, schema_name text, name text, type text, line numeric, text text);
CREATE TABLE sys.dba_synonyms (owner text, schema_name text, synonym_name text, table_owner text, table_schema_name text, table_name text, db_link text);`

// Synonym makes one; without a schema it is public.
func Synonym(oid, schema, name, toSchema, to, link string) string {
	if schema == "" {
		schema = "public"
	}
	namespace, at := "(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = "+quote(schema)+")", "NULL"
	if link != "" {
		at = quote(link)
	}
	return `SET allow_system_table_mods = on;
INSERT INTO pg_catalog.pg_synonym VALUES (` + oid + `, ` + quote(name) + `, ` + namespace + `, 10, ` + quote(toSchema) + `, ` + quote(to) + `, ` + at + `);
RESET allow_system_table_mods;`
}

// RowID gives an empty table of one column list the row id that polar_default_with_rowid brings: the first
// column, its sequence and its index.
func RowID(table, columns string) string {
	return `CREATE SEQUENCE ` + table + `_rowid_seq;
CREATE TABLE ` + table + ` (rowid bigint NOT NULL DEFAULT nextval('` + table + `_rowid_seq'), ` + columns + `);
ALTER SEQUENCE ` + table + `_rowid_seq OWNED BY ` + table + `.rowid;
DO $$ BEGIN EXECUTE format('CREATE UNIQUE INDEX polar_rowid_%s_index ON ` + table + ` (rowid)', '` + table + `'::regclass::oid); END $$;`
}

func quote(s string) string {
	out := "'"
	for _, r := range s {
		if r == '\'' {
			out += "'"
		}
		out += string(r)
	}
	return out + "'"
}
