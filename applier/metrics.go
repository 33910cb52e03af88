package applier

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"floe/applier/assemble"
	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

// metrics are the applier's. None has a table as label: a job of
// thousands of tables has as many series as one of ten. How far the target is behind from end to end is the
// console's to say (package overview): only who hears capture too knows the source's clock.
type metrics struct {
	applied               *prometheus.CounterVec
	ddl                   *prometheus.CounterVec
	load, exact, drift    prometheus.Counter
	skipped, transactions prometheus.Counter
	seconds, size         prometheus.Histogram
	rows                  map[event.Op]int
}

// newMetrics registers them; now and working ask the applier how it is, and how long its target takes.
func newMetrics(reg prometheus.Registerer, job string, now func() (state string, blocked int), working func() time.Duration) *metrics {
	labels := prometheus.Labels{"job": job}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels})
	}
	m := &metrics{rows: map[event.Op]int{},
		applied:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "floe_apply_rows_total", Help: "Changes of rows, by what became of them on the target.", ConstLabels: labels}, []string{"op", "result"}),
		ddl:          prometheus.NewCounterVec(prometheus.CounterOpts{Name: "floe_ddl_total", Help: "Changes of structure, by the kind of object and what became of them.", ConstLabels: labels}, []string{"kind", "result"}),
		load:         counter("floe_load_rows_total", "Rows of the load made true on the target."),
		exact:        counter("floe_exact_path_total", "Batches applied row by row because the target refused them as a set."),
		drift:        counter("floe_drift_rows_total", "Rows that should have been on the target and were not."),
		skipped:      counter("floe_skipped_rows_total", "Changes of the source left out: a row that only the target has is in their way (on_existing: proceed), or floe errors skip said so."),
		transactions: counter("floe_apply_transactions_total", "Source transactions made true on the target."),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "floe_apply_batch_seconds", Help: "How long a target transaction took.", ConstLabels: labels,
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 60}}),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "floe_apply_batch_rows", Help: "Changes in a target transaction.", ConstLabels: labels,
			Buckets: []float64{1, 10, 100, 500, 1000, 5000, 20000, 100000}}),
	}
	if reg != nil {
		reg.MustRegister(m.applied, m.ddl, m.load, m.exact, m.drift, m.skipped, m.transactions, m.seconds, m.size,
			status.NewGauges("floe_service_state", "1 for the state that the service is in.", "state", prometheus.Labels{"job": job, "service": "applier"}, status.States,
				func() string { s, _ := now(); return s }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: status.LatencyName, Help: status.LatencyHelp, ConstLabels: prometheus.Labels{"job": job, "segment": "target"}},
				func() float64 { return working().Seconds() }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "floe_blocked_tables", Help: "Tables that do not go on until somebody acts.", ConstLabels: labels},
				func() float64 { _, n := now(); return float64(n) }))
	}
	return m
}

// count adds what rows collected; a batch is one addition for each kind of change.
func (m *metrics) count(rows int, transactions uint64) {
	for op, n := range m.rows {
		m.applied.WithLabelValues(op.String(), "applied").Add(float64(n))
	}
	clear(m.rows)
	m.size.Observe(float64(rows))
	m.transactions.Add(float64(transactions))
}

// kinds are those of the changed objects, each once; schemas of rows are floe's own.
func kinds(changes []assemble.Change) (out []string) {
	for _, c := range changes {
		for _, o := range c.Objects {
			if o.Kind != ledger.KindAvro && o.Kind != ledger.KindAvroKey && !slices.Contains(out, o.Kind) {
				out = append(out, o.Kind)
			}
		}
	}
	return out
}
