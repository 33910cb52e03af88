package console

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/console/history"
	"floe/pkg/control"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// watch shares what the log says of the job between the follower, which alone changes it, and requests.
type watch struct {
	job, prefix string
	kafka       []kgo.Opt

	mu    sync.Mutex
	last  moment
	past  *history.History
	news  chan struct{} // closed when there are some
	count map[string]*history.Counter
	clock stageClock
	wrong *LastError // the last one that was seen, nil for none
	over  bool       // the job was deleted, and its topics with it
}

// moment is what was known at one time. It is not changed once it is shared.
type moment struct {
	sum     overview.Summary
	reports []*status.Report
	taken   time.Time // zero before anything was read
	lost    error     // why nothing is read from the log
}

func newWatch(c Config) *watch {
	return &watch{job: c.Job, prefix: c.Prefix, kafka: c.Kafka, past: history.New(), news: make(chan struct{}),
		count: map[string]*history.Counter{}, last: moment{sum: overview.New().Summary(c.Job, time.Now())}}
}

// follow reads the log anew, with a pause, whenever it is lost.
func (w *watch) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := w.read(ctx)
		w.mu.Lock()
		if w.last.lost = err; w.over {
			w.last.lost = nil
		}
		w.tell()
		w.mu.Unlock()
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (w *watch) read(ctx context.Context) error {
	f, err := overview.Follow(w.kafka, w.prefix)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := f.Refresh(ctx); err != nil {
			return err
		}
		w.take(f.Now, time.Now())
	}
}

// take makes an overview the last one, and adds what came since to the history.
func (w *watch) take(o *overview.Overview, now time.Time) {
	m := moment{sum: o.Summary(w.job, now), reports: o.Reports(), taken: now}
	w.mu.Lock()
	defer w.mu.Unlock()
	x := history.Sample{At: now}
	if !w.last.taken.IsZero() {
		x.Took = now.Sub(w.last.taken)
	}
	x.Latency, x.Known = o.Latency(now)
	for _, r := range m.reports {
		rows := w.counter(r.Role+"/rows", r).Since(r.Instance, r.Rows)
		if r.Role != "capture" {
			x.Applied += rows
			continue
		}
		x.Captured, x.Kept = rows, kept(r)
		x.Bytes = w.counter("capture/bytes", r).Since(r.Instance, r.Bytes)
	}
	w.over = w.over && !slices.ContainsFunc(m.reports, func(r *status.Report) bool { return r.State != string(control.Finished) })
	if w.over { // the last words of its services
		return
	}
	before := ""
	if !w.last.taken.IsZero() {
		before = w.last.sum.State
	}
	if e := worstOf(m, now); e != nil {
		w.wrong = e
	}
	w.clock.see(stageOf(m.sum.State), before, now)
	w.past.Add(x)
	w.last = m
	w.tell()
}

// ended is told that the job was deleted. What is heard later is another one of the same name.
func (w *watch) ended() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over, w.wrong = true, nil
	sum := overview.New().Summary(w.job, time.Now())
	sum.State, sum.Detail = string(control.Finished), ErrDeleted.Error()
	w.last = moment{sum: sum, taken: time.Now()}
	w.tell()
}

func (w *watch) counter(what string, r *status.Report) *history.Counter {
	if r.Role != "capture" {
		what += "/" + r.Instance // several appliers count apart
	}
	c := w.count[what]
	if c == nil {
		c = &history.Counter{}
		w.count[what] = c
	}
	return c
}

// tell wakes those who wait for news.
func (w *watch) tell() {
	close(w.news)
	w.news = make(chan struct{})
}

// changed is closed at the next news.
func (w *watch) changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.news
}

// now is the last moment; one that nothing was added to for long says so by its state.
func (w *watch) now() moment {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.last
	if m.taken.IsZero() {
		return m
	}
	age := time.Since(m.taken)
	m.sum.Services = slices.Clone(m.sum.Services)
	for i := range m.sum.Services {
		m.sum.Services[i].AgeSeconds += age.Seconds()
	}
	if age > overview.Stale && len(m.sum.Services) > 0 && m.sum.State != "PRECHECK_FAILED" { // whose service has ended
		m.sum.State, m.sum.LatencySeconds = "NOT RUNNING", nil
	}
	return m
}

// trouble is what is wrong with the job in a moment, or was last.
func (w *watch) trouble(m moment, now time.Time) *LastError {
	if e := worstOf(m, now); e != nil {
		return e
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wrong == nil {
		return nil
	}
	past := *w.wrong
	past.Now = false
	return &past
}

// worstOf is the worst of what needs somebody; what only differs does not.
func worstOf(m moment, now time.Time) (worst *LastError) {
	for _, t := range troubles(m) {
		halted := t.Is == "halted"
		if (halted || t.Is == "waiting" && t.Code != "") && (worst == nil || halted) {
			worst = &LastError{t.Code, t.Object, t.Detail, now.UTC(), true}
		}
		if halted {
			break
		}
	}
	return worst
}

// rates are what is captured and applied now, in rows and bytes a second.
func (w *watch) rates(now time.Time) (captured, applied, bytes float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.past.Now(now)
}

// timed puts how long they took beside the stages.
func (w *watch) timed(all []Stage, now time.Time) []Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range all {
		all[i].Seconds = w.clock.took(i, now)
	}
	return all
}

func (w *watch) points(span string, now time.Time) []history.Point {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.past.Points(span, now)
}

// kept is the WAL that the source has and the log does not safely have.
func kept(r *status.Report) uint64 {
	if r.FlushedLSN == 0 || r.SourceLSN < r.FlushedLSN {
		return 0
	}
	return uint64(r.SourceLSN - r.FlushedLSN)
}
