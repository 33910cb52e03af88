package dialect

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// probeSQL runs as it stands on every version from 11 on and on Oracle-mode servers: each label has its
// AS, and what a setting, a catalog or a function is named does not have to exist.
const probeSQL = `SELECT pg_catalog.current_setting('polar_version', true) AS polarversion,
	pg_catalog.current_setting('polar_compatibility_mode', true) AS polarmode,
	pg_catalog.current_setting('nls_date_format', true) AS nlsdate,
	pg_catalog.current_setting('polar_enable_ddl_implicit_commit', true) AS implicitcommit,
	pg_catalog.current_setting('polar_enable_stmt_transaction_rollback', true) AS statementrollback,
	pg_catalog.current_setting('ivorysql.compatible_mode', true) AS ivorymode,
	pg_catalog.current_setting('ivorysql.database_mode', true) AS ivorydatabase,
	pg_catalog.current_setting('ivorysql.identifier_case_switch', true) AS ivorycase,
	pg_catalog.to_regclass('pg_catalog.pg_synonym') IS NOT NULL AS synonyms,
	(SELECT count(DISTINCT p.proname) = 2 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname = 'pg_catalog' AND p.proname IN ('edb_get_packageheaddef', 'edb_get_packagebodydef')) AS packageheads,
	EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND a.attname = 'nspparent' AND NOT a.attisdropped) AS nested,
	EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND a.attname = 'nspobjecttype' AND NOT a.attisdropped) AS nestedtype,
	pg_catalog.to_regclass('pg_catalog.pg_package') IS NOT NULL AND pg_catalog.to_regclass('pg_catalog.pg_package_body') IS NOT NULL AS packages,
	(SELECT count(*) = 5 FROM pg_catalog.pg_attribute a WHERE a.attrelid = pg_catalog.to_regclass('sys.dba_source') AND a.attname IN ('schema_name', 'name', 'type', 'line', 'text')) AS sources,
	(SELECT count(*) = 6 FROM pg_catalog.pg_attribute a WHERE a.attrelid = pg_catalog.to_regclass('sys.dba_synonyms')
		AND a.attname IN ('owner', 'schema_name', 'synonym_name', 'table_schema_name', 'table_name', 'db_link')) AS dictionarysynonyms,
	EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'dbms_metadata' AND p.proname = 'get_ddl') AS getddl,
	EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'pg_catalog' AND p.proname = 'polar_is_sys_rowid') AS rowid,
	ARRAY(SELECT l.lanname::text FROM pg_catalog.pg_language l WHERE l.lanname IN ('edbspl', 'plisql') ORDER BY 1) AS languages,
	'' IS NULL AS emptyisnull`

// ivoryMode leaves IvorySQL's own parser, whose names and empty strings are Oracle's; elsewhere it does nothing.
const ivoryMode = `SELECT pg_catalog.set_config('ivorysql.compatible_mode', 'pg', false) AS mode
	WHERE pg_catalog.length(pg_catalog.current_setting('ivorysql.database_mode', true)) > 0`

// Probe asks a server what it is.
func Probe(ctx context.Context, conn *pgx.Conn) (Facts, error) {
	if _, err := conn.Exec(ctx, ivoryMode); err != nil {
		return Facts{}, fmt.Errorf("probe the server's dialect: %w", err)
	}
	rows, err := conn.Query(ctx, probeSQL)
	if err != nil {
		return Facts{}, fmt.Errorf("probe the server's dialect: %w", err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Facts])
	if err != nil {
		return Facts{}, fmt.Errorf("probe the server's dialect: %w", err)
	}
	return f, nil
}

// key is where a connection keeps what was found.
const key = "floe.dialect"

// Keep notes what the server behind a connection is, for Of.
func Keep(conn *pgx.Conn, d Dialect) { conn.PgConn().CustomData()[key] = d }

// Of is the dialect of the server behind a connection, which is asked once.
func Of(ctx context.Context, conn *pgx.Conn) (Dialect, error) {
	if d, ok := conn.PgConn().CustomData()[key].(Dialect); ok {
		return d, nil
	}
	f, err := Probe(ctx, conn)
	if err != nil {
		return Dialect{}, err
	}
	d := Decide(f)
	Keep(conn, d)
	return d, nil
}
