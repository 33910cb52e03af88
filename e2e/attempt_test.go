package e2e

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/e2e/rig"
	"floe/e2e/scenario"

	"github.com/jackc/pgx/v5"
)

// What an engine may take before the runner calls it stuck. How long it takes says nothing: a machine that
// is busy or slow takes several times what another does.
const (
	patience = 3 * time.Minute // until the slot is requested, everything streams, a marker has arrived, a stop's reason shows
	// equalPatience is after the marker. The format has ten seconds, on a machine that does nothing else.
	equalPatience = time.Minute
	askAfter      = 3 * time.Second // without a marker, the engine is asked why
)

// attempt runs one scenario once. The tables are compared through connections of its own.
type attempt struct {
	task
	rushing  bool
	sessions sessions
	source   *pgx.Conn
	target   *pgx.Conn
	run      run
	markers  int
	held     bool // a stop that was expected is in force
}

// markerTable has a name that is hostile enough to be a test by itself, and fits LATIN1.
const markerTable = `"public"."e2e ""märker"""`

func (a *attempt) perform(ctx context.Context, e engine) (err error) {
	a.sessions = sessions{pair: a.pair, open: map[string]*pgx.Conn{}}
	defer func() { a.sessions.close(context.WithoutCancel(ctx)) }()
	if err := a.connect(ctx); err != nil {
		return err
	}
	defer a.source.Close(context.WithoutCancel(ctx))
	defer a.target.Close(context.WithoutCancel(ctx))
	if err := a.prepare(ctx); err != nil {
		return err
	}
	if err := a.prechecks(ctx, e); err != nil {
		return err
	}
	if a.run, err = e.start(ctx, a.task); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		err = errors.Join(err, a.run.stop(stop))
	}()
	if a.mustRefuse() {
		return a.refusal(ctx)
	}
	return a.follow(ctx)
}

func (a *attempt) connect(ctx context.Context) (err error) {
	if a.source, err = rig.ConnectPinned(ctx, a.pair.SourceURL()); err != nil {
		return err
	}
	a.target, err = rig.ConnectPinned(ctx, a.pair.TargetURL())
	return err
}

func (a *attempt) prepare(ctx context.Context) error {
	if err := a.pair.Source.Exec(ctx, a.pair.Name, "CREATE TABLE "+markerTable+" (n int PRIMARY KEY)"); err != nil {
		return fmt.Errorf("marker table: %w", err)
	}
	for _, part := range []struct {
		name string
		list []scenario.Statement
	}{{"setup", a.Setup}, {"target", a.Target}, {"load", a.Load}} {
		if err := a.sessions.run(ctx, part.list); err != nil {
			return fmt.Errorf("-- %s: %w", part.name, err)
		}
	}
	return nil
}

// follow goes through the sections that run while the job does.
func (a *attempt) follow(ctx context.Context) error {
	if len(a.During) > 0 {
		if err := a.slotRequested(ctx); err != nil {
			return err
		}
		if err := a.sessions.run(ctx, a.During); err != nil {
			return fmt.Errorf("-- during: %w", err)
		}
	}
	if err := a.streaming(ctx); err != nil {
		return err
	}
	watch := a.watch(ctx)
	err := a.live(ctx)
	return errors.Join(err, watch())
}

func (a *attempt) live(ctx context.Context) error {
	for i, statements := range a.Live {
		step, last := i+1, i+1 == len(a.Live)
		if err := a.sessions.run(ctx, statements); err != nil {
			return fmt.Errorf("-- live, step %d: %w", step, err)
		}
		if err := a.command(ctx, step); err != nil {
			return err
		}
		if a.rushing && !last {
			continue
		}
		if err := a.settle(ctx, step, last); err != nil {
			return fmt.Errorf("after step %d: %w", step, err)
		}
	}
	return nil
}

// settle catches up and compares, unless the job is expected to stand still.
func (a *attempt) settle(ctx context.Context, step int, last bool) error {
	if err := a.metrics(ctx); err != nil {
		return err
	}
	for _, e := range a.Of(scenario.Stop) {
		if step == e.Resumed {
			a.held = false
		}
		// Without a step it stops in the end; one that does not resume does so however fast all came.
		if !a.rushing && step == e.Stopped || last && e.Resumed == 0 {
			a.held = true
			if err := a.stands(ctx, e); err != nil {
				return err
			}
		}
	}
	if a.held {
		return nil
	}
	if err := a.caughtUp(ctx); err != nil {
		return err
	}
	return a.compare(ctx, last)
}

// slotRequested waits until the engine has asked for its slot, or waits for a lock to get there:
// then it is this scenario's open transactions that it waits for.
func (a *attempt) slotRequested(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := rig.Until(ctx, func() (bool, error) {
		if err := a.run.ended(); err != nil {
			return false, err
		}
		n, err := rig.Text(ctx, a.source, `SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE database = current_database()`)
		if err != nil || n != "0" {
			return true, err
		}
		n, err = rig.Text(ctx, a.source, `SELECT count(*) FROM pg_catalog.pg_stat_activity
			WHERE datname = current_database() AND application_name NOT LIKE 'e2e%' AND wait_event_type = 'Lock'`)
		return n != "0", err
	})
	if err != nil {
		return fmt.Errorf("wait for the slot to be requested: %w", err)
	}
	return nil
}

// streaming is reached when a marker made the round trip, the engine says that all is loaded, and
// another marker, written after that, arrived through the stream.
func (a *attempt) streaming(ctx context.Context) error {
	if err := a.caughtUp(ctx); err != nil {
		return fmt.Errorf("first marker: %w", err)
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := a.run.synced(wait); err != nil {
		return fmt.Errorf("wait for the end of the load: %w", err)
	}
	return a.caughtUp(ctx)
}

// caughtUp writes a marker row and waits for it on the target.
func (a *attempt) caughtUp(ctx context.Context) error {
	a.markers++
	if _, err := a.source.Exec(ctx, "INSERT INTO "+markerTable+" VALUES ($1)", a.markers); err != nil {
		return fmt.Errorf("write marker %d: %w", a.markers, err)
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ask := time.Now().Add(askAfter)
	err := rig.Until(wait, func() (bool, error) {
		if err := a.run.ended(); err != nil {
			return false, err
		}
		if time.Now().After(ask) {
			ask = time.Now().Add(askAfter)
			if why, err := a.run.stopped(wait); err == nil && why != "" {
				return false, fmt.Errorf("the engine says that it stopped: %s", why)
			}
		}
		return a.arrived(wait)
	})
	if err != nil {
		return fmt.Errorf("wait for marker %d: %w", a.markers, err)
	}
	return nil
}

func (a *attempt) arrived(ctx context.Context) (bool, error) {
	there, err := rig.Text(ctx, a.target, `SELECT pg_catalog.to_regclass('`+markerTable+`') IS NOT NULL`)
	if err != nil || there != "t" {
		return false, err
	}
	n, err := rig.Text(ctx, a.target, fmt.Sprintf("SELECT count(*) FROM %s WHERE n = %d", markerTable, a.markers))
	return n == "1", err
}
