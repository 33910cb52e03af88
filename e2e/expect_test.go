package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"floe/e2e/rig"
	"floe/e2e/scenario"
	"floe/pkg/ident"
)

// compare holds every `equal`, and after the last step every `target`, within equalPatience.
func (a *attempt) compare(ctx context.Context, last bool) error {
	wait, cancel := context.WithTimeout(ctx, equalPatience)
	defer cancel()
	var differs error
	err := rig.Until(wait, func() (bool, error) {
		var diff *rig.DiffError
		if differs = a.compareOnce(ctx, last); differs != nil && !errors.As(differs, &diff) {
			return false, differs
		}
		return differs == nil, nil
	})
	if errors.Is(err, context.DeadlineExceeded) && differs != nil {
		return differs
	}
	return err
}

func (a *attempt) compareOnce(ctx context.Context, last bool) error {
	for _, e := range a.Expects {
		switch {
		case e.Kind == scenario.Equal:
			for _, table := range a.Tables {
				if err := rig.Compare(ctx, a.source, a.target, a.compared(table, e, last)); err != nil {
					return err
				}
			}
		case e.Kind == scenario.Target && last:
			got, err := rig.Text(ctx, a.target, e.SQL)
			if err != nil {
				return fmt.Errorf("expected %s: %w", e.SQL, err)
			}
			if got != e.Value {
				return &rig.DiffError{Table: a.Tables[0].Name, What: fmt.Sprintf("%s gives %q, want %q", e.SQL, got, e.Value)}
			}
		}
	}
	return nil
}

func (a *attempt) compared(t scenario.Table, e scenario.Expect, last bool) rig.Compared {
	c := rig.Compared{Coming: !last, Source: t.Name, Target: t.Name, Only: t.Only, Columns: e.Columns, ExtraAllowed: a.Mode == scenario.Proceed}
	if i := slices.IndexFunc(a.Maps, func(m scenario.Map) bool { return m.From == t.Name }); i >= 0 {
		c.Target, c.Renamed = a.Maps[i].To, map[string]string{}
		for _, pair := range a.Maps[i].Columns {
			c.Renamed[pair[0]] = pair[1]
		}
	}
	return c
}

// mustRefuse tells whether the job is expected not to begin.
func (a *attempt) mustRefuse() bool {
	return slices.ContainsFunc(a.Of(scenario.Precheck), func(e scenario.Expect) bool { return e.Error })
}

// refusal waits for the job to refuse, runs the rest on the source, and looks at the target: it
// must be as it was.
func (a *attempt) refusal(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := rig.Until(wait, func() (bool, error) { return a.run.ended() != nil, nil })
	if err != nil {
		return fmt.Errorf("wait for the job to be refused: %w", err)
	}
	if !a.run.refused() {
		return fmt.Errorf("the job ended, but not because a check refused it: %w", a.run.ended())
	}
	for _, statements := range a.Live {
		if err := a.sessions.run(ctx, statements); err != nil {
			return err
		}
	}
	return a.compare(ctx, true)
}

func (a *attempt) prechecks(ctx context.Context, e engine) error {
	for _, want := range a.Of(scenario.Precheck) {
		if want.When != "" {
			continue // it is about a user with fewer rights than the runner's
		}
		if err := e.found(ctx, a.task, want.Code, want.Object); err != nil {
			return fmt.Errorf("expected %s: %w", want.Text, err)
		}
	}
	return nil
}

// stands waits for the reason of a stop, and sees that nothing comes through meanwhile.
func (a *attempt) stands(ctx context.Context, e scenario.Expect) error {
	a.markers++
	if _, err := a.source.Exec(ctx, "INSERT INTO "+markerTable+" VALUES ($1)", a.markers); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var why string
	err := rig.Until(wait, func() (bool, error) {
		if err := a.run.ended(); err != nil {
			return false, err
		}
		var err error
		why, err = a.run.stopped(wait)
		return shows(why, e), err
	})
	if err != nil {
		return fmt.Errorf("expected %s, the engine says %q: %w", e.Text, why, err)
	}
	if there, err := a.arrived(ctx); there || err != nil {
		return fmt.Errorf("the job says that it stopped (%s), yet marker %d arrived (or: %w)", why, a.markers, err)
	}
	return nil
}

// shows tells whether the reason names the behaviour, by any of floe's codes for it, and the table.
func shows(why string, e scenario.Expect) bool {
	named := slices.ContainsFunc(append(codes[e.Code], e.Code), func(code string) bool { return strings.Contains(why, code) })
	return named && strings.Contains(why, e.Object)
}

// watch polls the `always` conditions until the returned function is called, which says what broke.
func (a *attempt) watch(ctx context.Context) func() error {
	always := a.Of(scenario.Always)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.poll(ctx, always) }()
	return func() error {
		cancel()
		return <-ended
	}
}

func (a *attempt) poll(ctx context.Context, always []scenario.Expect) error {
	if len(always) == 0 {
		return nil
	}
	c, err := rig.ConnectPinned(ctx, a.pair.TargetURL())
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		for _, e := range always {
			got, err := rig.Text(ctx, c, e.SQL)
			if err != nil && ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return fmt.Errorf("always %s: %w", e.SQL, err)
			}
			if got != e.Value {
				return fmt.Errorf("always %s: the target showed %s, want %s", e.SQL, got, e.Value)
			}
		}
	}
	return nil
}

// metrics knows the one condition of this kind that there is: the slot moves on although nothing
// that is selected changed.
func (a *attempt) metrics(ctx context.Context) error {
	for _, e := range a.Of(scenario.Metric) {
		if !strings.HasPrefix(e.Value, "confirmed_flush_lsn advances past the end of the live section") {
			return fmt.Errorf("the runner cannot check %q", e.Value)
		}
		end, err := rig.Text(ctx, a.source, "SELECT pg_catalog.pg_current_wal_insert_lsn()")
		if err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, patience)
		err = rig.Until(wait, func() (bool, error) {
			passed, err := rig.Text(wait, a.source, "SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE database = current_database()"+
				" AND confirmed_flush_lsn >= "+ident.Literal(end)+"::pg_lsn")
			return passed != "0", err
		})
		cancel()
		if err != nil {
			return fmt.Errorf("the slot does not get past %s: %w", end, err)
		}
	}
	return nil
}

func (a *attempt) command(ctx context.Context, step int) error {
	for _, action := range a.Actions {
		if action.Step != step {
			continue
		}
		if err := a.run.command(ctx, action); err != nil {
			return fmt.Errorf("%s %s after step %d: %w", action.Verb, action.Table, step, err)
		}
	}
	return nil
}
