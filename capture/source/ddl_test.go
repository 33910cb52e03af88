package source

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// recorder is a source with DDL recorded, and what its rows of floe.ddl say is valid.
type recorder struct {
	t       *testing.T
	conn    *pgx.Conn // the user's session
	watch   *pgx.Conn
	sel     catalog.Selection
	valid   *catalog.Database
	read    int64 // the last row of floe.ddl
	changes []catalog.Change
}

func record(t *testing.T, server *pgtest.Server, d DDL, sel catalog.Selection, setup ...string) *recorder {
	t.Helper()
	url := pgtest.NewDB(t, server, setup...)
	r := &recorder{t: t, sel: sel, conn: open(t, url), watch: open(t, url)}
	if d.Publication == "" {
		d.Job, d.Publication = "j", `floe_p "q"`
	}
	r.exec(r.watch, "CREATE PUBLICATION "+ident.Quote(d.Publication))
	if refused, err := InstallDDL(t.Context(), r.watch, d); err != nil || refused != "" {
		t.Fatalf("install: %q, %v", refused, err)
	}
	r.exec(r.conn, "SET search_path = public")
	r.valid = r.catalog()
	return r
}

func open(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func (r *recorder) exec(conn *pgx.Conn, sql string) {
	r.t.Helper()
	if _, err := conn.PgConn().Exec(r.t.Context(), sql).ReadAll(); err != nil {
		r.t.Errorf("%s: %v", sql, err)
	}
}

func (r *recorder) catalog() *catalog.Database {
	r.t.Helper()
	db, err := catalog.ReadSelection(r.t.Context(), r.watch, r.sel)
	if err != nil {
		r.t.Fatal(err)
	}
	return db
}

// follow takes what was recorded since the last call; changes keeps it.
func (r *recorder) follow() {
	r.t.Helper()
	r.changes = nil
	rows, err := r.watch.Query(r.t.Context(), "SELECT id, change FROM floe.ddl WHERE id > $1 ORDER BY id", r.read)
	if err != nil {
		r.t.Fatal(err)
	}
	var change string
	_, err = pgx.ForEachRow(rows, []any{&r.read, &change}, func() error {
		c, err := catalog.ReadChange([]byte(change), r.sel, r.valid)
		if err != nil {
			return err
		}
		r.changes = append(r.changes, c)
		r.valid = r.valid.With(c.Now, append(c.Gone, c.Left...))
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// same compares what was recorded with the catalog, then goes on from the catalog.
func (r *recorder) same(what string) {
	r.t.Helper()
	r.follow()
	for _, c := range r.changes {
		if len(c.Unknown) > 0 && c.Tag != "ALTER EXTENSION" { // which may let go what it does not name
			r.t.Errorf("%s: %s was not described: %q", what, c.Tag, c.Unknown)
		}
	}
	fresh := r.catalog()
	got, want := bodies(r.t, r.valid), bodies(r.t, fresh)
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if got[k] == "" {
			r.t.Errorf("%s: not recorded: %s %s", what, k, want[k])
		} else if got[k] != want[k] {
			r.t.Errorf("%s: recorded\n%s %s, want\n%s", what, k, got[k], want[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if want[k] == "" {
			r.t.Errorf("%s: still there: %s %s", what, k, got[k])
		}
	}
	r.valid = fresh
}

func bodies(t *testing.T, db *catalog.Database) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, d := range db.Definitions {
		if d.Kind == catalog.KindRoles { // the server's: no command of a database tells of them
			continue
		}
		if b, ok := d.Body.(*catalog.TextDef); ok && b.Refreshed > 0 { // which no catalog knows
			known := *b
			known.Refreshed = 0
			d.Body = &known
		}
		text, err := catalog.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		out[key(d)] = text
	}
	return out
}

func key(d catalog.Definition) string { return fmt.Sprintf("%s %d", d.Kind, d.OID) }

// Every REFRESH that commits counts once, of the view that it names and of no other.
func TestARefreshIsRecorded(t *testing.T) {
	t.Parallel()
	r := record(t, pgtest.Shared(t), DDL{Everything: true}, catalog.Selection{Everything: true})
	for _, sql := range []string{`CREATE TABLE b (id int PRIMARY KEY)`, `CREATE MATERIALIZED VIEW m AS SELECT id FROM b`, `CREATE UNIQUE INDEX ON m (id)`, `CREATE MATERIALIZED VIEW n AS SELECT id FROM m`,
		`REFRESH MATERIALIZED VIEW m`, `REFRESH MATERIALIZED VIEW CONCURRENTLY m`, `BEGIN; REFRESH MATERIALIZED VIEW n; ROLLBACK`, `ALTER MATERIALIZED VIEW m SET (fillfactor = 50)`} {
		r.exec(r.conn, sql)
	}
	r.follow()
	got := map[string]uint64{}
	for _, d := range r.valid.Definitions {
		if b, ok := d.Body.(*catalog.TextDef); ok && d.Kind == catalog.KindMatview {
			got[d.Name.Name] = b.Refreshed
		}
	}
	if got["m"] != 2 || got["n"] != 0 {
		t.Errorf("refreshes %v, want 2 of m and none of n", got)
	}
}

// servers are those that a test of every version runs on: the shared one, and those whose programs are here.
func servers(t *testing.T) map[int]*pgtest.Server {
	t.Helper()
	shared := pgtest.Shared(t)
	out := map[int]*pgtest.Server{shared.Version(): shared}
	for _, v := range strings.Fields(os.Getenv("FLOE_PG_VERSIONS")) {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		if out[n] == nil {
			out[n] = pgtest.New(t, pgtest.Options{Version: n})
		}
	}
	return out
}

// serversFrom are those of a version or a later one; without any the test is skipped.
func serversFrom(t *testing.T, version int) map[int]*pgtest.Server {
	t.Helper()
	out := servers(t)
	maps.DeleteFunc(out, func(v int, _ *pgtest.Server) bool { return v < version })
	if len(out) == 0 {
		t.Skipf("FLOE_PG_VERSIONS names no server from %d on: make ddl-versions", version)
	}
	return out
}

// since is a statement for servers from the version on.
func since(version int, sql string) string { return fmt.Sprintf("-- %d\n%s", version, sql) }

func suits(sql string, server int) bool {
	var version int
	n, _ := fmt.Sscanf(sql, "-- %d", &version)
	return n == 0 || server >= version
}

// What the triggers recorded of commands is what the catalog says after them. FLOE_DDL_EVERY=1 looks after
// every command, which is slow and says which one.
func TestRecordedChangesEqualTheCatalog(t *testing.T) {
	t.Parallel()
	every := 20
	if n, err := strconv.Atoi(os.Getenv("FLOE_DDL_EVERY")); err == nil {
		every = n
	}
	for v, server := range servers(t) {
		r := record(t, server, DDL{Everything: true}, catalog.Selection{Everything: true})
		var since []string
		for i, sql := range commands {
			if suits(sql, v) {
				r.exec(r.conn, sql)
				since = append(since, sql)
			}
			if len(since) >= every || i == len(commands)-1 {
				r.same(fmt.Sprintf("%d: %s", v, strings.Join(since, "\n")))
				since = nil
			}
		}
	}
}
