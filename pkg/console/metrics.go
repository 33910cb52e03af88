package console

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"floe/pkg/precheck"
	"floe/pkg/status"
)

func (s *server) metrics() http.Handler {
	gather := prometheus.Gatherers{s.registered()}
	if s.Gather != nil {
		gather = append(gather, s.Gather)
	}
	return promhttp.HandlerFor(gather, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)})
}

// registered are the metrics of the job as a whole.
func (s *server) registered() *prometheus.Registry {
	reg, job := prometheus.NewRegistry(), prometheus.Labels{"job": s.Job}
	reg.MustRegister(newFigures(s),
		status.NewGauges("floe_state", "1 for the state that the job is in.", "state", job, status.States, func() string { return s.watch.now().sum.State }),
		status.NewGauges("floe_stage", "1 for the stage that the job has come to.", "stage", job, stageLabels(), s.stageLabel))
	return reg
}

// stageLabels are the stages as values of a label.
func stageLabels() []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ReplaceAll(n, " ", "_")
	}
	return out
}

// stageLabel is the stage that the job is in or stands in, empty before any.
func (s *server) stageLabel() string {
	m := s.watch.now()
	for i, x := range stages(m.sum.State, progress(m.sum.Tables)) {
		if x.Is == "now" || x.Is == "halted" {
			return stageLabels()[i]
		}
	}
	return ""
}

// figures are what only who reads the whole log knows, and what this console itself did. They are looked at
// when they are asked for, and absent while nobody knows them: a latency that is unknown is not 0.
type figures struct {
	s                          *server
	latency, checked, compared *prometheus.Desc
}

func newFigures(s *server) *figures {
	job := prometheus.Labels{"job": s.Job}
	return &figures{s, prometheus.NewDesc(status.LatencyName, status.LatencyHelp, nil, prometheus.Labels{"job": s.Job, "segment": "end_to_end"}),
		prometheus.NewDesc("floe_precheck_items", "Findings of the last prechecks, by how grave they are; absent where none are known.", []string{"severity"}, job),
		prometheus.NewDesc("floe_verify_rows_total", "Rows that comparisons by this console looked at, by what they were; of a table where many differ, those that are named.", []string{"result"}, job)}
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	to <- f.latency
	to <- f.checked
	to <- f.compared
}

// severities are those of prechecks.
var severities = []precheck.Severity{precheck.OK, precheck.Notice, precheck.Warn, precheck.Fail, precheck.Ignored, precheck.Skipped}

// Collect implements prometheus.Collector.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	m := f.s.watch.now()
	if l := m.sum.LatencySeconds; l != nil {
		to <- prometheus.MustNewConstMetric(f.latency, prometheus.GaugeValue, max(0, *l))
	}
	if c := f.s.checksOf(f.s.Prefix, m).now(); c.At != nil {
		n := map[string]int{}
		for _, x := range c.Checks {
			n[x.Severity]++
		}
		for _, x := range severities {
			to <- prometheus.MustNewConstMetric(f.checked, prometheus.GaugeValue, float64(n[string(x)]), string(x))
		}
	}
	for is, n := range f.s.compared.counted() {
		to <- prometheus.MustNewConstMetric(f.compared, prometheus.CounterValue, n, is)
	}
}
