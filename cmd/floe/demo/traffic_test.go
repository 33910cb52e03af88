package demo

import (
	"context"
	"testing"
	"time"

	"floe/pkg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The demo watches the books on the target; on the source they must balance whatever the traffic
// does, and every kind of transaction must pass.
func TestTrafficKeepsTheBooksAndIsNeverRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), schema)
	traffic := newTraffic(url)
	traffic.Start(t.Context())
	reached := time.NewTicker(10 * time.Millisecond)
	defer reached.Stop()
	for traffic.done.Load() < 600 {
		select {
		case err := <-traffic.failed:
			t.Fatal(err)
		case <-reached.C:
		}
	}
	traffic.Stop()
	select {
	case err := <-traffic.failed:
		t.Fatal(err)
	default:
	}
	b, err := openBooks(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Look(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := b.conn.Exec(t.Context(), `update shop.accounts set balance = balance + 0.01 where id = 7`); err != nil {
		t.Fatal(err)
	}
	if err := b.Look(context.Background()); err == nil {
		t.Error("a cent too much was not seen")
	}
}
