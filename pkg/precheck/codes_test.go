package precheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/dialect"
	"floe/pkg/job"
	"floe/pkg/pgtest"
)

// provoked is one set-up for one code. What the check prints as SQL, run by a superuser, mends it. Where it prints none,
// apply is the part of the printed remedy that is carried out as it stands there: SQL, or what the job file gets. Where a
// person must choose, by are the printed words that say what is then done: mend, mendTo or then; without any of them
// nothing needs to be done.
type provoked struct {
	code     string
	severity Severity
	says     string
	source   []string // further SQL on the source
	target   []string
	rest     string // of the job file
	as       string // the source's user
	on       string // the target's user
	apply    string
	by       string
	mend     string // on the source
	mendTo   string // on the target
	then     string // the rest of the job file from then on
}

var everyCode = []provoked{
	{code: "S-REPL-PRIV", severity: Fail, says: "may not replicate", as: "plain"},
	{code: "S-READ-PRIV", severity: Fail, says: "may not read public.a", as: "plain"},
	{code: "S-PUBLICATION", severity: Fail, says: "only a table's owner", as: "plain"},
	{code: "S-PUBLICATION", severity: Fail, says: "floe_orders lacks public.a", as: "plain", source: []string{"CREATE PUBLICATION floe_orders"}},
	{code: "S-PUBLICATION", severity: Fail, says: "every kind of change", as: "plain", source: []string{"CREATE PUBLICATION floe_orders FOR TABLE a WHERE (id > 2)"}},
	{code: "S-LONG-TXN", severity: Warn, says: "does not see the transactions of others", as: "plain"},
	{code: "S-EVENT-TRIGGER", severity: Warn, says: "may not create event triggers", as: "plain", apply: `ALTER ROLE "plain_6" SUPERUSER`},
	{code: "S-EVENT-TRIGGER", severity: Warn, says: "may not create event triggers", as: "plain", apply: "ddl: off"},
	{code: "S-PREPARED-TXN", severity: Warn, says: "prepared transactions: left", source: []string{"BEGIN; INSERT INTO a VALUES (1); PREPARE TRANSACTION 'left'"}},
	{code: "S-SLOT-WAL-LIMIT", severity: Warn, says: "max_slot_wal_keep_size is 1GB", source: []string{"ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'", "SELECT pg_reload_conf()"}},
	{code: "S-FAILOVER", severity: Warn, says: "has a standby", source: []string{"SELECT pg_create_physical_replication_slot('standby')"}, apply: "SELECT pg_drop_replication_slot('standby')"},
	{code: "S-HEARTBEAT", severity: Notice, says: "may not make public.dts_postgres_heartbeat", as: "plain", source: []string{"REVOKE CREATE ON SCHEMA public FROM PUBLIC"}},
	{code: "S-HEARTBEAT", severity: Notice, says: "may not write public.dts_postgres_heartbeat", as: "plain", source: []string{"CREATE TABLE dts_postgres_heartbeat (slot_name varchar(64) PRIMARY KEY)"}},
	{code: "T-CONTROL-SCHEMA", severity: Warn, says: "schema floe", on: "plain"},
	{code: "T-OWNER", severity: Fail, says: "may not create schemas", on: "plain"},
	{code: "T-OWNER", severity: Fail, says: "may not write public.a", on: "plain", rest: "init: {structure: {enabled: false}}\n", target: []string{"CREATE TABLE a (id int PRIMARY KEY)"}},
	{code: "T-REPLICA-ROLE", severity: Warn, says: "session_replication_role", on: "plain"},
	{code: "O-KEY", severity: Fail, says: "may not give them one", as: "plain", source: []string{"CREATE TABLE k (v int)"}},
	{code: "O-UNLOGGED", severity: Warn, says: "public.u", source: []string{"CREATE UNLOGGED TABLE u (id int PRIMARY KEY)"}},
	{code: "O-REPLICA-IDENTITY", severity: Warn, says: "public.a", source: []string{"ALTER TABLE a REPLICA IDENTITY NOTHING"}},
	{code: "O-TRIGGER", severity: Warn, says: `"t" on public.a`, rest: "on_existing: proceed\n", target: []string{"CREATE TABLE a (id int PRIMARY KEY)",
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()", "ALTER TABLE a ENABLE ALWAYS TRIGGER t"}},
	{code: "O-TRIGGER", severity: Warn, says: `"r" on public.a`, rest: "on_existing: proceed\n",
		target: []string{"CREATE TABLE a (id int PRIMARY KEY)", "CREATE RULE r AS ON DELETE TO a DO INSTEAD NOTHING", "ALTER TABLE a ENABLE ALWAYS RULE r"}},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"id\" is text there", rest: "on_existing: proceed\n", target: []string{"CREATE TABLE a (id text PRIMARY KEY)"}},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"n\" is generated on the source", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED)"},
		target: []string{"CREATE TABLE g (id int PRIMARY KEY, n int)"}},
	{code: "O-TARGET-SHAPE", severity: Fail, says: "public.g (column \"id\" is numeric there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id numeric PRIMARY KEY)"},
		target: []string{"CREATE TABLE g (id numeric(10, 0) PRIMARY KEY)"}},
	{code: "O-TARGET-SHAPE", severity: Fail, says: "public.g (column \"id\" is citext there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id text PRIMARY KEY, n text)"},
		target: []string{"CREATE EXTENSION citext; CREATE TABLE g (id citext PRIMARY KEY, n citext)"}},
	{code: "O-TARGET-SHAPE", severity: Fail, says: "public.g (column \"id\" is text there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id text PRIMARY KEY)"},
		target: []string{"CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE g (id text COLLATE loose PRIMARY KEY)"}},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"n\" is generated there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id int PRIMARY KEY, n int)"},
		target: []string{"CREATE TABLE g (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED)"}},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"n\" is missing", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id int PRIMARY KEY, n varchar(9))"}, target: []string{"CREATE TABLE g (id int PRIMARY KEY)"}},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "no unique index over (id, n)", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id int, n int, PRIMARY KEY (id, n))"}, target: []string{"CREATE TABLE g (id int NOT NULL, n int NOT NULL)"}},
	{code: "O-DEPENDENCY", severity: Warn, says: "public.v -> other.t", rest: "objects: {include: [public]}\n", source: []string{"CREATE SCHEMA other", "CREATE TABLE other.t (id int PRIMARY KEY)", "CREATE VIEW v AS SELECT * FROM other.t"}, apply: "objects.include: [other.t]"},
	{code: "O-DEPENDENCY", severity: Warn, says: "public.v -> other.t", rest: "objects: {include: [public]}\n", source: []string{"CREATE SCHEMA other", "CREATE TABLE other.t (id int PRIMARY KEY)", "CREATE VIEW v AS SELECT * FROM other.t"}, apply: "objects.exclude: [public.v]"},
	{code: "O-ROLE", severity: Warn, says: "has not the rights of roles that own objects of the source: owns_it", on: "plain", source: []string{"CREATE ROLE owns_it", "ALTER TABLE a OWNER TO owns_it"}},
	{code: "O-SEQUENCE", severity: Notice, says: "1 sequence: its value", source: []string{"CREATE TABLE s (id serial PRIMARY KEY)"}, by: "nothing needs to be done before the cut-over"},
	{code: "O-ROW-WIDTH", severity: Notice, says: "public.w", source: []string{"CREATE TABLE w (id int PRIMARY KEY, v text)", "ALTER TABLE w ALTER v SET STORAGE EXTERNAL", "INSERT INTO w VALUES (1, repeat('x', 3000000))", "ANALYZE w"}, by: "none is needed"},
	{code: "O-NAME-CASE", severity: Warn, says: "public.a", source: []string{`CREATE TABLE "A" (id int PRIMARY KEY)`}, target: []string{"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ivorysql.identifier_case_switch = interchange', current_database()); END $$"}, apply: `objects.mapping: [{from: "public.\"A\"", to: "public.\"A_2\""}]`},
	{code: "O-TYPES", severity: Warn, says: "public.mood", rest: "init: {structure: {enabled: false}}\n", source: []string{"CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE m (id int PRIMARY KEY, v mood)"}, apply: "objects.exclude: [public.m]"},
	{code: "O-KIND-UNSUPPORTED", severity: Warn, says: "public.far", source: []string{"CREATE FOREIGN DATA WRAPPER w", "CREATE SERVER s FOREIGN DATA WRAPPER w", "CREATE FOREIGN TABLE far (id int) SERVER s"}, apply: "objects.exclude: [public.far]"},
	{code: "O-COLLATION", severity: Warn, says: `lacks collations pg_catalog."und-x-icu"`, source: []string{`CREATE TABLE c (id int PRIMARY KEY, v text COLLATE "und-x-icu")`}, target: []string{`DROP COLLATION pg_catalog."und-x-icu"`}},
	{code: "O-EXTENSION", severity: Warn, says: "may not create extensions pageinspect", on: "plain", source: []string{"CREATE EXTENSION pageinspect"}},
	{code: "O-SELECTION-EMPTY", severity: Fail, says: "no table of public.later", rest: "objects: {include: [public.a, public.later]}\n", by: "correct the names in objects", then: "objects: {include: [public.a]}\n"},
	{code: "O-TARGET-EXISTS", severity: Fail, says: "1 table exists in the target already: public.a", target: []string{"CREATE TABLE a (id int PRIMARY KEY)"}, by: "rename them", mendTo: "ALTER TABLE a RENAME TO theirs"},
	{code: "O-TARGET-EXISTS", severity: Fail, says: "already: public.a", target: []string{"CREATE TABLE a (id int PRIMARY KEY)"}, apply: "on_existing: proceed"},
	{code: "O-TARGET-EXISTS", severity: Warn, says: "the load takes these rows out: public.b", rest: "init: {structure: {enabled: false}}\n", source: []string{"CREATE TABLE b (v text)"},
		target: []string{"CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (v text)", "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES ('own')"}, apply: "on_existing: proceed"},
	{code: "O-MAPPING-CLASH", severity: Fail, says: "public.a from other.a, public.a", rest: "objects: {mapping: [{from: other.*, to: public.*}]}\n", source: []string{"CREATE SCHEMA other", "CREATE TABLE other.a (id int PRIMARY KEY)"}, by: "give each its own name in objects.mapping", then: "objects: {mapping: [{from: other.*, to: elsewhere.*}]}\n"},
	{code: "O-FK-OUTSIDE", severity: Warn, says: "public.c -> other.p", rest: "objects: {include: [public]}\n", source: []string{"CREATE SCHEMA other", "CREATE TABLE other.p (id int PRIMARY KEY)", "CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES other.p)"}, apply: "objects.include: [other.p]"},
	{code: "O-LARGE-OBJECT", severity: Warn, says: "large objects", source: []string{"SELECT lo_from_bytea(77, '\\x01')"}, by: "in a bytea column (lo_get reads it, lo_unlink removes the object)", mend: "ALTER TABLE a ADD doc bytea; INSERT INTO a SELECT 1, lo_get(77); SELECT lo_unlink(77)"},
	{code: "O-FILTER", severity: Fail, says: "a filter needs whole old rows", rest: "objects: {identity: keep, filters: [{table: public.a, where: id > 7}]}\n"},
	{code: "O-FILTER", severity: Fail, says: "the replica identity of public.a is kept", rest: "objects: {identity: keep, filters: [{table: public.a, where: id > 7}]}\n", apply: "objects.identity: auto"},
	{code: "O-FILTER", severity: Fail, says: "does not take the filter of public.a", rest: "objects: {filters: [{table: public.a, where: 'public.f(id)'}]}\n", source: []string{"CREATE FUNCTION f(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END'"}, by: "functions that are IMMUTABLE", mend: "ALTER FUNCTION f(int) IMMUTABLE"},
	{code: "O-FILTER", severity: Fail, says: "does not take the filter of public.g", rest: "objects: {filters: [{table: public.g, where: n > 7}]}\n", source: []string{"CREATE TABLE g (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id + 1) STORED)"}, by: "write a condition over the table's own columns", then: "objects: {filters: [{table: public.g, where: id + 1 > 7}]}\n"},
	{code: "O-FILTER", severity: Fail, says: `has no column "nix"`, rest: "objects: {filters: [{table: public.a, columns: [id, nix]}]}\n", by: "correct the names in objects.filters.columns", then: "objects: {filters: [{table: public.a, columns: [id]}]}\n"},
	{code: "O-FILTER", severity: Fail, says: "the columns that the job lists of public.l", rest: "objects: {filters: [{table: public.l, columns: [n]}]}\n", source: []string{"CREATE TABLE l (id int PRIMARY KEY, n int)"}, by: "list the column that the cause names", then: "objects: {filters: [{table: public.l, columns: [id, n]}]}\n"},
	{code: "O-FILTER", severity: Warn, says: `go index "l_secret_idx" of public.l`, rest: "objects: {filters: [{table: public.l, columns: [id]}]}\n", source: []string{"CREATE TABLE l (id int PRIMARY KEY, secret text)", "CREATE INDEX ON l (secret)"}, by: "list the columns if the target is to have them", then: "objects: {filters: [{table: public.l, columns: [id, secret]}]}\n"},
	{code: "O-ROW-SECURITY", severity: Warn, says: "public.a", as: "plain", source: []string{"ALTER TABLE a ENABLE ROW LEVEL SECURITY"}},
}

