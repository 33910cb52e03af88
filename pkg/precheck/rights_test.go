package precheck

import (
	"strings"
	"testing"

	"floe/pkg/pgtest"
)

// What a job needs of both databases, each right by itself. S stands for the source's user, T for the target's.
var (
	rightsOfTheSource = []string{
		"CREATE ROLE S LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 8",
		"DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC; GRANT CONNECT ON DATABASE %1$I TO S', current_database()); END $$",
		"REVOKE ALL ON SCHEMA public FROM PUBLIC", "GRANT USAGE ON SCHEMA public TO S",
		"CREATE SCHEMA app", "CREATE TABLE app.t (id int PRIMARY KEY, v text)",
		"CREATE TABLE public.dts_postgres_heartbeat (slot_name varchar(64) PRIMARY KEY, revice_time bigint, revice_lsn varchar(64), flushed_lsn varchar(64), update_time timestamptz, dts_service_time bigint)",
		"CREATE PUBLICATION floe_orders FOR TABLE app.t",
		"GRANT USAGE ON SCHEMA app TO S", "GRANT SELECT ON app.t TO S", "GRANT SELECT, INSERT, UPDATE ON public.dts_postgres_heartbeat TO S", "GRANT pg_read_all_stats TO S",
	}
	rightsOfTheTarget = []string{
		"CREATE ROLE T LOGIN NOSUPERUSER NOREPLICATION NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 16",
		"DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC; GRANT CONNECT ON DATABASE %1$I TO T', current_database()); END $$",
		"GRANT SET ON PARAMETER session_replication_role TO T", "CREATE SCHEMA floe AUTHORIZATION T",
		"CREATE SCHEMA app", "CREATE TABLE app.t (id int PRIMARY KEY, v text)", "GRANT USAGE ON SCHEMA app TO T", "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON app.t TO T",
	}
)

// revoked is one right that is taken away, the code that names it, and the statement that gives it back; without one
// the remedy says so in words, and mend is that.
type revoked struct {
	sql, code, fix, says, mend string
}

var (
	revokedOnTheSource = []revoked{
		{"ALTER ROLE S NOLOGIN", "S-AUTH", "", "ALTER ROLE … LOGIN", "ALTER ROLE S LOGIN"},
		{"ALTER ROLE S CONNECTION LIMIT 0", "S-CONN", "", "CONNECTION LIMIT", "ALTER ROLE S CONNECTION LIMIT 8"},
		{"REVOKE CONNECT ON DATABASE D FROM S", "S-AUTH", "GRANT CONNECT ON DATABASE D TO S;", "", ""},
		{"ALTER ROLE S NOREPLICATION", "S-REPL-PRIV", "ALTER ROLE S REPLICATION;", "", ""},
		{"REVOKE USAGE ON SCHEMA app FROM S", "S-READ-PRIV", "GRANT USAGE ON SCHEMA app TO S;", "", ""},
		{"REVOKE SELECT ON app.t FROM S", "S-READ-PRIV", "GRANT SELECT ON app.t TO S;", "", ""},
		{"REVOKE SELECT ON app.t FROM S; GRANT SELECT (id, v) ON app.t TO S", "S-READ-PRIV", "GRANT SELECT ON app.t TO S;", "", ""}, // a chunk locks its table
		{"DROP PUBLICATION floe_orders", "S-PUBLICATION", "", "CREATE PUBLICATION floe_orders FOR TABLE ONLY app.t", "CREATE PUBLICATION floe_orders FOR TABLE ONLY app.t"},
		{"ALTER PUBLICATION floe_orders DROP TABLE app.t", "S-PUBLICATION", "ALTER PUBLICATION floe_orders ADD TABLE ONLY app.t;", "", ""},
		{"ALTER PUBLICATION floe_orders SET (publish = 'insert, update')", "S-PUBLICATION", "CREATE PUBLICATION floe_orders FOR TABLE ONLY app.t;", "", ""},
		{"REVOKE USAGE ON SCHEMA public FROM S", "S-HEARTBEAT", "GRANT USAGE ON SCHEMA public TO S;", "", ""},
		{"REVOKE SELECT ON public.dts_postgres_heartbeat FROM S", "S-HEARTBEAT", "GRANT SELECT, INSERT, UPDATE ON public.dts_postgres_heartbeat TO S;", "", ""},
		{"REVOKE INSERT ON public.dts_postgres_heartbeat FROM S", "S-HEARTBEAT", "GRANT SELECT, INSERT, UPDATE ON public.dts_postgres_heartbeat TO S;", "", ""},
		{"REVOKE UPDATE ON public.dts_postgres_heartbeat FROM S", "S-HEARTBEAT", "GRANT SELECT, INSERT, UPDATE ON public.dts_postgres_heartbeat TO S;", "", ""},
		{"DROP TABLE public.dts_postgres_heartbeat", "S-HEARTBEAT", "CREATE TABLE public.dts_postgres_heartbeat", "", ""},
		{"REVOKE pg_read_all_stats FROM S", "S-LONG-TXN", "GRANT pg_read_all_stats TO S;", "", ""},
	}
	revokedOnTheTarget = []revoked{
		{"ALTER ROLE T NOLOGIN", "T-CONN", "", "ALTER ROLE … LOGIN", "ALTER ROLE T LOGIN"},
		{"REVOKE CONNECT ON DATABASE D FROM T", "T-CONN", "GRANT CONNECT ON DATABASE D TO T;", "", ""},
		{"REVOKE SET ON PARAMETER session_replication_role FROM T", "T-REPLICA-ROLE", "GRANT SET ON PARAMETER session_replication_role TO T;", "", ""},
		{"DROP SCHEMA floe", "T-CONTROL-SCHEMA", "ALTER SCHEMA floe OWNER TO T;", "", ""},
		{"ALTER SCHEMA floe OWNER TO postgres", "T-CONTROL-SCHEMA", "ALTER SCHEMA floe OWNER TO T;", "", ""},
		{"REVOKE USAGE ON SCHEMA app FROM T", "T-OWNER", "GRANT USAGE ON SCHEMA app TO T;", "", ""},
		{"REVOKE SELECT ON app.t FROM T", "T-OWNER", "GRANT SELECT ON app.t TO T;", "", ""},
		{"REVOKE INSERT ON app.t FROM T", "T-OWNER", "GRANT INSERT ON app.t TO T;", "", ""},
		{"REVOKE UPDATE ON app.t FROM T", "T-OWNER", "GRANT UPDATE ON app.t TO T;", "", ""},
		{"REVOKE DELETE ON app.t FROM T", "T-OWNER", "GRANT DELETE ON app.t TO T;", "", ""},
		{"REVOKE TRUNCATE ON app.t FROM T", "T-OWNER", "GRANT TRUNCATE ON app.t TO T;", "", ""},
	}
	// where floe makes the tables
	revokedOfStructure = []revoked{
		{"REVOKE CREATE ON DATABASE D FROM T", "T-OWNER", "GRANT CREATE ON DATABASE D TO T;", "", ""},
		{"REVOKE CREATE ON SCHEMA app FROM T", "T-OWNER", "GRANT USAGE, CREATE ON SCHEMA app TO T;", "", ""},
		{"REVOKE USAGE ON SCHEMA app FROM T", "T-OWNER", "GRANT USAGE, CREATE ON SCHEMA app TO T;", "", ""},
	}
)

