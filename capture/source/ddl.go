package source

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/failpoint"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// DDL says for which job the source records DDL commands. All jobs of a database share the triggers and
// the table floe.ddl, which has one row for each command; each job has a row in floe.selection.
type DDL struct {
	Job         string
	Publication string
	// Include and Exclude choose the tables that the triggers publish when they come; no Include chooses
	// all. More than the job replicates does no harm.
	Include, Exclude []ident.Pattern
	// Everything is a whole database; other jobs' recordings also describe what their tables need.
	Everything bool
	// Keep leaves replica identities as they are.
	Keep bool
}

//go:embed ddl.sql
var ddlSQL string

// eventTriggers are those of the recording, floe_NAME, which call floe.NAME. Those of one event fire in the order of their
// names. Who switches off the first alone has tables loaded that need not be.
var eventTriggers = []struct{ name, on string }{
	{"came", "ddl_command_end WHEN TAG IN ('ALTER TABLE')"},
	{"ddl_command_end", "ddl_command_end"}, {"sql_drop", "sql_drop"}, {"table_rewrite", "table_rewrite"},
}

// InstallDDL makes or renews what records DDL on the source, and lets an existing publication have
// floe.ddl. It is called before the publication is made and at every start: the functions are those of
// this version of floe and of the server. If the source does not allow it, refused says why, and nothing
// was made.
//
// A command of a transaction that is open meanwhile is not recorded: a slot that is created later waits
// for it, and what it did is in a catalog read after that.
func InstallDDL(ctx context.Context, conn *pgx.Conn, d DDL) (refused string, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return install(ctx, tx, d) })
	if pg.Code(err) == "42501" {
		return err.Error(), nil
	}
	if err != nil {
		return "", fmt.Errorf("install the recording of DDL: %w", err)
	}
	return "", nil
}

