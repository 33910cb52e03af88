package inquiry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

const patience = 3 * time.Minute

// job is a log, and services that answer.
type job struct {
	t     *testing.T
	ctx   context.Context
	kafka []kgo.Opt
}

func newJob(t *testing.T) *job {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return &job{t, ctx, broker.Options([]string{b.Addr})}
}

// answers runs a service until the test ends.
func (j *job) answers(key string, does func(ctx context.Context, what string, say func(Answer)) error) {
	ctx, cancel := context.WithCancel(j.ctx)
	var done sync.WaitGroup
	done.Go(func() {
		s := &Service{Kafka: j.kafka, Prefix: "j", Key: key, Does: does}
		for ctx.Err() == nil {
			_ = s.Run(ctx) // it ends with ctx
		}
	})
	j.t.Cleanup(func() { cancel(); done.Wait() })
}

// ask asks until every key has said all. A service that was not there yet did not hear it: it is asked again.
func (j *job) ask(what string, keys ...string) map[string][]Answer {
	j.t.Helper()
	for {
		got, open := map[string][]Answer{}, slices.Clone(keys)
		ctx, cancel := context.WithTimeout(j.ctx, 2*time.Second)
		err := Ask(ctx, j.kafka, "j", "tester", what, func(a Answer) bool {
			got[a.By] = append(got[a.By], a)
			if a.End {
				open = slices.DeleteFunc(open, func(k string) bool { return k == a.By })
			}
			return len(open) > 0
		})
		cancel()
		if err == nil {
			return got
		}
		if j.ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			j.t.Fatalf("%v, got %v", err, got)
		}
	}
}

// Every service says what it sees, in parts and in their order, and whoever asked hears what it asked for.
func TestServicesAnswer(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	const many = 20_000
	j.answers("capture", func(_ context.Context, what string, say func(Answer)) error {
		if what == Tables {
			for from := 0; from < many; from += MostTables {
				part := make([]Table, MostTables)
				for i := range part {
					part[i] = Table{strings.Repeat("s", 63), fmt.Sprintf("%s%06d", strings.Repeat("t", 57), from+i), 1 << 40}
				}
				say(Answer{Tables: part})
			}
			return nil
		}
		say(Answer{Done: 1, Of: 2})
		say(Answer{Done: 2, Of: 2})
		say(Answer{Checks: &status.Checks{At: 7, Result: "failed", Found: []status.Check{{Code: "S-CONN", Severity: "fail", Text: "\u0000 <b>", MS: 3}}}})
		return nil
	})
	j.answers("applier/main", func(_ context.Context, what string, say func(Answer)) error {
		if what == Tables {
			return nil
		}
		return errors.New("the target is away")
	})
	got := j.ask(Checks, "capture", "applier/main")
	c, a := got["capture"], got["applier/main"]
	if len(c) != 4 || c[0].Done != 1 || c[1].Done != 2 || c[2].Checks == nil || c[2].Checks.Found[0].Text != "\u0000 <b>" || !c[3].End || c[3].Fault != "" || c[0].Instance == "" {
		t.Errorf("capture says %+v", c)
	}
	if len(a) != 1 || !a[0].End || a[0].Fault != "the target is away" || a[0].Instance == c[0].Instance {
		t.Errorf("the applier says %+v", a)
	}
	n := 0
	for _, x := range j.ask(Tables, "capture", "applier/main")["capture"] {
		for _, table := range x.Tables {
			if want := fmt.Sprintf("%06d", n); !strings.HasSuffix(table.Name, want) {
				t.Fatalf("table %d is %s", n, table.Name)
			}
			n++
		}
	}
	if n != many {
		t.Errorf("%d tables", n)
	}
	sent, err := control.Read(j.ctx, j.kafka, "j")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sent.Commands() {
		if c.Verb != ledger.VerbAsk || c.By != "tester" {
			t.Errorf("in the log is %+v", c)
		}
	}
	if sent.Run != control.Running || sent.Started || len(sent.Named()) != 0 {
		t.Errorf("questions changed the job: %+v", sent.Wanted)
	}
}

// What is not known is not answered, nor what was asked before the service came, nor anything of a job that is
// deleted.
func TestWhatIsNotAnswered(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	nothing := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(j.ctx, time.Second)
		defer cancel()
		if err := Ask(ctx, j.kafka, "j", "tester", what, func(a Answer) bool { t.Errorf("asked for %s it says %+v", what, a); return true }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
	nothing(Checks)
	var mu sync.Mutex
	var asked []string
	j.answers("capture", func(_ context.Context, what string, say func(Answer)) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, what)
		return nil
	})
	j.ask(Tables, "capture")
	nothing("passwords")
	if _, err := control.Send(j.ctx, j.kafka, "j", ledger.VerbDelete, "j"); err != nil {
		t.Fatal(err)
	}
	nothing(Tables)
	mu.Lock()
	defer mu.Unlock()
	if slices.Contains(asked, Checks) || !slices.Contains(asked, Tables) {
		t.Errorf("it was asked for %q", asked)
	}
}
