package faults

import (
	"context"
	"os"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// refusal is an input that floe must not start with: code it ends with, words it says.
type refusal struct {
	name  string
	job   func(*rig.Job)
	args  []string
	there string // on the target
	code  int
	says  []string
}

func user(url *string, name string) func() {
	return func() { *url = strings.Replace(*url, "postgres@", name+"@", 1) }
}

// Every bad input ends floe at once, with its own exit code, a stable code and a remedy, and leaves
// both databases as they were.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	s := rig.StartServers(t, pgtest.Options{HBA: []string{"host all locked 127.0.0.1/32 scram-sha-256"}})
	for _, sql := range []string{"CREATE ROLE locked LOGIN REPLICATION SUPERUSER PASSWORD 'right'", "CREATE ROLE plain LOGIN"} {
		if err := s.Source.Exec(t.Context(), "postgres", sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []refusal{
		{name: "wrong_password", code: 5, says: []string{"S-AUTH", "refused the user or the password", "fix:"},
			job: func(j *rig.Job) { user(&j.Source.URL, "locked:${FLOE_TEST_NO_SUCH:-wrong}")() }},
		{name: "no_replication_right", code: 3, says: []string{"S-REPL-PRIV", "user plain may not replicate", "REPLICATION"},
			job: func(j *rig.Job) { user(&j.Source.URL, "plain")() }},
		{name: "source_unreachable", code: 5, says: []string{"S-CONN", "does not answer", "fix:"},
			job: func(j *rig.Job) { j.Source.URL = "postgres://postgres@127.0.0.1:1/x?sslmode=disable" }},
		{name: "target_unreachable", code: 5, says: []string{"T-CONN", "does not answer", "fix:"},
			job: func(j *rig.Job) { j.Target.URL = "postgres://postgres@127.0.0.1:1/x?sslmode=disable" }},
		{name: "no_such_database", code: 5, says: []string{"S-CONN", "no such database", "fix:"},
			job: func(j *rig.Job) { j.Source.URL = strings.Replace(j.Source.URL, "no_such_database", "nowhere", 1) }},
		{name: "unknown_table", code: 3, says: []string{"O-SELECTION-EMPTY", "public.nosuch", "fix:"},
			job: func(j *rig.Job) { j.Objects = rig.Objects{Include: []string{"public.t", "public.nosuch"}} }},
		{name: "table_in_the_way", code: 3, says: []string{"O-TARGET-EXISTS", "public.t", "on_existing: proceed"},
			there: "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (7, 'mine')"},
		{name: "broker_unreachable", code: 5, says: []string{"B-CONN", "127.0.0.1:1", "fix:"}, args: []string{"--broker", "127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, s, c.name, c.job)
			b.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'one')")
			if c.there != "" {
				b.must(t, b.pair.Target.Exec(t.Context(), b.name, c.there))
			}
			before := footprint(t, b)
			b.refused(t, c)
			if after := footprint(t, b); after != before {
				t.Errorf("the databases changed:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// A source without logical decoding says so, with what to set.
func TestRefusesToStartWithoutLogicalWAL(t *testing.T) {
	t.Parallel()
	s := rig.Servers{Source: pgtest.New(t, pgtest.Options{Settings: map[string]string{"wal_level": "replica"}}), Target: pgtest.New(t, pgtest.Options{})}
	b := newBench(t, s, "no_logical", nil)
	b.source(t, "CREATE TABLE t (id int PRIMARY KEY)")
	b.refused(t, refusal{code: 3, says: []string{"S-WAL-LEVEL", "wal_level is replica", "ALTER SYSTEM SET wal_level = 'logical'"}})
}

// A file that is no job is shown with line and caret, and nothing is connected to.
func TestRefusesABrokenJobFile(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "broken_file", nil)
	for text, says := range map[string][]string{
		"name: broken_file\nsource: {url: x\n":                                                      {"job.yaml", "2", "^"},
		"name: Broken File\nsource: {url: 'postgres://a@b/c'}\ntarget: {url: 'postgres://a@b/c'}\n": {"name", "1", "^", "broken_file"},
		"name: broken_file\nsuorce: {url: 'postgres://a@b/c'}\n":                                    {"suorce", "2", "^", "source"},
	} {
		if err := os.WriteFile(b.JobFile(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b.refused(t, refusal{code: 2, says: says})
	}
}

// refused starts floe and waits for it to end as it should.
func (b *bench) refused(t *testing.T, c refusal) {
	t.Helper()
	_ = os.Remove(b.LogFile()) // what an earlier start said
	b.must(t, b.Start(c.args...))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code, err := b.Wait(ctx)
	b.must(t, err)
	text := b.Tail(6000)
	if code != c.code {
		t.Errorf("exit code %d, want %d:\n%s", code, c.code, text)
	}
	for _, words := range c.says {
		if !strings.Contains(text, words) {
			t.Errorf("it does not say %q:\n%s", words, text)
		}
	}
	if strings.Contains(text, "wrong@") || strings.Contains(text, ":wrong") {
		t.Errorf("it shows the password:\n%s", text)
	}
}

// footprint is everything that a start could leave on the servers.
func footprint(t *testing.T, b *bench) string {
	const sql = `SELECT n.nspname, c.relname, c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
		UNION ALL SELECT 'publication', pubname, NULL FROM pg_publication
		UNION ALL SELECT 'slot', slot_name, NULL FROM pg_replication_slots WHERE database = current_database()
		UNION ALL SELECT 'trigger', evtname, NULL FROM pg_event_trigger ORDER BY 1, 2`
	return ask(t, b.pair.SourceURL(), sql) + "\n" + ask(t, b.pair.TargetURL(), sql)
}
