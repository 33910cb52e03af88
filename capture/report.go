package capture

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/load"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/registry"
	"floe/pkg/status"
	"floe/pkg/trouble"
	"floe/schemas"
)

// reporter writes capture's status to the log. It has a client of its own: what goes wrong with the
// job's is to be reported too.
type reporter struct {
	standby  atomic.Bool
	config   Config
	client   *kgo.Client
	instance string
	metrics  *metrics
	pulse    pulse
	room     slotRoom

	mu        sync.Mutex
	last      status.Report // with all tables
	pace      status.Pace
	told      time.Time // when a report bore the prechecks
	heard     int64     // where floe.control goes on behind what was heard
	rows      map[uint32]*counts
	estimates map[uint32]uint64 // rows of tables when their load was first seen open

	transactions, changes, bytes atomic.Uint64
}

// counts are a table's captured changes.
type counts struct{ insert, update, delete, truncate uint64 }

func newReporter(c Config) (*reporter, error) {
	client, err := kgo.NewClient(c.Kafka...)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	r := &reporter{config: c, client: client, rows: map[uint32]*counts{}, estimates: map[uint32]uint64{},
		instance: host + ":" + strconv.Itoa(os.Getpid())}
	r.standby.Store(c.Standby)
	r.last = status.Report{Role: "capture", Instance: r.instance, Host: host, PID: int64(os.Getpid()), Job: c.Job, Place: c.Place, State: "INIT_STRUCTURE", LatencyUs: -1}
	r.metrics = newMetrics(c.Job)
	if c.Metrics != nil { // last: whoever gathers asks r
		r.metrics.register(c.Metrics, c.Job, r)
	}
	return r, nil
}

func (r *reporter) close() { r.client.Close() }

func (r *reporter) transaction(int64) { r.transactions.Add(1) }

// row counts a change and the bytes of its record; only the stream's goroutine calls it.
func (r *reporter) row(table uint32, op event.Op, bytes int) {
	r.changes.Add(1)
	r.bytes.Add(uint64(bytes))
	c := r.rows[table]
	if c == nil {
		c = &counts{}
		r.mu.Lock()
		r.rows[table] = c
		r.mu.Unlock()
	}
	switch op {
	case event.Create:
		atomic.AddUint64(&c.insert, 1)
	case event.Update:
		atomic.AddUint64(&c.update, 1)
	case event.Delete:
		atomic.AddUint64(&c.delete, 1)
	case event.Truncate:
		atomic.AddUint64(&c.truncate, 1)
	}
}

// silent keeps what a standby says of itself to its log: under the one key of the job's capture it would
// stand in for the active one.
func (r *reporter) silent(yes bool) { r.standby.Store(yes) }

// placed is how far the log had come when that was last reported.
func (r *reporter) placed() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return uint64(r.last.PlacedLSN)
}

// waiting and trouble report what keeps capture from streaming.
func (r *reporter) waiting(why string) {
	r.send(func(s *status.Report) { s.State, s.Detail = "WAITING", why })
}

func (r *reporter) trouble(err error) {
	r.send(func(s *status.Report) {
		t := trouble.Of(trouble.Source, err)
		if away := (*registry.UnreachableError)(nil); errors.As(err, &away) && t.State == "RETRYING" {
			t.Reason, t.Fix = "registry-unreachable", ""
		}
		s.State, s.Reason, s.Detail, s.Fix = t.State, t.Reason, t.Detail, t.Fix
		s.Obeyed = max(s.Obeyed, r.heard)
	})
}

// rests reports that the job is to rest; keeps says what that costs the source.
func (r *reporter) rests(w control.Wanted, keeps string) {
	r.send(func(s *status.Report) {
		s.State, s.Detail, s.Fix, s.Obeyed, s.Checks = string(w.Run), w.Who()+keeps, w.Ends(), w.Next, nil
	})
}

