package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// childMetrics gathers the metrics of the children, so that one address has all of them; a label says
// whose each is.
type childMetrics struct {
	client http.Client
	mu     sync.Mutex
	addr   map[string]string
}

func (m *childMetrics) set(child, addr string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.addr[child] = addr
}

// Gather asks every child. One that does not answer is between two lives; it is left out.
func (m *childMetrics) Gather() ([]*dto.MetricFamily, error) {
	m.mu.Lock()
	addr := maps.Clone(m.addr)
	m.mu.Unlock()
	byName := map[string]*dto.MetricFamily{}
	for _, child := range slices.Sorted(maps.Keys(addr)) {
		families, err := m.scrape(addr[child])
		if err != nil {
			continue
		}
		for name, f := range families {
			for _, x := range f.Metric {
				label(x, "part", child)
			}
			if byName[name] == nil {
				byName[name] = f
				continue
			}
			byName[name].Metric = append(byName[name].Metric, f.Metric...)
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *dto.MetricFamily) int {
		return strings.Compare(a.GetName(), b.GetName())
	}), nil
}

func label(m *dto.Metric, name, value string) {
	m.Label = append(m.Label, &dto.LabelPair{Name: &name, Value: &value})
	slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
}

func (m *childMetrics) scrape(addr string) (map[string]*dto.MetricFamily, error) {
	r, err := m.client.Get("http://" + addr + "/metrics")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics of %s: %s", addr, r.Status)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	return p.TextToMetricFamilies(r.Body)
}
