package regress

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// setup fills the database that every file begins with.
const setup = "test_setup"

// Each file of the regression tests is replayed on a running job, in a database of its own; then both
// sides must be equal in rows and in structure. FLOE_REGRESS names files, all of the schedule otherwise.
//
// Source and target share a server, and with it the roles that the files make.
func TestFilesReplayedLiveLeaveBothSidesEqual(t *testing.T) {
	if os.Getenv("FLOE_E2E") != "regress-live" {
		t.Skip("the replay of PostgreSQL's regression tests is a lane of its own: make e2e-regress-live")
	}
	k, err := NewKit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server := pgtest.New(t, pgtest.Options{Version: Major, Settings: map[string]string{"max_prepared_transactions": "20"}})
	if err := k.Create(t.Context(), server, setup); err != nil {
		t.Fatal(err)
	}
	r := &replay{Kit: k, server: server, out: t.TempDir()}
	for _, dir := range []string{r.out, filepath.Dir(r.out), filepath.Join(r.out, "results")} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil { // the server writes there too, as another user
			t.Fatal(err)
		}
	}
	if out, err := r.play(t.Context(), setup, setup); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := k.files()
	if err != nil {
		t.Fatal(err)
	}
	if text := os.Getenv("FLOE_REGRESS"); text != "" {
		files = strings.Fields(text)
	}
	equal := 0
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			r.file(t, file)
			if !t.Failed() {
				equal++
			}
		})
	}
	t.Logf("%d of %d files leave both sides equal", equal, len(files))
}

// files are those of the schedule, in its order.
func (k Kit) files() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(k.Tests, "parallel_schedule"))
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if names, ok := strings.CutPrefix(line, "test: "); ok {
			out = append(out, strings.Fields(names)...)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == setup }), nil
}

type replay struct {
	Kit
	server *pgtest.Server
	out    string
	n      int
}

// play has psql run a file, as pg_regress does. Its errors are a part of the tests.
func (r *replay) play(ctx context.Context, file, database string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Programs+"/psql", "-X", "-a", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(r.server.Port()), "-U", "postgres",
		"-d", database, "-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on", "-f", filepath.Join(r.Tests, "sql", file+".sql"))
	cmd.Env = append(os.Environ(), "PG_ABS_SRCDIR="+r.Tests, "PG_ABS_BUILDDIR="+r.out, "PG_LIBDIR="+r.Libraries, "PG_DLSUFFIX=.so",
		"PGTZ=PST8PDT", "PGDATESTYLE=Postgres, MDY", "PGOPTIONS=-c intervalstyle=postgres_verbose", "LC_MESSAGES=C")
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 3 {
		err = nil
	}
	if err != nil {
		return string(out), fmt.Errorf("psql -f %s: %w", file, err)
	}
	return string(out), nil
}

func (r *replay) file(t *testing.T, file string) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	r.n++
	source, target := fmt.Sprintf("s%d", r.n), fmt.Sprintf("t%d", r.n)
	must(t, r.server.CreateDatabase(ctx, source, "TEMPLATE "+setup))
	must(t, r.server.CreateDatabase(ctx, target, "TEMPLATE template0"))
	t.Cleanup(func() { r.drop(t, source, target) })
	job := rig.Job{Name: "j" + strconv.Itoa(r.n), Source: rig.Endpoint{URL: r.server.URL(source)}, Target: rig.Endpoint{URL: r.server.URL(target)}}
	job.Objects.Database = true
	f, err := rig.NewFloe(rig.Binary(t), t.TempDir(), job)
	must(t, err)
	must(t, f.Start())
	t.Cleanup(func() { _ = f.Stop(context.WithoutCancel(ctx)) })
	r.synced(ctx, t, f)

	out, err := r.play(ctx, file, source)
	if err != nil {
		t.Fatalf("%v\n%s", err, out[max(0, len(out)-2000):])
	}
	r.synced(ctx, t, f)
	if v, err := f.Client(ctx, "verify"); err != nil || v.Code != 0 {
		t.Errorf("verify: code %d, %v\n%s%s", v.Code, err, v.Stdout, v.Stderr)
	}
	must(t, f.Stop(ctx))
	r.compare(ctx, t, job.Name, source, target)
}

