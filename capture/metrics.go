package capture

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"floe/pkg/status"
)

// metrics are capture's. None has a table as label: a job of thousands of
// tables has as many series as one of ten.
type metrics struct {
	retained, estimate prometheus.Gauge
	source, kafka      prometheus.Gauge // segments of the latency
	hold               prometheus.Histogram
	// limit is what the source keeps of WAL for a slot at most, in bytes; negative is without limit.
	limit atomic.Int64
	// heard is when the source last sent something, in nanoseconds; throttled what the load waited.
	heard, throttled atomic.Int64
	// sourceUs and kafkaUs are what the gauges of latency show.
	sourceUs, kafkaUs atomic.Int64
}

// sent takes how long a change had been committed when the source sent it.
func (m *metrics) sent(us int64) {
	m.sourceUs.Store(max(0, us))
	m.source.Set(float64(max(0, us)) / 1e6)
}

// logged takes how long a change took from there into the log.
func (m *metrics) logged(us int64) {
	m.kafkaUs.Store(max(0, us))
	m.kafka.Set(float64(max(0, us)) / 1e6)
}

func newMetrics(job string) *metrics {
	labels := prometheus.Labels{"job": job}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	}
	latency := func(segment string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: status.LatencyName, Help: status.LatencyHelp, ConstLabels: prometheus.Labels{"job": job, "segment": segment}})
	}
	m := &metrics{retained: gauge("floe_slot_retained_bytes", "WAL that the source keeps for the job."),
		estimate: gauge("floe_load_rows_estimate", "Rows of the tables whose load is open, by the source's statistics."),
		source:   latency("source"), kafka: latency("kafka"),
		hold: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "floe_load_hold_seconds", Help: "How long the stream stood still for chunks of the load.", ConstLabels: labels,
			Buckets: []float64{.005, .02, .05, .1, .2, .5, 1, 2, 5, 10}})}
	m.limit.Store(-1)
	return m
}

func (m *metrics) register(reg prometheus.Registerer, job string, r *reporter) {
	labels := prometheus.Labels{"job": job}
	reg.MustRegister(m.retained, m.estimate, m.source, m.kafka, m.hold, &limitGauge{m, prometheus.NewDesc("floe_slot_limit_bytes", "WAL that the source keeps for a slot at most; absent without a limit.", nil, labels)},
		status.NewGauges("floe_service_state", "1 for the state that the service is in.", "state", prometheus.Labels{"job": job, "service": "capture"}, status.States, r.state),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "floe_heartbeat_age_seconds", Help: "Time since the source was last heard.", ConstLabels: labels}, m.age))
	m.counters(reg, labels, r)
}

func (m *metrics) counters(reg prometheus.Registerer, labels prometheus.Labels, r *reporter) {
	counter := func(name, help string, from func() float64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, from))
	}
	of := func(n *atomic.Uint64) func() float64 { return func() float64 { return float64(n.Load()) } }
	counter("floe_capture_transactions_total", "Source transactions placed in the log.", of(&r.transactions))
	counter("floe_capture_rows_total", "Changes of rows placed in the log.", of(&r.changes))
	counter("floe_capture_bytes_total", "Bytes of these changes, keys and values.", of(&r.bytes))
	counter("floe_throttle_wait_seconds_total", "Time that the load waited for its rate, or rested because a limit of hold_load_when was passed.", func() float64 { return time.Duration(m.throttled.Load()).Seconds() })
}

// age is how long ago the source was heard; 0 before the first time.
func (m *metrics) age() float64 {
	at := m.heard.Load()
	if at == 0 {
		return 0
	}
	return time.Since(time.Unix(0, at)).Seconds()
}

// limitGauge is there only while there is a limit: a ratio to "none" means nothing.
type limitGauge struct {
	m    *metrics
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (g *limitGauge) Describe(to chan<- *prometheus.Desc) { to <- g.desc }

// Collect implements prometheus.Collector.
func (g *limitGauge) Collect(to chan<- prometheus.Metric) {
	if n := g.m.limit.Load(); n >= 0 {
		to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, float64(n))
	}
}

// state is the state that capture last reported, and sums up the estimates of open loads on the way.
func (r *reporter) state() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var rows uint64
	for i := range r.last.Tables {
		if t := &r.last.Tables[i]; t.State != "in sync" {
			rows += t.Estimate
		}
	}
	r.metrics.estimate.Set(float64(rows))
	return r.last.State
}