// Each check finds what it is there for, with a remedy, which is one.
func TestEachCodeIsProvokedAndMended(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	for i, c := range everyCode {
		plain := fmt.Sprintf("plain_%d", i) // rights that one case is given must not help another
		t.Run(fmt.Sprintf("%s %d", c.code, i), func(t *testing.T) {
			source := pgtest.NewDB(t, s, append([]string{"CREATE ROLE " + plain + " LOGIN", "CREATE TABLE a (id int PRIMARY KEY)"}, c.source...)...)
			target := pgtest.NewDB(t, s, c.target...)
			from, to := source, target
			if c.as != "" {
				from = strings.Replace(source, "postgres@", plain+"@", 1)
			}
			if c.on != "" {
				to = strings.Replace(target, "postgres@", plain+"@", 1)
			}
			r := check(t, from, to, c.rest)
			found := at(r, c)
			if found == nil || found.Fix == "" || !strings.Contains(found.Text, c.says) {
				t.Fatalf("found %+v in %+v", found, r.Checks)
			}
			rest := c.mended(t, r, found, source, target)
			r = check(t, from, to, rest)
			still := at(r, c)
			if still == nil && c.severity == Fail { // nor anything else that keeps the job from starting
				still = at(r, provoked{code: c.code, severity: Fail})
			}
			if nothing := c.by != "" && c.mend+c.mendTo+c.then == ""; (still != nil) != nothing || nothing && c.severity != Notice {
				t.Errorf("after %s%s%s%s%s: %+v", found.FixSQL, c.apply, c.mend, c.mendTo, rest, still)
			}
		})
	}
}

