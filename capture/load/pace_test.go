package load

import (
	"testing"
	"time"

	"floe/capture/route"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// The next chunk is as large as what was just read says that one hold can take.
func TestChunksFollowTheHold(t *testing.T) {
	t.Parallel()
	const hold = 100 * time.Millisecond
	for name, c := range map[string]struct {
		limit, read, bytes int
		took               time.Duration
		want               int
	}{
		"twice as long: half of it":        {limit: 1000, read: 1000, took: 200 * time.Millisecond, want: 500},
		"half as long: twice of it":        {limit: 1000, read: 1000, took: 50 * time.Millisecond, want: 2000},
		"at once: no more than four times": {limit: 1000, read: 1000, took: time.Microsecond, want: 4000},
		"cut short: by what was read":      {limit: 1000, read: 160, took: 200 * time.Millisecond, want: 100},
		"a slow source: not below a round": {limit: 200, read: 200, took: time.Minute, want: smallest},
		"wide rows: by their bytes":        {limit: 1000, read: 1000, bytes: 24 << 20, took: 10 * time.Millisecond, want: 500},
		"huge rows: one by one":            {limit: 16, read: 1, bytes: 100 << 20, took: time.Second, want: 1},
		"nothing read: more":               {limit: 1000, took: time.Millisecond, want: 2000},
	} {
		l := &Loader{Config: Config{Hold: hold, ChunkBytes: 24 << 20}, limit: map[uint32]int{}, Update: func(f func(States)) { f(nil) }}
		p := &part{loader: l, limit: c.limit, t: &version{Table: Table{Table: &route.Table{Shape: &event.Table{OID: 7}}}}}
		l.adapt(p, &rows{read: c.read, bytes: c.bytes}, c.took)
		if got := l.limit[7]; got != c.want {
			t.Errorf("%s: %d rows, want %d", name, got, c.want)
		}
	}
}

// The bound that asks for more decides, and each alone does.
func TestALoadIsPacedByRowsAndBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows, bytes int
		want        time.Duration
	}{{0, 0, 0}, {500, 0, 2 * time.Second}, {0, 1_000_000, 3 * time.Second}, {500, 1_000_000, 3 * time.Second}, {100, 1_000_000, 10 * time.Second}} {
		l := &Loader{Config: Config{Rate: func() int { return c.rows }, ByteRate: func() int { return c.bytes }}}
		if got := l.takes(1000, 3_000_000); got != c.want {
			t.Errorf("1000 rows of 3 MB at %d rows/s and %d bytes/s take %s, want %s", c.rows, c.bytes, got, c.want)
		}
	}
}

// A load that may read 2,000 rows a second, or what these take in bytes, takes at least its time, in chunks of a tenth
// of a second; half as much a second takes twice as long.
func TestALoadKeepsItsRate(t *testing.T) {
	t.Parallel()
	for name, bound := range map[string]func(*Loader, int){
		"rows":  func(l *Loader, rate int) { l.Rate = func() int { return rate } },
		"bytes": func(l *Loader, rate int) { l.ByteRate = func() int { return 100 * rate } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, rate := range []int{2000, 1000} {
				r := newRig(t, `create table t (id int primary key, v text)`, `insert into t select g, repeat('x', 100) from generate_series(1, 2000) g`)
				bound(r.loader, rate)
				var waited time.Duration
				r.loader.Waited = func(d time.Duration) { waited += d }
				r.loads.Begin(r.tables[0].Shape.OID, 1)
				began := time.Now()
				all := r.run()
				if rows, loaded := rowsOf(all, 1); rows[ledger.Insert] != 2000 || !loaded {
					t.Fatalf("loaded %v: %v", loaded, rows)
				}
				for _, e := range all {
					if e.Chunk != nil && name == "rows" && e.Chunk.Rows > uint64(rate/10) {
						t.Errorf("a chunk of %d rows", e.Chunk.Rows)
					}
				}
				if took, least := time.Since(began), time.Second*2000/time.Duration(rate); took < least || waited == 0 {
					t.Errorf("at %d took %s instead of %s, and waited %s of it", rate, took, least, waited)
				}
			}
		})
	}
}
