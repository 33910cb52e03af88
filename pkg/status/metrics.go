package status

import "github.com/prometheus/client_golang/prometheus"

// States are the states that metrics show, a 0/1 gauge each. A state that is not among them is one more.
var States = []string{"CREATED", "PRECHECKING", "PRECHECK_FAILED", "READY", "STARTING", "INIT_STRUCTURE", "INIT_DATA", "CATCHING_UP",
	"SYNCING", "WAITING", "RETRYING", "PAUSED", "NOT RUNNING", "BLOCKED", "FAILED", "STOPPED", "FINISHED"}

// Gauges is a state as metrics: 1 for the one that holds, taken when it is asked for.
type Gauges struct {
	desc *prometheus.Desc
	now  func() string
	all  []string
}

// NewGauges returns the gauges of a name whose states are all; now says which one holds.
func NewGauges(name, help, label string, constant prometheus.Labels, all []string, now func() string) *Gauges {
	return &Gauges{prometheus.NewDesc(name, help, []string{label}, constant), now, all}
}

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(to chan<- *prometheus.Desc) { to <- g.desc }

// Collect implements prometheus.Collector.
func (g *Gauges) Collect(to chan<- prometheus.Metric) {
	now, met := g.now(), false
	for _, s := range g.all {
		v := 0.0
		if s == now {
			v, met = 1, true
		}
		to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, v, s)
	}
	if !met && now != "" {
		to <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, 1, now)
	}
}

// LatencyName is shown by both services, each for its segments.
const (
	LatencyName = "floe_latency_seconds"
	LatencyHelp = "How long changes take: to be sent by the source, through Kafka, onto the target, and end to end."
)
