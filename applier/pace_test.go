package applier

import (
	"strings"
	"testing"
	"time"

	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// What was applied is paid for by time, by whichever bound asks for more; other bounds begin anew.
func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Now()
	rows := make([]*event.Row, 100)
	for i := range rows {
		rows[i] = &event.Row{After: []event.Datum{{Kind: event.Value, Text: make([]byte, 50)}}}
	}
	for _, c := range []struct {
		rows, bytes int
		want        time.Duration
	}{{0, 0, 0}, {50, 0, 2 * time.Second}, {0, 1000, 5 * time.Second}, {50, 1000, 5 * time.Second}, {10, 1000, 10 * time.Second}} {
		var p pace
		p.set(c.rows, c.bytes)
		p.took(now, rows[:60])
		p.took(now, rows[60:])
		if got := p.left(now); got != c.want {
			t.Errorf("%d rows/s, %d bytes/s: wait %s, want %s", c.rows, c.bytes, got, c.want)
		}
		p.set(c.rows, c.bytes)
		if got := p.left(now); got != c.want {
			t.Errorf("the same bounds again: wait %s, want %s", got, c.want)
		}
		p.set(0, 0)
		if got := p.left(now); got != 0 {
			t.Errorf("without bounds: wait %s", got)
		}
	}
}

// Changes are applied no faster than the bound allows, until a command lifts it.
func TestChangesKeepTheirRate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load()
	stop := r.apply(func(c *Config) { c.Rows, c.BatchRows = 2, 1 })
	r.waitPlaced()
	began := time.Now()
	for i := range event.LSN(5) {
		r.txn(10+10*i, "+"+string(rune('1'+i))+" a 1")
	}
	r.wantRows("1 a 1, 2 a 1, 3 a 1, 4 a 1, 5 a 1")
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("5 rows took %s at 2 rows a second", took)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.apply(func(c *Config) { c.Rows, c.BatchRows = 1, 1 })
	for i := range event.LSN(200) {
		r.txn(100+10*i, "=1 b 1")
	}
	if _, err := control.Send(t.Context(), r.kafka, "j", ledger.VerbSet, "throttle.apply_rows=0"); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	r.waitPlaced()
	if took := time.Since(began); took > 100*time.Second {
		t.Errorf("200 rows took %s though the bound of 1 row a second was lifted", took)
	}
}

// So it is by bytes, and as a command says: rows of half a megabyte at a megabyte a second.
func TestChangesKeepTheirBytes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load()
	if _, err := control.Send(t.Context(), r.kafka, "j", ledger.VerbSet, "throttle.apply_mbps=1"); err != nil {
		t.Fatal(err)
	}
	r.apply(func(c *Config) { c.MBps, c.BatchRows = 1000, 1 })
	r.waitPlaced()
	began := time.Now()
	large := strings.Repeat("x", 500_000)
	for i := range event.LSN(5) { // the fifth pays for the fourth
		r.txn(10+10*i, "+"+string(rune('1'+i))+" "+large+" 1")
	}
	r.wait("select count(*)::text from public.t", "5")
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("2 MB took %s at 1 MB a second", took)
	}
}
