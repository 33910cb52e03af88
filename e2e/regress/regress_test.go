package regress

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/applier/structure"
	"floe/e2e/rig"
	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

func newKit(t *testing.T) Kit {
	t.Helper()
	if os.Getenv("FLOE_E2E") != "regress" {
		t.Skip("PostgreSQL's regression database is a lane of its own: make e2e-regress")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	k, err := NewKit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// unowned are differences that come with owners and with rights on the server's own catalogs, which
// floe does not carry (docs/support.md).
var unowned = regexp.MustCompile(`^GRANT .* ON TABLE pg_catalog\.|^REVOKE ALL ON TABLE \S+ FROM pg_database_owner;`)

// The database that PostgreSQL's own tests leave arrives whole: nothing is refused, every row is the
// same, and what pg_dump says of the structure, once the target has taken over, is the same too.
func TestRegressionDatabaseArrivesWhole(t *testing.T) {
	k := newKit(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	servers := rig.StartServers(t, pgtest.Options{Version: Major, Settings: map[string]string{"max_prepared_transactions": "20"}})
	failed, err := k.Build(ctx, servers.Source)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the source is built; tests whose output differs here: %v", failed)
	want, err := rig.Dump(ctx, k.dumper(), servers.Source.URL(Database))
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.Target.CreateDatabase(ctx, Database, "TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	pair := rig.Pair{Servers: servers, Name: Database}
	copied(ctx, t, pair)
	refused(ctx, t, pair)
	takeOver(ctx, t, pair)

	got, err := rig.Dump(ctx, k.dumper(), servers.Target.URL(Database))
	if err != nil {
		t.Fatal(err)
	}
	missing := slices.DeleteFunc(rig.Only(want, got), unowned.MatchString)
	for _, s := range missing {
		t.Errorf("pg_dump of the source only:\n%s", s)
	}
	extra := rig.Only(got, want)
	for _, s := range extra {
		t.Errorf("pg_dump of the target only:\n%s", s)
	}
	t.Logf("pg_dump -s: %d statements, %d only on the source, %d only on the target", len(want), len(missing), len(extra))
	if len(want) < 1500 {
		t.Errorf("the source's dump has %d statements: its tests did not run", len(want))
	}
}

// copied runs floe until the target has everything, and has it compare all rows.
func copied(ctx context.Context, t *testing.T, pair rig.Pair) {
	t.Helper()
	job := rig.Job{Name: "regress", Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}}
	job.Objects.Database = true
	f, err := rig.NewFloe(rig.Binary(t), t.TempDir(), job)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Start("--once"); err != nil {
		t.Fatal(err)
	}
	code, err := f.Wait(ctx)
	if err != nil || code != 0 {
		t.Fatalf("floe dev --once ended with code %d, %v:\n%s", code, err, f.Tail(4000))
	}
	t.Log(f.Tail(200))
}

// refused wants no object that the target would not make.
func refused(ctx context.Context, t *testing.T, pair rig.Pair) {
	t.Helper()
	c := connect(ctx, t, pair.TargetURL(), pg.Read)
	rows, err := c.Query(ctx, `SELECT object || ': ' || state || ' ' || code || ' ' || detail FROM floe.object
		WHERE state NOT IN ('created', 'existing', 'covered') AND code <> 'until-cut-over' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		if !strings.HasPrefix(f, "large objects of the database: ") && !strings.HasPrefix(f, "roles ") {
			t.Error(f)
		}
	}
}

// takeOver makes what waits for the moment when the target takes over.
func takeOver(ctx context.Context, t *testing.T, pair rig.Pair) {
	t.Helper()
	db, err := catalog.ReadSelection(ctx, connect(ctx, t, pair.SourceURL(), pg.Read), catalog.Selection{Everything: true})
	if err != nil {
		t.Fatal(err)
	}
	script := structure.Plan(db, structure.Options{TargetVersion: Major * 10000})
	err = pgx.BeginFunc(ctx, connect(ctx, t, pair.TargetURL(), pg.Apply), func(tx pgx.Tx) error {
		report, err := structure.Finish(ctx, tx, "regress", "main", script.CutOver, func(ident.Name) bool { return true })
		for _, f := range report.Facts {
			t.Errorf("at the cut-over: %s %s: %s", f.Object, f.Code, f.Reason)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func connect(ctx context.Context, t *testing.T, url string, p pg.Purpose) *pgx.Conn {
	t.Helper()
	conn, err := pg.Connect(ctx, pg.Config{URL: url}, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
	return conn
}
