package faults

import (
	"context"
	"strings"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/pkg/nettest"
	"floe/pkg/pgtest"
)

// A job reaches both databases with verify-full alone, each session and the stream. One whose certificate runs out is
// spoken to no more, and named; with the next one the job goes on by itself.
func TestBothDatabasesOverTLS(t *testing.T) {
	t.Parallel()
	long(t)
	s, ours := servers(t), nettest.NewAuthority(t)
	show := func(server *pgtest.Server, valid time.Duration) {
		t.Helper()
		ours.Sign("server", valid, "localhost")
		if err := server.Show(t.Context(), ours.Path("server.pem"), ours.Path("server.key")); err != nil {
			t.Fatal(err)
		}
	}
	for _, server := range []*pgtest.Server{s.Source, s.Target} {
		show(server, time.Hour)
	}
	proves := func(url string) string {
		return strings.Replace(strings.Replace(url, "127.0.0.1", "localhost", 1), "sslmode=disable", "sslmode=verify-full", 1) + "&sslrootcert=" + ours.CA()
	}
	b := newBench(t, s, "tls", func(j *rig.Job) { j.Source.URL, j.Target.URL = proves(j.Source.URL), proves(j.Target.URL) })
	b.source(t, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 100)", marker)
	b.must(t, b.Start())
	b.streaming(t)
	for _, side := range []struct {
		server *pgtest.Server
		url    string
		least  string
	}{{s.Source, b.pair.SourceURL(), "backend_type = 'walsender'"}, {s.Target, b.pair.TargetURL(), "true"}} {
		if got := ask(t, side.url, "SELECT count(*) FILTER (WHERE NOT ssl) || ' ' || (count(*) FILTER (WHERE "+side.least+") > 0) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name LIKE 'floe%'"); got != "0 true" {
			t.Errorf("sessions without TLS, and whether there are any: %s", got)
		}
		show(side.server, -time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		said := ""
		err := rig.Until(ctx, func() (bool, error) {
			r, err := b.Client(ctx, "status", "-o", "json")
			said = r.Stdout
			return strings.Contains(said, "expired"), err
		})
		cancel()
		if err != nil {
			b.explain(t)
			t.Fatalf("nothing says that the certificate ran out: %s: %v", said, err)
		}
		show(side.server, time.Hour)
		b.caughtUp(t, patience)
	}
}