// Exactly the documented rights pass; each that is taken away is named, with the statement that gives it back.
func TestEachRightIsNamedWhenItIsRevoked(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	names := strings.NewReplacer(" S ", " s_right ", " S;", " s_right;", " T ", " t_right ", " T;", " t_right;")
	as := func(sql, database string) string {
		return strings.TrimSpace(strings.ReplaceAll(names.Replace(sql+" "), " D ", ` "`+database+`" `))
	}
	of := func(rights []string) (out []string) {
		for _, sql := range rights {
			out = append(out, strings.ReplaceAll(strings.ReplaceAll(as(sql, ""), "TO S'", "TO s_right'"), "TO T'", "TO t_right'"))
		}
		return out
	}
	source, target := pgtest.NewDB(t, s, of(rightsOfTheSource)...), pgtest.NewDB(t, s, of(rightsOfTheTarget)...)
	empty := pgtest.NewDB(t, s, of([]string{rightsOfTheTarget[1], "CREATE SCHEMA floe AUTHORIZATION T", "CREATE SCHEMA app", "GRANT USAGE, CREATE ON SCHEMA app TO T",
		"DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO T', current_database()); END $$"})...)
	from := strings.Replace(source, "postgres@", "s_right@", 1)
	run := func(on, to, rest string, all []revoked) {
		t.Helper()
		looks := func(except string) (found []Check) {
			for _, c := range check(t, from, strings.Replace(to, "postgres@", "t_right@", 1), rest).Checks {
				c.FixSQL, c.Fix = strings.ReplaceAll(c.FixSQL, `"`, ""), strings.ReplaceAll(c.Fix, `"`, "")
				switch {
				case c.Severity == OK || c.Severity == Skipped || c.Code == "S-EVENT-TRIGGER" || strings.HasPrefix(c.Code, "H-"):
				case c.Code == except:
					found = append(found, c)
				default: // also what the one before took away
					t.Errorf("with every right but one, %s: %+v", except, c)
				}
			}
			return found
		}
		_, database, _ := strings.Cut(on[strings.LastIndex(on, "/"):], "/")
		database, _, _ = strings.Cut(database, "?")
		for _, r := range all {
			exec(t, on, as(r.sql, database))
			found, fix := looks(r.code), as(r.fix, database)
			if len(found) == 0 {
				t.Errorf("%s: %s says nothing", r.sql, r.code)
			}
			for _, c := range found {
				if !strings.Contains(c.FixSQL, strings.ReplaceAll(fix, `"`, "")) || !strings.Contains(c.Fix, r.says) {
					t.Errorf("%s: %+v, want %s%s", r.sql, c, fix, r.says)
				}
				if r.mend == "" {
					exec(t, on, c.FixSQL)
				}
			}
			if r.mend != "" {
				exec(t, on, as(r.mend, database))
			}
		}
		looks("")
	}
	const there, make = "objects: {include: [app]}\non_existing: proceed\ninit: {structure: {enabled: false}}\n", "objects: {include: [app]}\n"
	run(source, target, there, revokedOnTheSource)
	run(target, target, there, revokedOnTheTarget)
	run(empty, empty, make, revokedOfStructure)
}
