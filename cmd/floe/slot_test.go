package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"floe/pkg/pgtest"
)

// A slot that the source limits is full when what is left is written, as fast as it was just now; without a limit it never
// is, and one that does not grow is not said to be.
func TestASlotSaysWhenItIsFull(t *testing.T) {
	t.Parallel()
	const mb = 1_000_000
	limit := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		was, is int64
		left    *int64
		want    string
	}{
		"it grows":        {10 * mb, 30 * mb, limit(600 * mb), "1m0s"},
		"no limit":        {10 * mb, 30 * mb, nil, "never"},
		"it rests":        {10 * mb, 10 * mb, limit(600 * mb), "does not grow"},
		"it shrinks":      {10 * mb, 2 * mb, limit(600 * mb), "does not grow"},
		"it is full":      {10 * mb, 10 * mb, limit(-1), "0s"},
		"not in our time": {10 * mb, 10*mb + 1, limit(1 << 62), "8760h0m0s"},
	} {
		s := Slot{Retained: c.is, Left: c.left}
		s.Full = s.fullIn(Slot{Retained: c.was, Left: c.left}, 2*time.Second)
		if got := s.fullText(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A source that writes on fills its slot while the command looks.
func TestASlotOfASourceThatWritesFills(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{Settings: map[string]string{"max_slot_wal_keep_size": "1GB"}})
	source := pgtest.NewDB(t, s, "select pg_create_logical_replication_slot('floe_orders_0123abcd', 'pgoutput')")
	answer := make(chan [2]string, 1)
	go func() {
		code, out, errOut := floe(t, "slot", "--job", "orders", "--source", source, "-o", "json")
		answer <- [2]string{out, errOut + string(rune('0'+code))}
	}()
	for {
		select {
		case said := <-answer:
			var slots []Slot
			if err := json.Unmarshal([]byte(said[0]), &slots); err != nil || len(slots) != 1 || slots[0].Left == nil || slots[0].Full == nil || *slots[0].Full <= 0 {
				t.Errorf("%v: %s %s", err, said[0], said[1])
			}
			if _, out, _ := floe(t, "slot", "--job", "orders", "--source", source); !strings.Contains(out, "FULL IN") {
				t.Error(out)
			}
			return
		default:
			query(t, source, "select pg_logical_emit_message(false, 'x', repeat('x', 1000000))")
		}
	}
}
