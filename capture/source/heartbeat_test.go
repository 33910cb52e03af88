package source

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

var heartbeat = ident.Name{Schema: "public", Name: "dts_postgres_heartbeat"}

// heartbeats counts the rows, -1 for no table.
func heartbeats(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	err := conn.QueryRow(t.Context(), "SELECT count(*) FROM public.dts_postgres_heartbeat WHERE update_time > now() - interval '1 minute'").Scan(&n)
	if pg.Code(err) == "42P01" {
		return -1
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A heartbeat makes its table and writes one row for each slot; the last job's end takes the table with it,
// and what DTS itself has there stays.
func TestHeartbeatsComeAndGo(t *testing.T) {
	t.Parallel()
	conn, err := pg.Connect(t.Context(), pg.Config{URL: pgtest.NewDB(t, pgtest.Shared(t))}, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for range 2 {
		for _, slot := range []string{"floe_a_00000001", "floe_b_00000001"} {
			b, err := Heartbeat{heartbeat, slot}.Beat(t.Context(), conn, 7, 5, time.Now())
			if err != nil || b.Refused != "" || b.End == 0 || b.Clock.IsZero() {
				t.Fatalf("%+v (%v)", b, err)
			}
		}
	}
	if n := heartbeats(t, conn); n != 2 {
		t.Fatalf("%d rows, want 2", n)
	}
	for job, want := range map[string]bool{"a": true, "floe_a": false, "c": false} {
		if has, err := HasHeartbeat(t.Context(), conn, heartbeat, job); has != want || err != nil {
			t.Errorf("job %s has a heartbeat: %t (%v)", job, has, err)
		}
	}
	for i, job := range []string{"a", "b"} {
		if err := DropHeartbeat(t.Context(), conn, heartbeat, job); err != nil {
			t.Fatal(err)
		}
		if n, want := heartbeats(t, conn), []int{1, -1}[i]; n != want {
			t.Errorf("without job %s there are %d rows, want %d", job, n, want)
		}
	}
	if has, err := HasHeartbeat(t.Context(), conn, heartbeat, "a"); has || err != nil {
		t.Errorf("a table that is gone has a heartbeat: %t (%v)", has, err)
	}
}

// Who may not write reads the clock, and says why it is only that.
func TestAHeartbeatThatIsRefusedStillTellsTheClock(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), "DROP ROLE IF EXISTS beats_not", "CREATE ROLE beats_not LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "SET ROLE beats_not"); err != nil {
		t.Fatal(err)
	}
	b, err := Heartbeat{heartbeat, "floe_a_00000001"}.Beat(t.Context(), conn, 7, 5, time.Now())
	if err != nil || b.Refused == "" || b.End == 0 || time.Since(b.Clock).Abs() > time.Minute {
		t.Errorf("%+v (%v)", b, err)
	}
	if b, err := (Heartbeat{}).Beat(t.Context(), conn, 7, 5, time.Now()); err != nil || b.Refused != "" || b.End == 0 {
		t.Errorf("none is to be written: %+v (%v)", b, err)
	}
}