// synced waits until the target has what the source has; a command of the file may have ended a session
// that it needs.
func (r *replay) synced(ctx context.Context, t *testing.T, f *rig.Floe) {
	t.Helper()
	must(t, rig.Until(ctx, func() (bool, error) { return f.PID("dev") != 0, f.Ended() }))
	res, err := f.Client(ctx, "wait", "--synced", "--timeout", "90s")
	if err != nil || res.Code != 0 {
		tables, _ := f.Client(ctx, "tables")
		var waiting []string
		for line := range strings.Lines(tables.Stdout) {
			if !strings.Contains(line, "in sync") {
				waiting = append(waiting, line)
			}
		}
		t.Fatalf("wait --synced: code %d, %v: %s%s\n%s\n%s", res.Code, err, res.Stdout, res.Stderr, strings.Join(waiting, ""), f.Tail(1500))
	}
}

func (r *replay) compare(ctx context.Context, t *testing.T, job, source, target string) {
	t.Helper()
	want, err := rig.Dump(ctx, r.dumper(), r.server.URL(source))
	must(t, err)
	r.takeOver(ctx, t, job, source, target)
	got, err := rig.Dump(ctx, r.dumper(), r.server.URL(target))
	must(t, err)
	for _, side := range [][]string{want, got} { // pg_dump leaves a gap where a dropped rule stood
		for i, s := range side {
			side[i] = gaps.ReplaceAllString(s, "\n\n")
		}
	}
	for _, s := range slices.DeleteFunc(rig.Only(want, got), expected) {
		t.Errorf("pg_dump of the source only:\n%s", s)
	}
	for _, s := range slices.DeleteFunc(rig.Only(got, want), expected) {
		t.Errorf("pg_dump of the target only:\n%s", s)
	}
	if t.Failed() {
		t.Log(r.facts(ctx, t, target))
	}
}

var gaps = regexp.MustCompile(`\n{3,}`)

func expected(s string) bool {
	return unowned.MatchString(s) || strings.HasPrefix(s, "CREATE USER MAPPING ") || strings.Contains(s, "TABLE ") && strings.Contains(s, " public.dts_postgres_heartbeat") // floe's own
}

func (r *replay) takeOver(ctx context.Context, t *testing.T, job, source, target string) {
	t.Helper()
	db, err := catalog.ReadSelection(ctx, connect(ctx, t, r.server.URL(source), pg.Read), catalog.Selection{Everything: true})
	must(t, err)
	script := structure.Plan(db, structure.Options{TargetVersion: Major * 10000})
	must(t, pgx.BeginFunc(ctx, connect(ctx, t, r.server.URL(target), pg.Apply), func(tx pgx.Tx) error {
		_, err := structure.Finish(ctx, tx, job, "main", script.CutOver, func(ident.Name) bool { return true })
		return err
	}))
}

func (r *replay) facts(ctx context.Context, t *testing.T, target string) string {
	rows, err := connect(ctx, t, r.server.URL(target), pg.Read).Query(ctx, `SELECT id || ' ' || object || ': ' || state || ' ' || code || ' ' || detail FROM floe.object
		WHERE state NOT IN ('created', 'existing', 'covered') AND code NOT IN ('until-cut-over', 'not-copied') ORDER BY 1 LIMIT 40`)
	must(t, err)
	facts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(facts, "\n")
}

// drop removes both databases with what holds them; a role that a file left stays.
func (r *replay) drop(t *testing.T, databases ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	for _, d := range databases {
		if err := r.server.DropDatabase(ctx, d); err != nil {
			t.Logf("drop database: %v", err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