func install(ctx context.Context, tx pgx.Tx, d DDL) error {
	sql, err := functions(ctx, tx)
	if err != nil {
		return err
	}
	for _, one := range []string{
		"SELECT pg_advisory_xact_lock(hashtext('floe.ddl'))",
		"SELECT set_config('floe.recording', 'on', true)", // an older version's triggers need not see this
		floeSQL,
		sql,
	} {
		if _, err := tx.Conn().PgConn().Exec(ctx, one).ReadAll(); err != nil {
			return err
		}
	}
	for _, e := range eventTriggers {
		if err := installTrigger(ctx, tx, e.name, e.on); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO floe.selection (job, publication, keep, everything, include, exclude) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (job) DO UPDATE SET publication = excluded.publication, keep = excluded.keep, everything = excluded.everything,
		include = excluded.include, exclude = excluded.exclude`,
		d.Job, d.Publication, d.Keep, d.Everything, likes(d.Include, true), likes(d.Exclude, false))
	if err != nil {
		return err
	}
	return publishDDL(ctx, tx, d.Publication)
}

func installTrigger(ctx context.Context, tx pgx.Tx, name, on string) error {
	var enabled string
	err := tx.QueryRow(ctx, "SELECT evtenabled::text FROM pg_catalog.pg_event_trigger WHERE evtname = $1", "floe_"+name).Scan(&enabled)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = tx.Exec(ctx, "CREATE EVENT TRIGGER floe_"+name+" ON "+on+" EXECUTE PROCEDURE floe."+name+"()")
	}
	if err != nil || enabled == "A" {
		return err
	}
	// ALWAYS: sessions in the replica role change tables too.
	_, err = tx.Exec(ctx, "ALTER EVENT TRIGGER floe_"+name+" ENABLE ALWAYS")
	return err
}

// publishDDL lets a publication that lacks it have floe.ddl.
func publishDDL(ctx context.Context, tx pgx.Tx, publication string) error {
	var lacks bool
	err := tx.QueryRow(ctx, `SELECT count(*) > 0 FROM pg_catalog.pg_publication p, pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE p.pubname = $1 AND n.nspname = 'floe' AND c.relname = 'ddl' AND c.relkind = 'r'
		AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)`, publication).Scan(&lacks)
	if err != nil || !lacks {
		return err
	}
	if err := failpoint.Here("publish-ddl.before"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "ALTER PUBLICATION "+ident.Quote(publication)+" ADD TABLE ONLY floe.ddl")
	return errors.Join(err, failpoint.Here("publish-ddl.after"))
}

// likes writes patterns as LIKE has them, [[schema, table], …].
func likes(patterns []ident.Pattern, orAll bool) string {
	out := [][2]string{}
	for _, p := range patterns {
		schema, table := p.Like()
		out = append(out, [2]string{schema, table})
	}
	if len(out) == 0 && orAll {
		out = append(out, [2]string{"%", "%"})
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(err) // strings always can be written
	}
	return string(b)
}

// functions is ddl.sql for this server.
func functions(ctx context.Context, tx pgx.Tx) (string, error) {
	pins, err := pg.Pins(ctx, tx.Conn())
	if err != nil {
		return "", err
	}
	d, err := dialect.Of(ctx, tx.Conn())
	if err != nil {
		return "", err
	}
	var sets strings.Builder
	for _, p := range pins {
		sets.WriteString(" SET " + p.Name + " = " + ident.Literal(p.Value))
	}
	v := version(tx.Conn())
	sets.WriteString(" SET jit = off SET max_parallel_workers_per_gather = 0")
	if v >= 120000 { // planning again would cost more than all the rest
		sets.WriteString(" SET plan_cache_mode = force_generic_plan")
	}
	notNull, further, multirange, virtual := "a.attnotnull", "", "", "false"
	if v >= 180000 { // NOT NULL may be NOT VALID
		notNull = `(a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid
			AND k.contype = 'n' AND NOT k.convalidated AND k.conkey[1] = a.attnum))`
		virtual = "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attgenerated = 'v' AND NOT a.attisdropped)"
	}
	nullable := "NOT " + notNull
	if d.HiddenRowID { // it is in no row that floe carries
		nullable += " OR " + catalog.HiddenSQL(d, "a.attrelid", "a.attnum")
	}
	if v >= 150000 {
		further = "UNION SELECT 'pg_publication'::regclass, r.pnpubid FROM g JOIN pg_publication_namespace r ON g.class = 'pg_publication_namespace'::regclass AND r.oid = g.id"
	}
	if v >= 120000 {
		nullable += " OR a.attgenerated <> ''"
	}
	if v >= 140000 {
		further += " UNION SELECT g.class, r.rngtypid FROM g JOIN pg_range r ON g.class = 'pg_type'::regclass AND r.rngmultitypid = g.id"
		multirange = `UNION SELECT t.oid, t.typarray, t.typrelid FROM g JOIN pg_range r ON r.rngtypid = g.id
			JOIN pg_type t ON t.oid = r.rngmultitypid WHERE g.class = 'pg_type'::regclass`
	}
	return strings.NewReplacer("{{given}}", givenSQL, "{{keep}}", keepSQL, "{{pins}}", sets.String(), "{{nullable}}", nullable, "{{usual}}", catalog.Usual("i"), "{{further}}", further, "{{multirange}}", multirange, "{{virtual}}", virtual,
		"{{format}}", strconv.Itoa(catalog.Format), "{{calls}}", catalog.CallsSQL("d.adbin"),
		"{{recording}}", catalog.RecordingSQL(v, d)).Replace(ddlSQL), nil
}

var functionNames = regexp.MustCompile(`(?m)^CREATE OR REPLACE FUNCTION (floe\.\w+)`)

// DropDDL ends the recording for a job; with the last job all of it goes.
func DropDDL(ctx context.Context, conn *pgx.Conn, job string) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if there, err := hasSelection(ctx, tx); err != nil || !there {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM floe.selection WHERE job = $1", job); err != nil {
			return err
		}
		var others bool
		if err := tx.QueryRow(ctx, "SELECT count(*) > 0 FROM floe.selection").Scan(&others); err != nil || others {
			return err
		}
		return dropAll(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("drop the recording of DDL: %w", err)
	}
	return nil
}

func hasSelection(ctx context.Context, tx pgx.Tx) (there bool, err error) {
	err = tx.QueryRow(ctx, "SELECT to_regclass('floe.selection') IS NOT NULL").Scan(&there)
	return there, err
}

func dropAll(ctx context.Context, tx pgx.Tx) error {
	var sql []string
	for _, e := range eventTriggers {
		sql = append(sql, "DROP EVENT TRIGGER IF EXISTS floe_"+e.name)
	}
	for _, m := range functionNames.FindAllStringSubmatch(ddlSQL, -1) {
		sql = append(sql, "DROP FUNCTION IF EXISTS "+m[1])
	}
	sql = append(sql, "DROP TABLE IF EXISTS floe.ddl, floe.selection")
	for _, one := range sql {
		if _, err := tx.Exec(ctx, one); err != nil {
			return err
		}
	}
	return dropHome(ctx, tx)
}

// HasDDL reports whether the source records DDL for a job.
func HasDDL(ctx context.Context, conn *pgx.Conn, job string) (has bool, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		there, err := hasSelection(ctx, tx)
		if err != nil || !there {
			return err
		}
		return tx.QueryRow(ctx, "SELECT count(*) > 0 FROM floe.selection WHERE job = $1", job).Scan(&has)
	})
	if err != nil {
		return false, fmt.Errorf("look for the recording of DDL: %w", err)
	}
	return has, nil
}
