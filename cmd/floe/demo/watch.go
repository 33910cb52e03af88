package demo

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/event"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// patience is how long a step of the story may take before the demo gives up.
const patience = 2 * time.Minute

// watch follows the job and looks at the target's books.
type watch struct {
	*demo
	follower *overview.Follower
	books    *books
	audited  bool // the load is complete: the books must balance
	every    time.Duration
	shown    time.Time
	last     rate
}

// rate is what the number of applied transactions was, and when.
type rate struct {
	applier      *status.Report
	transactions uint64
	at           time.Time
}

func newWatch(ctx context.Context, d *demo) (*watch, error) {
	endpoint, err := d.stage.Endpoint(ctx)
	if err != nil {
		return nil, err
	}
	// The job's topics are made while we look for them: the client must not remember for seconds that
	// they were not there.
	follower, err := overview.Follow([]kgo.Opt{kgo.SeedBrokers(endpoint.Brokers...), kgo.MetadataMinAge(100 * time.Millisecond)}, "demo")
	if err != nil {
		return nil, err
	}
	b, err := openBooks(ctx, d.stage.target.URL(database))
	if err != nil {
		follower.Close()
		return nil, err
	}
	return &watch{demo: d, follower: follower, books: b, every: time.Second}, nil
}

func (w *watch) Close() {
	w.follower.Close()
	w.books.Close()
}

// For watches for a while.
func (w *watch) For(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	return w.Until(ctx, "", func() bool { return time.Now().After(end) })
}

// Until watches until done says so. A step with a name must end within the demo's patience.
func (w *watch) Until(ctx context.Context, step string, done func() bool) error {
	began := time.Now()
	for !done() {
		if err := w.turn(ctx, began); err != nil {
			return err
		}
		if step != "" && time.Since(began) > patience {
			return fmt.Errorf("%s took more than %s: %s", step, patience, w.line())
		}
	}
	return nil
}

// turn takes in the next reports; now and then it shows a line and looks at the books.
func (w *watch) turn(ctx context.Context, began time.Time) error {
	select {
	case err := <-w.traffic.failed:
		return err
	case <-w.stage.floe.Done:
		return w.stage.floeEnded()
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	quiet, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	// A second without a report is nothing wrong by itself: the line shows how old the last is.
	if err := w.follower.Refresh(quiet); err != nil && quiet.Err() == nil {
		return err
	}
	if halted := w.follower.Now.Halted(began); halted != nil {
		return fmt.Errorf("%s halted: %s: %s; %s", halted.Role, halted.Reason, halted.Detail, halted.Fix)
	}
	if time.Since(w.shown) < w.every {
		return nil
	}
	w.shown = time.Now()
	w.say("%s", w.line())
	if w.audited {
		return w.books.Look(ctx)
	}
	return nil
}

// synced reports whether the load is complete, and from then on has the books looked at.
func (w *watch) synced() bool {
	w.audited = w.audited || w.follower.Now.Settled(w.began)
	return w.audited
}

// line is how the job is at this moment.
func (w *watch) line() string {
	now := time.Now()
	state, _ := w.follower.Now.State(now)
	applier := w.applier()
	if applier == nil || state != "SYNCING" && !w.audited {
		return fmt.Sprintf("%-14s  %d rows read from the source, %d on the target", state, loaded(w.follower.Now.Capture), loaded(applier))
	}
	latency := "unknown"
	if applier.LatencyUs >= 0 {
		latency = fmt.Sprintf("%.1f ms", float64(applier.LatencyUs)/1000)
	}
	return fmt.Sprintf("%-14s  latency %s   applied %s   source has committed %d", state, latency, w.rate(applier, now), w.traffic.done.Load())
}

// loaded is the number of rows that a service has loaded.
func loaded(r *status.Report) (rows uint64) {
	if r == nil {
		return 0
	}
	for _, t := range r.Tables {
		rows += t.Loaded
	}
	return rows
}

// rate is the applier's transactions a second since the last line; a new process counts from 0.
func (w *watch) rate(r *status.Report, now time.Time) string {
	last := w.last
	w.last = rate{r, r.Transactions, now}
	if last.applier == nil || last.applier.PID != r.PID {
		return "… tx/s"
	}
	return fmt.Sprintf("%.0f tx/s", float64(r.Transactions-last.transactions)/now.Sub(last.at).Seconds())
}

func (w *watch) applier() *status.Report {
	for _, r := range w.follower.Now.Appliers {
		return r
	}
	return nil
}

// killApplier kills the applier's process and waits for the next one to have gone on.
func (w *watch) killApplier(ctx context.Context) error {
	old := w.applier()
	if old == nil || old.PID <= 1 || int(old.PID) == w.stage.floe.PID {
		return errors.New("the applier does not say which process it is")
	}
	if err := syscall.Kill(int(old.PID), syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill -9 of the applier, process %d: %w", old.PID, err)
	}
	killed := time.Now()
	w.say("kill -9 of the applier, process %d, in the middle of the traffic", old.PID)
	err := w.Until(ctx, "the applier's return", func() bool {
		r := w.applier()
		return r != nil && r.PID != old.PID && r.AppliedLSN > old.AppliedLSN
	})
	if err != nil {
		return err
	}
	w.say("the applier is back as process %d, and ahead of where it was %d ms after the kill", w.applier().PID, time.Since(killed).Milliseconds())
	return nil
}

// catchUp waits until the target has all that the source has now.
func (w *watch) catchUp(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, w.stage.source.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var text string
	if err := conn.QueryRow(ctx, `select pg_current_wal_lsn()::text`).Scan(&text); err != nil {
		return err
	}
	end, err := event.ParseLSN(text)
	if err != nil {
		return err
	}
	if err := w.Until(ctx, "catching up", func() bool { return w.follower.Now.Applied(end) }); err != nil {
		return err
	}
	w.say("the target has everything up to %s; comparing", text)
	return w.books.Look(ctx)
}
