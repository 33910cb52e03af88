package precheck

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/broker"
	"floe/pkg/job"
	"floe/pkg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// check runs the prechecks of a job from source to target with further fields.
func check(t *testing.T, source, target, rest string) *Report {
	t.Helper()
	j, err := job.Parse("job.yaml", fmt.Appendf(nil, "name: orders\nsource: {url: %q}\ntarget: {url: %q}\n%s", source, target, rest))
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	r := Run(t.Context(), Config{Job: j, Told: func(done, of int) {
		if done < last || done > of {
			t.Errorf("%d of %d after %d", done, of, last)
		}
		last = done
	}})
	if last == 0 {
		t.Error("nothing was told of how far it is")
	}
	return r
}

// want asserts which checks failed, with the texts they show.
func want(t *testing.T, r *Report, fails map[string]string) {
	t.Helper()
	for _, c := range r.Checks {
		text, expected := fails[c.Code]
		switch {
		case expected != (c.Severity == Fail):
			t.Errorf("%s is %s: %s %s", c.Code, c.Severity, c.Text, c.Cause)
		case expected && (!strings.Contains(c.Text, text) || c.Fix == ""):
			t.Errorf("%s says %q, fix %q; want %q", c.Code, c.Text, c.Fix, text)
		}
		delete(fails, c.Code)
	}
	for code := range fails {
		t.Errorf("no check %s", code)
	}
}

func exec(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestNothingInTheWay(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	r := check(t, pgtest.NewDB(t, s, `CREATE TABLE a (id int PRIMARY KEY)`), pgtest.NewDB(t, s), "")
	want(t, r, nil)
	if r.Failed() || r.Unreachable() {
		t.Errorf("%+v", r)
	}
}

func TestTablesInTheWay(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, `CREATE TABLE a (id int PRIMARY KEY)`, `CREATE TABLE p (id int) PARTITION BY RANGE (id)`, `CREATE TABLE p1 PARTITION OF p DEFAULT`)
	target := pgtest.NewDB(t, s, `CREATE VIEW a AS SELECT 1`, `CREATE TABLE p1 (id int)`, `CREATE TABLE unrelated (id int)`)
	want(t, check(t, source, target, ""), map[string]string{"O-TARGET-EXISTS": "2 tables exist in the target already: public.a, public.p1"})
	want(t, check(t, source, target, "on_existing: proceed\n"), nil)
	want(t, check(t, source, target, "objects: {mapping: [{from: public.*, to: other.*}]}\n"), nil)
	want(t, check(t, source, target, "objects: {include: [public.p]}\n"), map[string]string{"O-TARGET-EXISTS": "1 table exists in the target already: public.p1"})
	// With a checkpoint of the job they are its own; one of another job changes nothing.
	exec(t, target, `CREATE SCHEMA floe; CREATE TABLE floe.checkpoint (job text); INSERT INTO floe.checkpoint VALUES ('other')`)
	want(t, check(t, source, target, ""), map[string]string{"O-TARGET-EXISTS": "2 tables"})
	exec(t, target, `INSERT INTO floe.checkpoint VALUES ('orders')`)
	want(t, check(t, source, target, ""), nil)
}

func TestSelectionThatIsNotWhatWasMeant(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source, target := pgtest.NewDB(t, s, `CREATE TABLE "Orders" (id int PRIMARY KEY, a int, b int)`, `CREATE SCHEMA x`, `CREATE TABLE x."Orders" (id int)`), pgtest.NewDB(t, s)
	for rest, fails := range map[string]map[string]string{
		`objects: {include: [public.orders]}`:                                                               {"O-SELECTION-EMPTY": "the source has no table of public.orders"},
		`objects: {include: ['public."Orders"', 'nosuch.*']}`:                                               {"O-SELECTION-EMPTY": "no table of nosuch.*"},
		`objects: {exclude: [public, x]}`:                                                                   {"O-SELECTION-EMPTY": "no table of the source is selected"},
		`objects: {mapping: [{from: public.t, to: public.u}]}`:                                              {"O-SELECTION-EMPTY": "public.t (objects.mapping)"},
		`objects: {mapping: [{from: x.*, to: public.*}]}`:                                                   {"O-MAPPING-CLASH": `public."Orders" from public."Orders", x."Orders"`},
		`objects: {include: [public], mapping: [{from: 'public."Orders"', to: public.o, columns: {a: b}}]}`: {"O-MAPPING-CLASH": `column "b" of public.o twice`},
		`objects: {include: ['public."Orders"']}`:                                                           {},
		`objects: {include: ['public."Orders"'], mapping: [{from: 'x."Orders"', to: x.o}]}`:                 {},
	} {
		t.Run(rest, func(t *testing.T) { want(t, check(t, source, target, rest+"\n"), fails) })
	}
}