// mended does what the finding says, SQL of all findings of its code, and returns the rest of the job file from then on.
func (c *provoked) mended(t *testing.T, r *Report, found *Check, source, target string) (rest string) {
	t.Helper()
	run := func(url, sql string) {
		for line := range strings.SplitSeq(sql, ";") {
			exec(t, url+"&options=-cdefault_transaction_read_only%3Doff", line)
		}
	}
	switch {
	case c.apply != "" && strings.Contains(found.Fix, c.apply):
		if jobLine.MatchString(c.apply) {
			return amended(t, c.rest, c.apply)
		}
		run(source, c.apply)
	case c.by != "" && strings.Contains(found.Fix, c.by) && found.FixSQL == "":
		run(source, c.mend)
		run(target, c.mendTo)
		if c.then != "" {
			return c.then
		}
	case c.apply+c.by == "" && found.FixSQL != "":
		for _, f := range r.Checks {
			if f.Code == c.code && f.FixSQL != "" {
				run(map[string]string{"source": source, "target": target}[f.On], f.FixSQL)
			}
		}
	default:
		t.Errorf("the remedy %q %s is not what is done: %s%s", found.Fix, found.FixSQL, c.apply, c.by)
	}
	return c.rest
}

var jobLine = regexp.MustCompile(`^[a-z_.]+: `)

