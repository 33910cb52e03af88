package applier

import (
	"log/slog"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/overview"
	"floe/pkg/overview/doortest"
	"floe/pkg/status"
)

// Who still reaches the log says there that the brokers refuse its new connections, until they do not.
func TestARefusalIsReportedByWhatIsConnected(t *testing.T) {
	t.Parallel()
	doortest.Reported(t, func(kafka []kgo.Opt, door *broker.Door) (doortest.Reporter, error) {
		r, err := newReporter(Config{Job: "j", Name: "main", Prefix: "j", Kafka: kafka, Door: door, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return doortest.Reporter{}, err
		}
		r.mu.Lock()
		r.last.State = "SYNCING"
		r.mu.Unlock()
		last := func(o *overview.Overview) *status.Report { return o.Appliers["applier/main"] }
		return doortest.Reporter{Client: r.client, Write: r.send, Close: r.close, Last: last}, nil
	})
}