// A server that cannot be a source says everything that keeps it from being one, at once.
func TestServerThatIsNotSetUp(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{Settings: map[string]string{"wal_level": "replica", "max_replication_slots": "0"},
		HBA: []string{"host all locked 127.0.0.1/32 scram-sha-256"}})
	source := pgtest.NewDB(t, s, `CREATE TABLE a (id int PRIMARY KEY)`, `CREATE ROLE plain LOGIN`, `GRANT SELECT ON a TO plain`, `CREATE ROLE locked LOGIN PASSWORD 'right'`)
	target := pgtest.NewDB(t, pgtest.Shared(t))
	plain := strings.Replace(source, "postgres@", "plain@", 1)
	r := check(t, plain, target, "")
	want(t, r, map[string]string{"S-WAL-LEVEL": "wal_level is replica, logical is needed", "S-SLOTS-FREE": "all 0 replication slots are taken",
		"S-REPL-PRIV": "user plain may not replicate", "S-PUBLICATION": "user plain may not create a publication"})
	if r.Unreachable() {
		t.Error("a server that answers counts as unreachable")
	}
	want(t, check(t, source, plain, ""), map[string]string{"S-WAL-LEVEL": "", "S-SLOTS-FREE": "", "T-OWNER": "user plain may not create schemas", "O-TARGET-EXISTS": ""})
	wrong := strings.Replace(source, "postgres@", "locked:${FLOE_TEST_NO_SUCH:-wrong}@", 1)
	r = check(t, wrong, wrong, "")
	want(t, r, map[string]string{"S-AUTH": "refused the user or the password", "T-CONN": "refused the user or the password"})
	if !r.Unreachable() {
		t.Error("a refused password does not count as unreachable")
	}
	want(t, check(t, s.URL("nosuch"), target, ""), map[string]string{"S-CONN": "has no such database"})
}

// A password that its reference does not lead to is no server that does not answer.
func TestAPasswordThatNobodySetIsNamed(t *testing.T) {
	t.Parallel()
	j, err := job.Parse("job.yaml", []byte("name: orders\nsource: {url: 'postgres://u@127.0.0.1:1/x', password: '${FLOE_TEST_NO_SUCH}'}\ntarget: {url: 'postgres://u@127.0.0.1:1/x', password: '${file:/no/such}'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := Run(t.Context(), Config{Job: j})
	want(t, r, map[string]string{"S-CONN": "the source's address or password cannot be read", "T-CONN": "the target's address or password cannot be read"})
	var b strings.Builder
	if err := r.Write(&b); err != nil || strings.Count(b.String(), "environment variable FLOE_TEST_NO_SUCH is not set") != 2 || !strings.Contains(b.String(), "refers to: environment variable") || !strings.Contains(b.String(), "open /no/such") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestBrokerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	j, err := job.Parse("job.yaml", []byte("name: orders\nsource: {url: '${FLOE_TEST_NO_SUCH}'}\ntarget: {url: 'postgres://u:${FLOE_TEST_NO_SUCH:-hunter2}@127.0.0.1:1/x'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300e6)
	defer cancel()
	r := Run(ctx, Config{Job: j, Kafka: broker.Options([]string{"127.0.0.1:1"}), Place: "127.0.0.1:1"})
	want(t, r, map[string]string{"S-CONN": "address or password cannot be read", "T-CONN": "does not answer", "B-CONN": "Kafka at 127.0.0.1:1 does not answer"})
	var b strings.Builder
	if err := r.Write(&b); err != nil || strings.Contains(b.String(), "hunter2") || !strings.Contains(b.String(), "not started") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