// amended is the rest of a job file with a line as remedies spell it, objects.include: [public.t]. Lists get longer.
func amended(t *testing.T, rest, line string) string {
	t.Helper()
	file, value := map[string]any{}, any(nil)
	path, text, _ := strings.Cut(line, ": ")
	if err := errors.Join(yaml.Unmarshal([]byte(rest+"{}"[min(len(rest), 2):]), &file), yaml.Unmarshal([]byte(text), &value)); err != nil {
		t.Fatal(err)
	}
	keys := strings.Split(path, ".")
	in, last := file, keys[len(keys)-1]
	for _, k := range keys[:len(keys)-1] {
		inner, ok := in[k].(map[string]any)
		if !ok {
			inner = map[string]any{}
			in[k] = inner
		}
		in = inner
	}
	if more, ok := value.([]any); ok {
		were, _ := in[last].([]any)
		value = append(were, more...)
	}
	in[last] = value
	out, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// elsewhere are the codes that one database alone does not provoke, with the test that does, and lets them pass.
var provokedElsewhere = map[string]string{
	"S-CONN": "TestServerIsMendedStepByStep", "S-AUTH": "TestServerIsMendedStepByStep", "S-WAL-LEVEL": "TestServerIsMendedStepByStep", "S-SLOTS-FREE": "TestServerIsMendedStepByStep",
	"T-CONN": "TestServerIsMendedStepByStep", "S-SENDERS-FREE": "TestSendersAndEncoding", "S-SETTINGS": "TestSendersAndEncoding", "T-ENCODING": "TestSendersAndEncoding",
	"S-VERSION": "TestServersThatAreTooOld", "S-PRIMARY": "TestServersThatAreTooOld", "T-VERSION": "TestServersThatAreTooOld",
	"B-CONN": "TestBrokerThatWouldLoseTheLog", "B-TOPIC-PRIV": "TestBrokerThatWouldLoseTheLog", "B-MAX-MESSAGE": "TestBrokerThatWouldLoseTheLog", "B-RETENTION": "TestBrokerThatWouldLoseTheLog",
	"B-DURABILITY": "TestBrokerThatWouldLoseTheLog", "R-CONN": "TestBrokerThatWouldLoseTheLog",
	"B-EMBEDDED": "TestHostAndLongTransaction", "H-CLOCK": "TestHostAndLongTransaction", "H-LOAD": "TestHostAndLongTransaction", "H-LIMITS": "TestHostAndLongTransaction", "T-SPACE": "TestHostAndLongTransaction",
}

// Whoever adds a check shows what provokes it, and that it passes once that is mended.
func TestEveryCodeIsProvokedSomewhere(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	for _, file := range []string{"codes_test.go", "kafka_test.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(text)
	}
	for _, code := range Codes {
		here := slices.ContainsFunc(everyCode, func(c provoked) bool { return c.code == code })
		name, there := provokedElsewhere[code]
		if here == there {
			t.Errorf("%s: in the table %t, elsewhere %t", code, here, there)
		}
		if there {
			_, body, found := strings.Cut(tests.String(), "\nfunc "+name+"(")
			body, _, _ = strings.Cut(body, "\n}\n")
			if !found || strings.Count(body, `"`+code+`"`) < 1 {
				t.Errorf("%s is not in %s", code, name)
			}
		}
	}
}

// A server that cannot be a source says so, takes what the checks print and a restart, and is one.
func TestServerIsMendedStepByStep(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{Settings: map[string]string{"wal_level": "replica", "max_replication_slots": "0"}, HBA: []string{"host all locked 127.0.0.1/32 scram-sha-256", "host all barred 127.0.0.1/32 reject"}})
	source := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE ROLE locked SUPERUSER LOGIN PASSWORD 'right'", "CREATE ROLE barred SUPERUSER LOGIN PASSWORD 'right'")
	target := pgtest.NewDB(t, pgtest.Shared(t))
	fails := func(from, to string, codes ...string) *Report {
		t.Helper()
		r := check(t, from, to, "")
		for _, code := range codes {
			if found := at(r, provoked{code: code, severity: Fail}); found == nil || found.Fix == "" {
				t.Errorf("%s: found %+v", code, found)
			}
		}
		return r
	}
	as := func(user string) string {
		name, password, _ := strings.Cut(user, ":")
		return strings.Replace(source, "postgres@", name+":${FLOE_TEST_NO_SUCH:-"+password+"}@", 1)
	}
	r := fails(as("locked:wrong"), as("locked:wrong"), "S-AUTH", "T-CONN")
	if found := at(r, provoked{code: "S-AUTH", severity: Fail}); !strings.Contains(found.Fix, "check user and password") {
		t.Errorf("a wrong password: %s", found.Fix)
	}
	r = fails(as("barred:right"), as("barred:right"), "S-AUTH", "T-CONN")
	_, line, _ := strings.Cut(at(r, provoked{code: "S-AUTH", severity: Fail}).Fix, "pg_hba.conf: ")
	admit(t, s, line)
	exec(t, source, "SELECT pg_reload_conf()")
	for began := time.Now(); at(check(t, as("barred:right"), as("barred:right"), ""), provoked{code: "S-CONN", severity: OK}) == nil; { // the server reads it a moment later
		if time.Since(began) > time.Minute {
			t.Fatalf("the server does not take the line %q", line)
		}
	}
	r = fails(as("locked:right"), target, "S-WAL-LEVEL", "S-SLOTS-FREE")
	exec(t, source, at(r, provoked{code: "S-WAL-LEVEL", severity: Fail}).FixSQL)
	exec(t, source, at(r, provoked{code: "S-SLOTS-FREE", severity: Fail}).FixSQL)
	if err := s.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	fails(source, source, "S-CONN", "T-CONN")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = check(t, as("locked:right"), target, "")
	for _, code := range []string{"S-CONN", "S-AUTH", "S-WAL-LEVEL", "S-SLOTS-FREE", "T-CONN"} {
		if found := at(r, provoked{code: code, severity: OK}); found == nil && code != "S-AUTH" {
			t.Errorf("%s does not pass: %+v", code, r.Checks)
		}
	}
	if r.Failed() {
		t.Errorf("the job may not start: %+v", r.Checks)
	}
}

