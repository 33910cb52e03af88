// Package doortest is what capture and applier must each say of brokers that refuse them. Only tests import it.
package doortest

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// Reporter is a service's, of the job j, whose state is SYNCING.
type Reporter struct {
	Client *kgo.Client
	Write  func() // the report, with what the door knows
	Close  func()
	// Last is the service's among the reports.
	Last func(*overview.Overview) *status.Report
}

// Reported fails unless the reporter, which still reaches the log, says there that the brokers refuse new connections,
// until they do not.
func Reported(t *testing.T, open func(kafka []kgo.Opt, door *broker.Door) (Reporter, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	door := &broker.Door{Log: slog.New(slog.DiscardHandler)}
	r, err := open(broker.Options([]string{b.Addr}), door)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(r.Client), broker.Control("j", 1)); err != nil {
		t.Fatal(err)
	}
	f, err := overview.Follow(broker.Options([]string{b.Addr}), "j")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		err                error
		state, reason, fix string
	}{{nil, "SYNCING", "", ""}, {kerr.SaslAuthenticationFailed, "RETRYING", "auth-failed", "kafka.sasl"}, {nil, "SYNCING", "", ""}} {
		door.OnBrokerConnect(kgo.BrokerMetadata{Host: "k", Port: 1}, 0, nil, c.err)
		r.Write()
		for now := f.Now; ; {
			if last := r.Last(now); last != nil && last.State == c.state {
				if last.Reason != c.reason || !strings.Contains(last.Fix, c.fix) {
					t.Errorf("%v is reported as %+v", c.err, last)
				}
				break
			}
			if err := f.Refresh(ctx); err != nil {
				t.Fatalf("%v is not reported: %v", c.err, err)
			}
		}
	}
}