// ready reports that the job waits for its first start, or then for the other side, and what was checked.
func (r *reporter) ready(w control.Wanted, lacks string) {
	r.send(func(s *status.Report) {
		s.State, s.Detail, s.Fix, s.Obeyed, s.Checks = string(w.Run), w.Lacking(r.config.Checked, lacks), w.Ends(), w.Next, r.config.Checks
	})
}

// ends reports that the job is deleted, and waits until the log has it; nothing is reported behind that.
func (r *reporter) ends(ctx context.Context, w control.Wanted, removed []string) error {
	r.standby.Store(true)
	r.mu.Lock()
	out := r.last
	r.mu.Unlock()
	out.State, out.Reason, out.Detail, out.Fix, out.Obeyed = string(control.Finished), "", status.Removed(removed), "", w.Next
	out.At, out.Tables, out.Checks, out.LatencyUs = time.Now().UnixMicro(), nil, nil, -1
	value, err := schemas.EncodeStatus(&out)
	if err != nil {
		return err
	}
	return r.client.ProduceSync(ctx, &kgo.Record{Topic: broker.Status(r.config.Prefix), Key: []byte("capture"), Value: value}).FirstErr()
}

// hears notes up to where commands were heard. That they were taken up is said once what comes of them is
// known: when the stream did, or cannot.
func (r *reporter) hears(next int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = next
}

// obeyed notes up to where commands were taken up.
func (r *reporter) obeyed(next int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Obeyed = next
}

// send changes the report and writes it.
func (r *reporter) send(change func(*status.Report)) {
	r.mu.Lock()
	r.last.Reason, r.last.Detail, r.last.Fix = "", "", ""
	change(&r.last)
	r.mu.Unlock()
	r.write()
}