// admit puts a line at the top of a server's pg_hba.conf.
func admit(t *testing.T, s *pgtest.Server, line string) {
	t.Helper()
	path := filepath.Join(s.Dir(), "data", "pg_hba.conf")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck
	was, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(append([]byte(line+"\n"), was...), 0); err != nil {
		t.Fatal(err)
	}
}

// A database that does not say what its texts are in is a source once source.encoding does; one that does wants none.
func TestAnEncodingIsSaidOnce(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	if err := s.CreateDatabase(t.Context(), "ascii", "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	exec(t, s.URL("ascii"), "CREATE TABLE a (id int PRIMARY KEY, v text)")
	known, target := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY, v text)"), pgtest.NewDB(t, s)
	for _, c := range []struct {
		source, encoding, rest string
		want                   provoked
	}{
		{s.URL("ascii"), "", "", provoked{code: "S-SETTINGS", severity: Fail, says: "encoding is SQL_ASCII: nothing says"}},
		{s.URL("ascii"), ", encoding: latin1", "", provoked{code: "S-SETTINGS", severity: Notice, says: "texts are in LATIN1"}},
		{known, ", encoding: UTF8", "", provoked{code: "S-SETTINGS", severity: Fail, says: "knows that its texts are in UTF8"}},
		{s.URL("ascii"), ", encoding: latin1", "objects: {filters: [{table: public.a, where: id > 1}]}\n", provoked{code: "O-FILTER", severity: Fail, says: "does not know that its texts are in LATIN1"}},
	} {
		j, err := job.Parse("job.yaml", fmt.Appendf(nil, "name: orders\nsource: {url: %q%s}\ntarget: {url: %q}\n%s", c.source, c.encoding, target, c.rest))
		if err != nil {
			t.Fatal(err)
		}
		r := Run(t.Context(), Config{Job: j})
		if found := at(r, c.want); found == nil || found.Fix == "" || r.Failed() != (c.want.severity == Fail) {
			t.Errorf("%s%s: found %+v in %+v", c.source, c.encoding, found, r.Checks)
		}
	}
}

