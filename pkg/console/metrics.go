package console

import "github.com/prometheus/client_golang/prometheus"

// known are the states that are shown as gauges, 1 for the one that holds.
var known = []string{"CREATED", "STARTING", "INIT_STRUCTURE", "INIT_DATA", "CATCHING_UP", "SYNCING", "WAITING", "RETRYING",
	"PAUSED", "NOT RUNNING", "BLOCKED", "FAILED"}

var stateDesc = prometheus.NewDesc("floe_state", "1 for the state that the job is in.", []string{"job", "state"}, nil)

// states are the job's state as metrics, taken when they are asked for.
type states struct{ s *server }

func (c *states) Describe(to chan<- *prometheus.Desc) { to <- stateDesc }

func (c *states) Collect(to chan<- prometheus.Metric) {
	sum, _ := c.s.now()
	for _, state := range known {
		v := 0.0
		if state == sum.State {
			v = 1
		}
		to <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, v, sum.Job, state)
	}
}
