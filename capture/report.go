package capture

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/load"
	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/status"
	"floe/schemas"
)

// reportEvery is how often capture says how far it is.
const reportEvery = 250 * time.Millisecond

// reporter writes capture's status to the log. It has a client of its own: what goes wrong with the
// job's is to be reported too.
type reporter struct {
	config   Config
	client   *kgo.Client
	instance string
	metrics  *metrics

	mu   sync.Mutex
	last status.Report
	rows map[uint32]*counts

	transactions, changes atomic.Uint64
}

// counts are a table's captured changes.
type counts struct{ insert, update, delete, truncate uint64 }

func newReporter(c Config) (*reporter, error) {
	client, err := kgo.NewClient(c.Kafka...)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	r := &reporter{config: c, client: client, rows: map[uint32]*counts{}, metrics: newMetrics(c.Metrics, c.Job),
		instance: host + ":" + strconv.Itoa(os.Getpid())}
	r.last = status.Report{Role: "capture", Instance: r.instance, Host: host, PID: int64(os.Getpid()), Job: c.Job, State: "INIT_STRUCTURE", LatencyUs: -1}
	return r, nil
}

func (r *reporter) close() { r.client.Close() }

func (r *reporter) transaction(int64) {
	r.transactions.Add(1)
	r.metrics.transactions.Inc()
}

// row counts a change; only the stream's goroutine calls it.
func (r *reporter) row(table uint32, op event.Op) {
	r.changes.Add(1)
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

// waiting and trouble report what keeps capture from streaming.
func (r *reporter) waiting(why string) {
	r.send(func(s *status.Report) { s.State, s.Detail = "WAITING", why })
}

func (r *reporter) trouble(err error) {
	r.send(func(s *status.Report) {
		s.State, s.Reason, s.Detail, s.Fix = "RETRYING", "source-unreachable", err.Error(), ""
		if h := halt.As(err); h != nil {
			s.State, s.Reason, s.Detail, s.Fix = "FAILED", string(h.Code), h.Detail, h.Fix
		}
	})
}

func (r *reporter) send(change func(*status.Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Reason, r.last.Detail, r.last.Fix = "", "", ""
	change(&r.last)
	r.last.At = time.Now().UnixMicro()
	value, err := schemas.EncodeStatus(&r.last)
	if err != nil {
		r.config.Log.Error("status is not written", "err", err)
		return
	}
	rec := &kgo.Record{Topic: broker.Status(r.config.Prefix), Key: []byte("capture"), Value: value}
	r.client.TryProduce(context.Background(), rec, nil) // a status that cannot be sent is out of date by the next
}

// reporting sends the session's state on a timer.
func (s *session) reporting(ctx context.Context) error {
	tick := time.NewTicker(reportEvery)
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

func (s *session) fill(r *status.Report) {
	r.State, r.Epoch = "SYNCING", s.epoch
	r.SourceLSN, r.PlacedLSN, r.FlushedLSN = s.wal.Received(), s.gate.At(), event.LSN(s.flushed.Load())
	r.Transactions, r.Rows = s.report.transactions.Load(), s.report.changes.Load()
	r.Tables = r.Tables[:0]
	s.update(func(st load.States) {
		for _, def := range s.db.Tables() {
			if t, l := s.tables[def.OID], st[def.OID]; t != nil && l != nil {
				r.Tables = append(r.Tables, s.tableReport(def.OID, l))
				if !l.Loaded {
					r.State = "INIT_DATA"
				}
			}
		}
	})
}

func (s *session) tableReport(oid uint32, l *load.State) status.Table {
	name := s.tables[oid].Shape.Name
	t := status.Table{Schema: name.Schema, Name: name.Name, State: "waiting", Loaded: l.Rows}
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

// metrics are capture's counters (docs: ux §5 names).
type metrics struct{ transactions prometheus.Counter }

func newMetrics(reg prometheus.Registerer, job string) *metrics {
	m := &metrics{transactions: prometheus.NewCounter(prometheus.CounterOpts{Name: "floe_capture_transactions_total",
		Help: "Source transactions placed in the log.", ConstLabels: prometheus.Labels{"job": job}})}
	if reg != nil {
		reg.MustRegister(m.transactions)
	}
	return m
}