// at is the check of the code if it found what was provoked.
func at(r *Report, c provoked) *Check {
	for i := range r.Checks {
		if r.Checks[i].Code == c.code && r.Checks[i].Severity == c.severity && strings.Contains(r.Checks[i].Text, c.says) {
			return &r.Checks[i]
		}
	}
	return nil
}

// What a machine lacks is told of; a transaction that writes for long is named with its process.
func TestHostAndLongTransaction(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	source, target := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)"), pgtest.NewDB(t, s)
	other, err := pgx.Connect(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context()) //nolint:errcheck
	if _, err := other.Exec(t.Context(), "BEGIN; INSERT INTO a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse("job.yaml", fmt.Appendf(nil, "name: orders\nsource: {url: %q}\ntarget: {url: %q}\n", source, target))
	if err != nil {
		t.Fatal(err)
	}
	r := Run(t.Context(), Config{Job: j, LongTransaction: time.Microsecond, Embedded: true,
		Host: &Host{Ahead: time.Hour, Load: 9, CPUs: 2, Files: 100, TargetFree: 1}})
	for code, severity := range map[string]Severity{"H-CLOCK": Warn, "H-LOAD": Notice, "H-LIMITS": Warn, "T-SPACE": Warn, "S-LONG-TXN": Warn, "B-EMBEDDED": Notice} {
		if at(r, provoked{code: code, severity: severity}) == nil {
			t.Errorf("%s is not told of", code)
		}
	}
	says := func(code string) string {
		return r.Checks[slices.IndexFunc(r.Checks, func(c Check) bool { return c.Code == code })].Fix
	}
	for code, words := range map[string]string{"H-CLOCK": "by NTP", "H-LOAD": "take a machine with more processors", "T-SPACE": "give the target more disk", "B-EMBEDDED": "name a Kafka in kafka.brokers"} {
		if !strings.Contains(says(code), words) {
			t.Errorf("%s does not say %q: %s", code, words, says(code))
		}
	}
	var files uint64
	if _, err := fmt.Sscanf(says("H-LIMITS"), "ulimit -n %d,", &files); err != nil {
		t.Errorf("%v: %s", err, says("H-LIMITS"))
	}
	well := Run(t.Context(), Config{Job: j, Host: &Host{Load: 1, CPUs: 2, Files: files, Memory: 8 << 30, TargetFree: 1 << 50}})
	for _, code := range []string{"H-CLOCK", "H-LOAD", "H-LIMITS", "T-SPACE", "B-EMBEDDED", "S-LONG-TXN"} {
		for _, severity := range []Severity{Fail, Warn, Notice} {
			if found := at(well, provoked{code: code, severity: severity}); found != nil {
				t.Errorf("a machine that does is told of %+v", found)
			}
		}
	}
	r.Ignore(map[string]string{"H-CLOCK": "a lab"})
	if at(r, provoked{code: "H-CLOCK", severity: Ignored, says: "a lab"}) == nil {
		t.Error("a warning that was ignored is one still")
	}
	var sql, junit strings.Builder
	if err := r.WriteSQL(&sql); err != nil || !strings.Contains(sql.String(), fmt.Sprintf("pg_terminate_backend(%d)", other.PgConn().PID())) {
		t.Errorf("%v %s", err, sql.String())
	}
	if err := r.WriteJUnit(&junit); err != nil || !strings.Contains(junit.String(), `<testcase name="S-LONG-TXN"`) {
		t.Errorf("%v %s", err, junit.String())
	}
}

