package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"floe/pkg/overview"
)

// The first state is no change, and neither is the same one again; what rows hold is not told.
func TestChangesOfState(t *testing.T) {
	t.Parallel()
	w := watch{job: "orders"}
	var got []string
	for _, s := range []string{"NOT RUNNING", "NOT RUNNING", "SYNCING", "SYNCING", "BLOCKED", "SYNCING"} {
		sum := overview.Summary{State: s}
		if s == "BLOCKED" {
			sum.Reason, sum.Detail = "constraint-violation", "the target refuses key (id=42)"
		}
		if c, ok := w.next(sum, time.Unix(0, 0)); ok {
			b, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c.Text)
			if strings.Contains(string(b), "42") {
				t.Errorf("it tells of a row: %s", b)
			}
		}
	}
	want := "floe job orders: SYNCING, was NOT RUNNING|floe job orders: BLOCKED, was SYNCING (constraint-violation)|floe job orders: SYNCING, was BLOCKED"
	if strings.Join(got, "|") != want {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "|"), want)
	}
}

// receiver answers with statuses in turn, the last one for ever, and keeps what came.
type receiver struct {
	mu      sync.Mutex
	answers []int
	came    []Change
	all     chan struct{}
	want    int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var c Change
	if err := json.NewDecoder(req.Body).Decode(&c); err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.came = append(r.came, c)
	status := r.answers[min(len(r.came), len(r.answers))-1]
	if status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
	if len(r.came) == r.want {
		close(r.all)
	}
}

// What may pass is tried again, a few times; what may not is not. The path of the URL is in no log.
func TestAHookIsTriedAFewTimes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		want    int
		given   bool
	}{
		"taken":          {[]int{204}, 1, false},
		"taken later":    {[]int{503, 429, 200}, 3, false},
		"never":          {[]int{500}, tries, true},
		"refused":        {[]int{404}, 1, true},
		"sent elsewhere": {[]int{302}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &receiver{answers: c.answers, want: c.want, all: make(chan struct{})}
			server := httptest.NewServer(r)
			defer server.Close()
			var log bytes.Buffer
			s := newSender(Hook{URL: func() (string, error) { return server.URL + "/T0K3N", nil }}, time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)))
			s.send(t.Context(), Change{State: "BLOCKED"})
			if len(r.came) != c.want || strings.Contains(log.String(), "not told") != c.given {
				t.Errorf("came %d times, want %d; the log has %q", len(r.came), c.want, log.String())
			}
			if strings.Contains(log.String(), "T0K3N") {
				t.Errorf("the log has the URL: %s", log.String())
			}
		})
	}
}

// Nobody answers: the error has not the URL either, and the job's watcher never waits.
func TestAHookThatHangsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	var log bytes.Buffer
	s := newSender(Hook{URL: func() (string, error) { return server.URL + "/T0K3N", nil }, States: []string{"BLOCKED"}}, time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)))
	for range 10 * queued {
		s.take(Change{State: "BLOCKED"})
	}
	if len(s.queue) != queued {
		t.Errorf("%d changes wait, want %d", len(s.queue), queued)
	}
	s.take(Change{State: "SYNCING"})
	s.send(t.Context(), Change{State: "BLOCKED"})
	if out := log.String(); !strings.Contains(out, "refused") || strings.Contains(out, "T0K3N") {
		t.Errorf("the log has %q", out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.run(ctx)
}