// rest repeats the report until wait is over, for one that is not heard again is taken for a process that
// is gone. It returns false if ctx ended.
func (r *reporter) rest(ctx context.Context, wait time.Duration) bool {
	over := time.After(wait)
	tick := time.NewTicker(status.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.write()
		case <-over:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// deafFrom is how long a source may be silent, and its stream away from where it was: it is asked every second.
const deafFrom = 3 * time.Second

// write sends the report if it is due (status.Pace). One that cannot be sent is out of date by the next.
func (r *reporter) write() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, out := time.Now(), r.last
	if t := trouble.AtDoor(trouble.Source, r.config.Door.Shut(), out.State); t != nil { // who reaches the log still is told
		out.State, out.Reason, out.Detail, out.Fix = t.State, t.Reason, t.Detail, t.Fix
	}
	standby := r.standby.Load()
	if r.config.Health.Take(&out, standby); standby {
		return
	}
	out.LatencyUs = 0
	deaf := time.Duration(r.metrics.age() * float64(time.Second))
	if late := max(deaf, r.pulse.behind(now)); late > deafFrom {
		out.LatencyUs = late.Microseconds()
	}
	out.At, out.Tables, out.Checks = 0, nil, nil
	head, err := schemas.EncodeStatus(&out)
	if err != nil {
		r.config.Log.Error("status is not written", "err", err)
		return
	}
	var due bool
	if out.Tables, due = r.pace.Due(now, head, r.last.Tables); !due {
		return
	}
	out.At, out.SourceClock = now.UnixMicro(), r.pulse.clock(now)
	if r.last.Checks != nil && now.Sub(r.told) >= status.FactsEvery {
		out.Checks, r.told = r.last.Checks, now
	}
	value, err := schemas.EncodeStatus(&out)
	if err != nil {
		r.config.Log.Error("status is not written", "err", err)
		return
	}
	rec := &kgo.Record{Topic: broker.Status(r.config.Prefix), Key: []byte("capture"), Value: value}
	r.client.TryProduce(context.Background(), rec, nil)
}

// reporting sends the session's state on a timer.
func (s *session) reporting(ctx context.Context) error {
	var observing sync.WaitGroup
	observing.Go(func() { s.observe(ctx) })
	defer observing.Wait()
	tick := time.NewTicker(status.Every)
	defer tick.Stop()
	for {
		s.report.send(s.fill)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// lesser says what is not as it could be while all goes on.
func (s *session) lesser() string {
	var out []string
	if !s.told.Load() && !s.DDLOff {
		out = append(out, "S-EVENT-TRIGGER: the source's event triggers do not tell of its commands; changes of structure are found by comparing catalogs, after the fact: "+
			"a table that changes shape between its rows is loaded again, and what is made and gone again between two looks is not seen")
	}
	if why := s.report.remarks(); why != "" {
		out = append(out, why)
	}
	return strings.Join(out, "; ")
}

func (s *session) fill(r *status.Report) {
	r.State, r.Epoch, r.Detail = "SYNCING", s.epoch, s.lesser()
	s.report.pulse.passed(s.gate.At())
	r.SlotLimit = max(0, s.report.metrics.limit.Load())
	r.Hops = status.Hops{SourceUs: s.report.metrics.sourceUs.Load(), KafkaUs: s.report.metrics.kafkaUs.Load()}
	r.SourceLSN, r.PlacedLSN, r.FlushedLSN = s.wal.Received(), s.gate.At(), s.wal.Flushed()
	r.Transactions, r.Rows = s.report.transactions.Load(), s.report.changes.Load()
	r.Bytes = s.report.bytes.Load()
	r.Tables = r.Tables[:0]
	defer func() {
		if why := s.trimmer.Full(); why != "" {
			r.State, r.Reason, r.Detail = "WAITING", "log-full", why
			r.Fix = "see to it that every applier of the job runs, or start the broker with a larger --log-cap"
		}
	}()
	rests := s.pressed.rests()
	s.update(func(st load.States) {
		for _, def := range s.db.Tables() {
			if t, l := s.tables[def.OID], st[def.OID]; t != nil && l != nil {
				r.Tables = append(r.Tables, s.tableReport(def.OID, l))
				if !l.Loaded {
					r.State = "INIT_DATA"
					if rests != "" {
						r.Detail = rests
					}
				}
			}
		}
		for _, def := range s.awaited() {
			r.Tables, r.State = append(r.Tables, status.Table{Schema: def.Name.Schema, Name: def.Name.Name, State: "waiting"}), "INIT_DATA"
		}
	})
}

// awaited are tables that were selected when the session began and that join once the stream has come to the first
// look at the catalog.
func (s *session) awaited() (out []*catalog.TableDef) {
	if s.reconciled != "" || s.DDLOff {
		return nil
	}
	known := map[uint32]bool{}
	for _, def := range s.db.Tables() {
		known[def.OID] = true
	}
	for _, def := range s.today.Tables() {
		if def.PartitionOf == nil && !known[def.OID] {
			out = append(out, def)
		}
	}
	return out
}

// remarks are what an operator should know of a source that all goes well with otherwise.
func (r *reporter) remarks() string {
	lesser, room := r.pulse.lesser(), r.room.warns()
	if lesser != "" && room != "" {
		return room + "; " + lesser
	}
	return room + lesser
}

func (s *session) tableReport(oid uint32, l *load.State) status.Table {
	name := s.tables[oid].Shape.Name
	t := status.Table{Schema: name.Schema, Name: name.Name, State: "waiting", Loaded: l.Rows}
	if n := s.report.estimates[oid]; n > 0 {
		t.Estimate = max(n, l.Rows)
	}
	switch {
	case l.Loaded:
		t.State = "in sync"
	case l.Complete:
		t.State = "settling"
	case l.Rows > 0:
		t.State = "loading"
	}
	if c := s.report.rows[oid]; c != nil {
		t.Inserts, t.Updates = atomic.LoadUint64(&c.insert), atomic.LoadUint64(&c.update)
		t.Deletes, t.Truncates = atomic.LoadUint64(&c.delete), atomic.LoadUint64(&c.truncate)
	}
	return t
}
