package faults

import (
	"testing"

	"floe/e2e/rig"
)

// sourceRights and targetRights are all that the services' users have: what needs ownership was made
// before by those who have it.
var (
	sourceRights = []string{
		`CREATE ROLE floe_capture LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS`,
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
		`CREATE SCHEMA app`,
		`CREATE TABLE app.t (id int PRIMARY KEY, v text)`,
		`INSERT INTO app.t SELECT i, 'v' || i FROM generate_series(1, 3000) i`,
		marker,
		`CREATE TABLE public.dts_postgres_heartbeat (slot_name varchar(64) PRIMARY KEY, revice_time bigint, revice_lsn varchar(64), flushed_lsn varchar(64), update_time timestamptz, dts_service_time bigint)`,
		`GRANT SELECT, INSERT, UPDATE ON public.dts_postgres_heartbeat TO floe_capture`,
		`CREATE PUBLICATION floe_rights FOR TABLE app.t, marker`,
		`GRANT USAGE ON SCHEMA app TO floe_capture`,
		`GRANT SELECT ON app.t, marker TO floe_capture`,
		`GRANT pg_read_all_stats TO floe_capture`,
	}
	targetRights = []string{
		`CREATE ROLE floe_apply LOGIN NOSUPERUSER NOREPLICATION NOCREATEDB NOCREATEROLE NOBYPASSRLS`,
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
		`GRANT SET ON PARAMETER session_replication_role TO floe_apply`,
		`CREATE SCHEMA floe AUTHORIZATION floe_apply`,
		`CREATE SCHEMA app`,
		`CREATE TABLE app.t (id int PRIMARY KEY, v text)`,
		marker,
		`GRANT USAGE ON SCHEMA app TO floe_apply`,
		`GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON app.t, marker TO floe_apply`,
	}
)

// A job whose users own nothing but floe's schema on the target loads and follows tables that others made.
func TestRunsWithExactlyTheGrants(t *testing.T) {
	t.Parallel()
	s := servers(t)
	if ask(t, s.Target.URL("postgres"), "SELECT current_setting('server_version_num')::int >= 150000") != "t" {
		t.Skip("a server before 15 cannot grant the replica role; there the applier's user owns the tables")
	}
	b := newBench(t, s, "rights", func(j *rig.Job) {
		user(&j.Source.URL, "floe_capture")()
		user(&j.Target.URL, "floe_apply")()
		j.Objects = rig.Objects{Include: []string{"app.t", "public.marker"}}
		j.Existing, j.Init = "proceed", &rig.Init{}
	})
	b.source(t, sourceRights...)
	b.must(t, b.pair.Target.Exec(t.Context(), b.name, targetRights...))
	b.must(t, b.Start())
	b.streaming(t)
	b.source(t, `UPDATE app.t SET v = 'changed' WHERE id % 3 = 0`, `DELETE FROM app.t WHERE id % 7 = 0`, `INSERT INTO app.t VALUES (-1, NULL)`)
	b.caughtUp(t, patience)
	if got := ask(t, b.pair.SourceURL(), `SELECT count(*) FROM public.dts_postgres_heartbeat WHERE slot_name ~ '^floe_rights_[0-9a-f]{8}$' AND flushed_lsn::pg_lsn > '0/0'`); got != "1" {
		t.Errorf("%s heartbeats, want 1", got)
	}
	const all = `SELECT string_agg(t::text, ' ' ORDER BY id) FROM app.t`
	if got, want := ask(t, b.pair.TargetURL(), all), ask(t, b.pair.SourceURL(), all); got != want {
		t.Errorf("the target has\n%.300s\nwant\n%.300s", got, want)
	}
}
