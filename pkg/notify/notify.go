// Package notify tells others when a job's state changes: one POST for each change, to each URL of the job
// file's notify. It is a client of the log, like the console, beside which it runs; nothing of a job waits
// for it.
//
// A change is sent a few times and then given up: whoever must know of all of them reads the metrics. Keys
// and values of rows, which a report's detail may hold, stay in the log.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/overview"
)

// Hook is one URL and the states that it is told of; none are all.
type Hook struct {
	// URL is asked for each time: it may be read from a file or the environment, and is a secret.
	URL    func() (string, error)
	States []string
}

// Config is what a job's notifications need.
type Config struct {
	Job, Prefix string
	Kafka       []kgo.Opt
	Hooks       []Hook
	Log         *slog.Logger
}

// Change is what is sent, as JSON. Text says it in a line, as chats take it.
type Change struct {
	Text   string `json:"text"`
	Job    string `json:"job"`
	State  string `json:"state"`
	Was    string `json:"was"`
	Reason string `json:"reason,omitempty"`
	Fix    string `json:"fix,omitempty"`
	At     string `json:"at"`
}

// Bounds of what is sent.
const (
	queued  = 64 // changes that wait for one URL
	tries   = 5
	patient = 10 * time.Second
)

// sender sends to one URL, in order.
type sender struct {
	hook   Hook
	client *http.Client
	first  time.Duration // the wait before the second try; it doubles
	log    *slog.Logger
	queue  chan Change
}

// Run tells of changes until ctx ends.
func Run(ctx context.Context, c Config) {
	if len(c.Hooks) == 0 {
		return
	}
	var senders sync.WaitGroup
	defer senders.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []*sender
	for _, h := range c.Hooks {
		s := newSender(h, time.Second, c.Log)
		all = append(all, s)
		senders.Go(func() { s.run(ctx) })
	}
	w := watch{job: c.Job}
	for ctx.Err() == nil {
		if err := follow(ctx, c, func(s overview.Summary) {
			if change, ok := w.next(s, time.Now()); ok {
				for _, to := range all {
					to.take(change)
				}
			}
		}); err != nil && ctx.Err() == nil {
			c.Log.Debug("the log does not answer", "err", err)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// follow looks at the job each second at least, whether anything is reported or not: a service that is gone
// says nothing.
func follow(ctx context.Context, c Config, each func(overview.Summary)) error {
	f, err := overview.Follow(c.Kafka, c.Prefix)
	if err != nil {
		return err
	}
	defer f.Close()
	for known := false; ; {
		wait, cancel := context.WithTimeout(ctx, time.Second)
		err := f.Refresh(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		if known = known || err == nil; known {
			each(f.Now.Summary(c.Job, time.Now()))
		}
	}
}

// watch knows the state that was told of last. The first one is no change: it was so before anybody looked.
type watch struct{ job, last string }

func (w *watch) next(s overview.Summary, now time.Time) (Change, bool) {
	was := w.last
	w.last = s.State
	if was == "" || was == s.State {
		return Change{}, false
	}
	c := Change{Job: w.job, State: s.State, Was: was, Reason: s.Reason, Fix: s.Fix, At: now.UTC().Format(time.RFC3339)}
	c.Text = fmt.Sprintf("floe job %s: %s, was %s", c.Job, c.State, c.Was)
	if c.Reason != "" {
		c.Text += " (" + c.Reason + ")"
	}
	return c, true
}

func newSender(h Hook, first time.Duration, log *slog.Logger) *sender {
	client := &http.Client{Timeout: patient, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &sender{hook: h, client: client, first: first, log: log, queue: make(chan Change, queued)}
}

// take queues a change, if the URL is to be told of it. It never waits.
func (s *sender) take(c Change) {
	if len(s.hook.States) > 0 && !slices.Contains(s.hook.States, c.State) {
		return
	}
	select {
	case s.queue <- c:
	default:
		s.log.Warn("a change of state is not told: too many wait", "state", c.State)
	}
}

func (s *sender) run(ctx context.Context) {
	for {
		select {
		case c := <-s.queue:
			s.send(ctx, c)
		case <-ctx.Done():
			return
		}
	}
}

// send tries a few times.
func (s *sender) send(ctx context.Context, c Change) {
	for n, wait := 1, s.first; ; n, wait = n+1, 2*wait {
		host, again, err := s.post(ctx, c)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !again || n == tries {
			s.log.Warn("a change of state is not told", "state", c.State, "host", host, "tries", n, "err", err)
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// post sends once; again says that another try may help. Neither host nor error has the URL, whose path is
// what lets anybody write there.
func (s *sender) post(ctx context.Context, c Change) (host string, again bool, err error) {
	text, err := s.hook.URL()
	if err != nil {
		return "", true, err
	}
	to, err := url.Parse(text)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
		return "", false, errors.New("the URL is none of http or https")
	}
	body, err := json.Marshal(c)
	if err != nil {
		return to.Hostname(), false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, text, bytes.NewReader(body))
	if err != nil {
		return to.Hostname(), false, errors.New("the URL cannot be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		if with := (*url.Error)(nil); errors.As(err, &with) { // it begins with the URL
			err = with.Err
		}
		return to.Hostname(), true, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 == 2 {
		return to.Hostname(), false, nil
	}
	again = res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout
	return to.Hostname(), again, fmt.Errorf("it answered %d", res.StatusCode)
}
