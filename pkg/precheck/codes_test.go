package precheck

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/dialect"
	"floe/pkg/job"
	"floe/pkg/pgtest"
)

// provoked is one set-up for one code. What the check prints as SQL, run by a superuser, mends it; where it
// prints none, mend does.
type provoked struct {
	code     string
	severity Severity
	says     string
	source   []string // further SQL on the source
	target   []string
	rest     string // of the job file
	as       string // the source's user
	on       string // the target's user
	mend     string // on the source
	mendTo   string // on the target
}

var everyCode = []provoked{
	{code: "S-REPL-PRIV", severity: Fail, says: "may not replicate", as: "plain"},
	{code: "S-READ-PRIV", severity: Fail, says: "may not read public.a", as: "plain"},
	{code: "S-PUBLICATION", severity: Fail, says: "only a table's owner", as: "plain"},
	{code: "S-PUBLICATION", severity: Fail, says: "floe_orders lacks public.a", as: "plain", source: []string{"CREATE PUBLICATION floe_orders"}},
	{code: "S-PUBLICATION", severity: Fail, says: "every kind of change", as: "plain", source: []string{"CREATE PUBLICATION floe_orders FOR TABLE a WHERE (id > 2)"}},
	{code: "S-LONG-TXN", severity: Warn, says: "does not see the transactions of others", as: "plain"},
	{code: "S-EVENT-TRIGGER", severity: Warn, says: "may not create event triggers", as: "plain", mend: "ALTER ROLE plain_6 SUPERUSER"},
	{code: "S-PREPARED-TXN", severity: Warn, says: "prepared transactions: left", source: []string{"BEGIN; INSERT INTO a VALUES (1); PREPARE TRANSACTION 'left'"}},
	{code: "S-SLOT-WAL-LIMIT", severity: Warn, says: "max_slot_wal_keep_size is 1GB", source: []string{"ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'", "SELECT pg_reload_conf()"}},
	{code: "S-FAILOVER", severity: Warn, says: "has 1 standbys", source: []string{"SELECT pg_create_physical_replication_slot('standby')"}, mend: "SELECT pg_drop_replication_slot('standby')"},
	{code: "S-HEARTBEAT", severity: Notice, says: "may not make public.dts_postgres_heartbeat", as: "plain", source: []string{"REVOKE CREATE ON SCHEMA public FROM PUBLIC"}},
	{code: "S-HEARTBEAT", severity: Notice, says: "may not write public.dts_postgres_heartbeat", as: "plain", source: []string{"CREATE TABLE dts_postgres_heartbeat (slot_name varchar(64) PRIMARY KEY)"}},
	{code: "S-SETTINGS", severity: Warn, says: "default_transaction_read_only", source: []string{"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$"}},
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
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"id\" is text there", rest: "on_existing: proceed\n", target: []string{"CREATE TABLE a (id text PRIMARY KEY)"}, mendTo: "ALTER TABLE a ALTER id TYPE int USING id::int"},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"n\" is generated on the source", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED)"},
		target: []string{"CREATE TABLE g (id int PRIMARY KEY, n int)"}, mendTo: "ALTER TABLE g DROP n, ADD n int GENERATED ALWAYS AS (id) STORED"},
	{code: "O-TARGET-SHAPE", severity: Fail, says: "public.g (column \"id\" is numeric there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id numeric PRIMARY KEY)"},
		target: []string{"CREATE TABLE g (id numeric(10, 0) PRIMARY KEY)"}, mendTo: "ALTER TABLE g ALTER id TYPE numeric"},
	{code: "O-TARGET-SHAPE", severity: Fail, says: "public.g (column \"id\" is citext there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id text PRIMARY KEY, n text)"},
		target: []string{"CREATE EXTENSION citext; CREATE TABLE g (id citext PRIMARY KEY, n citext)"}, mendTo: "ALTER TABLE g ALTER id TYPE text"},
	{code: "O-TARGET-SHAPE", severity: Fail, says: "public.g (column \"id\" is text there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id text PRIMARY KEY)"},
		target: []string{"CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE g (id text COLLATE loose PRIMARY KEY)"}, mendTo: "ALTER TABLE g ALTER id TYPE text"},
	{code: "O-TARGET-SHAPE", severity: Warn, says: "column \"n\" is generated there", rest: "on_existing: proceed\n", source: []string{"CREATE TABLE g (id int PRIMARY KEY, n int)"},
		target: []string{"CREATE TABLE g (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id) STORED)"}, mendTo: "ALTER TABLE g ALTER n DROP EXPRESSION"},
	{code: "O-DEPENDENCY", severity: Warn, says: "public.v -> other.t", rest: "objects: {include: [public]}\n", source: []string{"CREATE SCHEMA other", "CREATE TABLE other.t (id int PRIMARY KEY)", "CREATE VIEW v AS SELECT * FROM other.t"}, mend: "DROP VIEW v"},
	{code: "O-ROLE", severity: Warn, says: "has not the rights of roles that own objects of the source: owns_it", on: "plain", source: []string{"CREATE ROLE owns_it", "ALTER TABLE a OWNER TO owns_it"}},
	{code: "O-SEQUENCE", severity: Notice, says: "1 sequences", source: []string{"CREATE TABLE s (id serial PRIMARY KEY)"}, mend: "DROP TABLE s"},
	{code: "O-ROW-WIDTH", severity: Notice, says: "public.w", source: []string{"CREATE TABLE w (id int PRIMARY KEY, v text)", "ALTER TABLE w ALTER v SET STORAGE EXTERNAL", "INSERT INTO w VALUES (1, repeat('x', 3000000))", "ANALYZE w"}, mend: "DROP TABLE w"},
	{code: "O-NAME-CASE", severity: Warn, says: "public.a", source: []string{`CREATE TABLE "A" (id int PRIMARY KEY)`}, target: []string{"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ivorysql.identifier_case_switch = interchange', current_database()); END $$"}, mend: `DROP TABLE "A"`},
	{code: "O-TYPES", severity: Warn, says: "public.mood", rest: "init: {structure: {enabled: false}}\n", source: []string{"CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE m (id int PRIMARY KEY, v mood)"}, mendTo: "CREATE TYPE mood AS ENUM ('a')"},
	{code: "O-KIND-UNSUPPORTED", severity: Warn, says: "public.far", source: []string{"CREATE FOREIGN DATA WRAPPER w", "CREATE SERVER s FOREIGN DATA WRAPPER w", "CREATE FOREIGN TABLE far (id int) SERVER s"}, mend: "DROP FOREIGN TABLE far"},
	{code: "O-COLLATION", severity: Warn, says: "lacks collations pg_catalog.odd", source: []string{`CREATE COLLATION pg_catalog.odd FROM "C"`, "CREATE TABLE c (id int PRIMARY KEY, v text COLLATE pg_catalog.odd)"}, mendTo: `CREATE COLLATION pg_catalog.odd FROM "C"`},
	{code: "O-EXTENSION", severity: Warn, says: "may not create extensions pageinspect", on: "plain", source: []string{"CREATE EXTENSION pageinspect"}},
	{code: "O-FILTER", severity: Fail, says: "a filter needs whole old rows", rest: "objects: {identity: keep, filters: [{table: public.a, where: id > 7}]}\n", mend: "ALTER TABLE a REPLICA IDENTITY FULL"},
	{code: "O-FILTER", severity: Fail, says: "does not take the filter of public.a", rest: "objects: {filters: [{table: public.a, where: 'public.f(id)'}]}\n", source: []string{"CREATE FUNCTION f(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END'"}, mend: "ALTER FUNCTION f(int) IMMUTABLE"},
	{code: "O-ROW-SECURITY", severity: Warn, says: "public.a", as: "plain", source: []string{"ALTER TABLE a ENABLE ROW LEVEL SECURITY"}},
}

