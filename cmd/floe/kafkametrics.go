package main

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"
)

// kafkaMetrics are what a service's clients of Kafka do, added up: by broker, never by topic, for a job of
// thousands of tables has as many topics.
func kafkaMetrics(reg prometheus.Registerer, job string) kgo.Opt {
	return kgo.WithHooks(&clients{Metrics: kprom.NewMetrics("floe", kprom.Subsystem("kafka"), kprom.Registerer(counters{reg}), kprom.WithStaticLabel(prometheus.Labels{"job": job}),
		kprom.FetchAndProduceDetail(kprom.ByNode, kprom.UncompressedBytes, kprom.CompressedBytes, kprom.Records, kprom.Batches))})
}

// clients has all of them count in one place, from the first one on for as long as the process lives.
type clients struct {
	*kprom.Metrics
	once sync.Once
}

// OnNewClient implements kgo.HookNewClient.
func (c *clients) OnNewClient(client *kgo.Client) {
	c.once.Do(func() { c.Metrics.OnNewClient(client) })
}

// OnClientClosed implements kgo.HookClientClosed.
func (c *clients) OnClientClosed(*kgo.Client) {}

// counters leaves out what is looked at in one client, its buffers: of several that says nothing.
type counters struct{ prometheus.Registerer }

// MustRegister implements prometheus.Registerer.
func (r counters) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if _, one := c.(prometheus.Metric); !one {
			r.Registerer.MustRegister(c)
		}
	}
}