// A server that is too old is named as such; none can be started here to say so itself.
func TestServersThatAreTooOld(t *testing.T) {
	t.Parallel()
	r := &run{report: &Report{}}
	r.server(&facts{Version: 100023, Recovery: true, WALLevel: "logical"})
	r.targetVersion(dialect.Dialect{}, 90624)
	young := &run{report: &Report{}}
	young.server(&facts{Version: 110000, WALLevel: "logical"})
	young.targetVersion(dialect.Dialect{}, 110000)
	for _, code := range []string{"S-VERSION", "S-PRIMARY", "T-VERSION"} {
		if found := at(r.report, provoked{code: code, severity: Fail}); found == nil || !strings.Contains(found.Fix, map[string]string{"S-PRIMARY": "name the primary"}[code]) || code != "S-PRIMARY" && !strings.Contains(found.Fix, "to PostgreSQL 11 or later") {
			t.Errorf("%s passes, or says %+v", code, found)
		}
		if at(young.report, provoked{code: code, severity: OK}) == nil {
			t.Errorf("%s does not pass", code)
		}
	}
}

// Places of a server that are all taken, and a target whose encoding lacks characters.
func TestSendersAndEncoding(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{Settings: map[string]string{"max_wal_senders": "1"}})
	source := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)")
	exec(t, source, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	config, err := pgconn.ParseConfig(source)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["replication"] = "database"
	other, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background()) //nolint:errcheck
	r := check(t, source, s.URL("latin"), "")
	senders := at(r, provoked{code: "S-SENDERS-FREE", severity: Fail, says: "all 1 replication connections are taken"})
	encoding := at(r, provoked{code: "T-ENCODING", severity: Warn, says: "the source's encoding is UTF8, the target's LATIN1"})
	if senders == nil || encoding == nil || !r.Failed() {
		t.Fatalf("found %+v", r.Checks)
	}
	exec(t, source, senders.FixSQL)
	exec(t, source, "ALTER DATABASE latin RENAME TO old")
	_, create, _ := strings.Cut(encoding.Fix, "before it has anything: ")
	exec(t, source, create)
	if err := s.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = check(t, source, s.URL("latin"), "")
	if at(r, provoked{code: "S-SENDERS-FREE", severity: OK}) == nil || at(r, provoked{code: "T-ENCODING", severity: Warn}) != nil || at(r, provoked{code: "O-COLLATION", severity: Warn}) != nil {
		t.Errorf("after %s %s: %+v", senders.FixSQL, create, r.Checks)
	}
	// What the whole server sets is not lifted for floe's sessions, as what a database sets is.
	exec(t, source, "ALTER DATABASE postgres SET default_transaction_read_only = off") // for whoever drops the others
	exec(t, source, "ALTER SYSTEM SET default_transaction_read_only = on")
	exec(t, source, "SELECT pg_reload_conf()")
	readOnly := provoked{code: "S-SETTINGS", severity: Warn, says: "default_transaction_read_only"}
	var found *Check
	for began := time.Now(); found == nil; found = at(check(t, source, s.URL("latin"), ""), readOnly) {
		if time.Since(began) > time.Minute {
			t.Fatal("the setting is not seen")
		}
	}
	exec(t, source+"&options=-cdefault_transaction_read_only%3Doff", found.FixSQL)
	if still := at(check(t, source, s.URL("latin"), ""), readOnly); still != nil {
		t.Errorf("after %s: %+v", found.FixSQL, still)
	}
}