// Each check finds what it is there for, with a remedy; the SQL that it prints is one.
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
			if found.FixSQL != "" {
				mended := source
				if found.On == "target" {
					mended = target
				}
				for line := range strings.SplitSeq(found.FixSQL, ";") {
					exec(t, mended+"&options=-cdefault_transaction_read_only%3Doff", line)
				}
			}
			if c.mend != "" {
				exec(t, source, c.mend)
			}
			if c.mendTo != "" {
				exec(t, target, c.mendTo)
			}
			if still := at(check(t, from, to, c.rest), c); still != nil {
				t.Errorf("after %s%s%s: %+v", found.FixSQL, c.mend, c.mendTo, still)
			}
		})
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
	for _, code := range []string{"S-VERSION", "S-PRIMARY", "T-VERSION"} {
		if at(r.report, provoked{code: code, severity: Fail}) == nil {
			t.Errorf("%s passes", code)
		}
	}
}

// Places of a server that are all taken, and a target whose encoding lacks characters.
func TestSendersAndEncoding(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{Settings: map[string]string{"max_wal_senders": "1"}})
	source := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)")
	exec(t, source, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	exec(t, source, "CREATE DATABASE utf8 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
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
	for _, c := range []provoked{{code: "S-SENDERS-FREE", severity: Fail, says: "all 1 replication connections are taken"}, {code: "T-ENCODING", severity: Warn, says: "the source's encoding is UTF8, the target's LATIN1"}} {
		if found := at(r, c); found == nil || found.Fix == "" {
			t.Errorf("%s: found %+v", c.code, found)
		}
	}
	if !r.Failed() {
		t.Error("the job may start")
	}
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; { // the server notices a moment later
		r := check(t, source, s.URL("utf8"), "")
		if at(r, provoked{code: "S-SENDERS-FREE", severity: OK}) != nil {
			if found := at(r, provoked{code: "T-ENCODING", severity: Warn}); found != nil {
				t.Errorf("found %+v", found)
			}
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the connection stays taken")
		}
	}
}
