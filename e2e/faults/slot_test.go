package faults

import (
	"context"
	"testing"

	"floe/e2e/rig"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Somebody else reads the job's slot: floe says so and waits; when the slot is free it goes on and
// nothing is lost.
func TestWaitsForASlotInUse(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "slot_in_use", nil)
	b.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 500) g", marker)
	b.must(t, b.Start())
	b.streaming(t)
	b.must(t, b.Stop(t.Context()))
	b.source(t, "UPDATE t SET v = 'while down'")
	release := b.holdSlot(t)

	b.must(t, b.Start())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var seen rig.Status
	err := rig.Until(ctx, func() (bool, error) {
		s, err := b.Status(ctx)
		if err == nil {
			seen = s
		}
		return err == nil && s.State == "WAITING", b.Ended()
	})
	if err != nil {
		t.Fatalf("floe does not say that it waits: %v; it says %+v", err, seen)
	}
	b.source(t, "DELETE FROM t WHERE id > 400")
	release()
	b.caughtUp(t, patience)
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*), min(v), max(v) FROM public.t"); got != "400|while down|while down" {
		t.Errorf("the target has %s", got)
	}
}

// holdSlot reads the slot as another walsender until the returned function is called.
func (b *bench) holdSlot(t *testing.T) (release func()) {
	t.Helper()
	config, err := pgconn.ParseConfig(b.pair.SourceURL())
	b.must(t, err)
	config.RuntimeParams["replication"] = "database"
	c, err := pgconn.ConnectConfig(t.Context(), config)
	b.must(t, err)
	release = func() { _ = c.Close(context.WithoutCancel(t.Context())) }
	t.Cleanup(release)
	publication := ask(t, b.pair.SourceURL(), "SELECT pubname FROM pg_publication")
	c.Frontend().SendQuery(&pgproto3.Query{String: "START_REPLICATION SLOT " + slotName(t, b) +
		" LOGICAL 0/0 (proto_version '1', publication_names '" + publication + "')"})
	b.must(t, c.Frontend().Flush())
	m, err := c.ReceiveMessage(t.Context())
	b.must(t, err)
	if _, ok := m.(*pgproto3.CopyBothResponse); !ok {
		t.Fatalf("the slot is not given out: %T", m)
	}
	return release
}
