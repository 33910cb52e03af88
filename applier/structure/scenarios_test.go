package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// scenarioFolder is where the behaviour scenarios lie.
func scenarioFolder() string {
	if dir := os.Getenv("FLOE_SCENARIOS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "e2e", "scenarios")
}

// section is the SQL of a scenario between its header "-- name" and the next.
func section(text, name string) string {
	var out []string
	in := false
	for _, line := range strings.Split(text, "\n") {
		if heading.MatchString(line) {
			in = strings.TrimSpace(line) == "-- "+name
			continue
		}
		if in {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

var (
	heading = regexp.MustCompile(`^-- (setup|target|load|during|live)\s*$`)
	atLeast = regexp.MustCompile(`(?m)^-- needs:.*\bpg>=(\d+)`)
	extend  = regexp.MustCompile(`(?m)^-- needs:.*\bext:([a-z_,]+)`)
)

// expected are the facts that the scenarios' structures bring, by object.
var expected = map[string]string{
	"constraint spend_ok on public.spend": CodeCutOver,
	"table public.rls":                    CodeCutOver,
	"event trigger others":                CodeCutOver,
	"event trigger aa_audit":              CodeCutOver,
	"event trigger zz_log":                CodeCutOver,
	"event trigger zz_refuse":             CodeCutOver,
	"event trigger ed_t":                  CodeCutOver,
	"event trigger watch":                 CodeCutOver,
	"roles e2e_other, e2e_plain":          CodeAbsent,
	"roles floe_sd_high, floe_sd_low":     CodeAbsent,
}

// Scenarios of one family share databases, as far as their names do not clash.
func TestEveryScenarioSetupIsTheSameOnTheTarget(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(scenarioFolder(), "*.sql"))
	if len(files) == 0 {
		t.Fatal("no scenarios at", scenarioFolder(), "(FLOE_SCENARIOS names another folder)")
	}
	families := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if setup := setupFor(t, string(text)); setup != "" {
			family, _, _ := strings.Cut(filepath.Base(file), "_")
			families[family] = append(families[family], setup)
		}
	}
	for family, setups := range families {
		t.Run(family, func(t *testing.T) {
			for len(setups) > 0 {
				setups = setups[roundTrip(t, setups):]
			}
		})
	}
}

// setupFor is the scenario's setup, empty if this server cannot run it.
func setupFor(t *testing.T, text string) string {
	t.Helper()
	server := pgtest.Shared(t)
	if m := atLeast.FindStringSubmatch(text); m != nil {
		if v, _ := strconv.Atoi(m[1]); v > server.Version() {
			return ""
		}
	}
	if m := extend.FindStringSubmatch(text); m != nil && !offers(t, server, strings.Split(m[1], ",")) {
		return ""
	}
	setup := section(text, "setup")
	if server.Version() < 13 && strings.Contains(setup, "gen_random_uuid") {
		return ""
	}
	return setup
}

// roundTrip runs as many of the setups as one database takes, and copies it.
func roundTrip(t *testing.T, setups []string) (done int) {
	t.Helper()
	server := pgtest.Shared(t)
	url := pgtest.NewDB(t, server, setups[0])
	conn := connect(t, url, pg.Admin)
	if _, err := conn.Exec(t.Context(), "SET search_path = public"); err != nil {
		t.Fatal(err)
	}
	for done = 1; done < len(setups); done++ {
		if _, err := conn.PgConn().Exec(t.Context(), setups[done]).ReadAll(); err != nil {
			break // a name that another of the family has: the next database takes it
		}
	}
	p := &pair{t: t, source: conn, target: connect(t, pgtest.NewDB(t, server, "CREATE SCHEMA floe"), pg.Apply)}
	p.options.TargetVersion = server.Version() * 10000
	p.plan(catalog.Selection{Everything: true})
	for _, f := range append(p.all().Facts, p.cutOver().Facts...) {
		if expected[f.Object] != f.Code {
			t.Errorf("unexpected: %+v", f)
		}
	}
	p.same()
	return done
}

// offers reports whether the server can create these extensions.
func offers(t *testing.T, server *pgtest.Server, names []string) bool {
	t.Helper()
	var n int
	conn := connect(t, server.URL("postgres"), pg.Admin)
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = ANY($1)", names).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n == len(names)
}

// A definition that went through the log comes out as it went in: nothing of it is lost in JSON.
func TestDefinitionsSurviveTheLog(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.NewDB(t, pgtest.Shared(t), richSchema(pgtest.Shared(t).Version())...), pg.Read)
	db := read(t, conn, catalog.Selection{Everything: true})
	a, b := canonical(t, throughLog(t, db)), canonical(t, db)
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("%s\nbecame %s", b[i], a[i])
		}
	}
	if db.Table(ident.Name{Schema: "public", Name: "part"}) == nil {
		t.Error("public.part was not read")
	}
}
