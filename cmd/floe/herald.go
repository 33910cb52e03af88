package main

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/job"
	"floe/pkg/precheck"
	"floe/pkg/status"
	"floe/schemas"
)

// herald says in the log how the prechecks of a service go, before it runs: again and again, for who is not
// heard is taken for gone. What the log does not take is no matter to the prechecks.
type herald struct {
	client *kgo.Client
	topic  string
	key    string
	log    *slog.Logger
	done   sync.WaitGroup
	end    context.CancelFunc

	mu   sync.Mutex
	last status.Report
}

// newHerald begins to say that a service of a job that never began checks. Its methods do without one.
func newHerald(ctx context.Context, j *job.Job, kafka []kgo.Opt, role, key, place string, log *slog.Logger) *herald {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil
	}
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(client), broker.Talk(j.Prefix(), j.Kafka.Replication)); err != nil {
		log.Debug("the log does not hear of prechecks", "err", err)
		client.Close()
		return nil
	}
	host, _ := os.Hostname()
	pid := os.Getpid()
	h := &herald{client: client, topic: broker.Status(j.Prefix()), key: key, log: log,
		last: status.Report{Role: role, Instance: host + ":" + strconv.Itoa(pid), Host: host, PID: int64(pid), Job: j.Name, Place: place, State: "PRECHECKING", LatencyUs: -1, LedgerOffset: -1}}
	ctx, h.end = context.WithCancel(ctx)
	h.done.Go(func() {
		tick := time.NewTicker(status.Idle)
		defer tick.Stop()
		for {
			h.write()
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return h
}

// says what the prechecks came to; found are those that keep the service from going on.
func (h *herald) says(state string, r *precheck.Report, found []precheck.Check) {
	if h == nil {
		return
	}
	texts := make([]string, len(found))
	for i, c := range found {
		if texts[i] = c.Text; i > 0 { // the first one's code is the reason
			texts[i] = c.Code + " " + c.Text
		}
	}
	h.mu.Lock()
	h.last.State, h.last.Checks, h.last.Detail = state, told(r), strings.Join(texts, "; ")
	if len(found) > 0 {
		h.last.Reason, h.last.Fix = found[0].Code, found[0].Fix
	}
	h.mu.Unlock()
	h.write()
}

func (h *herald) write() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last.At = time.Now().UnixMicro()
	value, err := schemas.EncodeStatus(&h.last)
	if err != nil {
		h.log.Error("status is not written", "err", err)
		return
	}
	h.client.TryProduce(context.Background(), &kgo.Record{Topic: h.topic, Key: []byte(h.key), Value: value}, nil)
}

// close ends it once the log has what was said, or does not take it.
func (h *herald) close() {
	if h == nil {
		return
	}
	h.end()
	h.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	_ = h.client.Flush(ctx) // what it does not take is no matter
	h.client.Close()
}

// told are prechecks as reports bear them.
func told(r *precheck.Report) *status.Checks {
	c := &status.Checks{At: time.Now().UnixMicro(), Result: r.Result}
	for _, x := range r.Checks {
		f := status.Check{Code: x.Code, Severity: string(x.Severity), Object: short(x.Object), Text: short(x.Text), Cause: short(x.Cause), Fix: short(x.Fix), FixSQL: x.FixSQL, MS: x.Took.Milliseconds()}
		if len(f.FixSQL) > mostTold {
			f.FixSQL = ""
		}
		c.Found = append(c.Found, f)
	}
	return c
}

// mostTold bounds a text of a finding in the log, which takes no record without bound. SQL that is longer is
// not told at all: floe check --fix-sql has it.
const mostTold = 4000

func short(s string) string {
	if len(s) <= mostTold {
		return s
	}
	return strings.ToValidUTF8(s[:mostTold], "") + "…"
}
