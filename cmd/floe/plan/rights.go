package plan

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/capture/source"
	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/job"
)

// Rights are the statements, for those who own the tables, after which floe's users need own nothing on
// the source, and on the target only what floe makes.
type Rights struct {
	Source []string `json:"source"`
	Target []string `json:"target"`
}

// user is the one of a session; a superuser is nobody to give rights to: another name is proposed.
func user(ctx context.Context, conn *pgx.Conn, otherwise string) (name string, fresh bool, err error) {
	if conn == nil {
		return otherwise, true, nil
	}
	err = conn.QueryRow(ctx, "SELECT rolname::text, rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&name, &fresh)
	if err != nil {
		return "", false, fmt.Errorf("ask who floe is: %w", err)
	}
	if fresh {
		name = otherwise
	}
	return name, fresh, nil
}

func rights(ctx context.Context, j *job.Job, db *catalog.Database, src, dst *pgx.Conn) (Rights, error) {
	reader, fresh, err := user(ctx, src, "floe_capture")
	if err != nil {
		return Rights{}, err
	}
	writer, freshWriter, err := user(ctx, dst, "floe_apply")
	if err != nil {
		return Rights{}, err
	}
	version, database := 150000, ""
	if dst != nil {
		database = dst.Config().Database
		if err := dst.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			return Rights{}, fmt.Errorf("ask the target for its version: %w", err)
		}
	}
	return Rights{Source: sourceRights(j, db, ident.Quote(reader), fresh), Target: targetRights(j, db, ident.Quote(writer), freshWriter, version, database)}, nil
}

// sourceRights let capture read and follow tables that others own: the publication is made by them.
func sourceRights(j *job.Job, db *catalog.Database, reader string, fresh bool) []string {
	var out []string
	if fresh {
		out = append(out, "CREATE ROLE "+reader+" LOGIN REPLICATION;")
	} else {
		out = append(out, "ALTER ROLE "+reader+" REPLICATION;")
	}
	var schemas, tables, only []string
	seen := map[string]bool{}
	for _, t := range db.Tables() {
		if !seen[t.Name.Schema] {
			seen[t.Name.Schema] = true
			schemas = append(schemas, ident.Quote(t.Name.Schema))
		}
		tables = append(tables, t.Name.SQL())
	}
	for _, t := range source.Published(db) {
		only = append(only, t.Name.SQL())
	}
	if len(tables) > 0 {
		out = append(out, "GRANT USAGE ON SCHEMA "+strings.Join(schemas, ", ")+" TO "+reader+";", "GRANT SELECT ON "+strings.Join(tables, ", ")+" TO "+reader+";")
	}
	out = append(out, "GRANT pg_read_all_stats TO "+reader+";")
	if len(only) > 0 && !j.Objects.KeepIdentity {
		out = append(out, identities(db)...)
	}
	if len(only) > 0 {
		out = append(out, "CREATE PUBLICATION "+ident.Quote("floe_"+j.Name)+" FOR TABLE ONLY "+strings.Join(only, ", ONLY ")+";")
	}
	return out
}

// targetRights let the applier make what the job makes, or write what is there.
func targetRights(j *job.Job, db *catalog.Database, writer string, fresh bool, version int, database string) []string {
	var out []string
	if fresh {
		out = append(out, "CREATE ROLE "+writer+" LOGIN;")
	}
	if version >= 150000 {
		out = append(out, "GRANT SET ON PARAMETER session_replication_role TO "+writer+";")
	}
	out = append(out, "CREATE SCHEMA floe AUTHORIZATION "+writer+";")
	m := j.Mapping()
	var schemas, tables []string
	seen := map[string]bool{}
	for _, t := range db.Tables() {
		to := m.Table(t.Name)
		if !seen[to.Schema] {
			seen[to.Schema] = true
			schemas = append(schemas, ident.Quote(to.Schema))
		}
		if t.PartitionOf == nil {
			tables = append(tables, to.SQL())
		}
	}
	switch {
	case len(tables) == 0:
	case j.Init.SkipStructure:
		out = append(out, "GRANT USAGE ON SCHEMA "+strings.Join(schemas, ", ")+" TO "+writer+";", "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON "+strings.Join(tables, ", ")+" TO "+writer+";")
	case database != "":
		out = append(out, "GRANT CREATE ON DATABASE "+ident.Quote(database)+" TO "+writer+";")
	default:
		out = append(out, `DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO %s', current_database(), `+ident.Literal(writer)+"); END $$;")
	}
	if !j.Init.SkipStructure {
		for _, s := range schemas {
			out = append(out, "-- where schema "+s+" is there already: GRANT USAGE, CREATE ON SCHEMA "+s+" TO "+writer+";")
		}
	}
	return out
}

// identities are the statements by which changes tell rows apart.
func identities(db *catalog.Database) []string {
	var out []string
	for _, t := range source.Published(db) {
		if change := t.Change(db.Identity(t)); change != "" {
			out = append(out, change+";")
		}
	}
	return out
}
