// Package trial is one job under the workload, from empty tables to the verdict of its history: what the
// sweep, the soak and the tests of zombies have in common.
package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"floe/e2e/history"
	"floe/e2e/rig"
	"floe/e2e/workload"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// Trial is a job between two databases with the workload's tables.
type Trial struct {
	*rig.Floe
	Pair  rig.Pair
	Name  string
	watch *history.Watch
	aside bool // there is a table that left and joined again
}

var aside = ident.Name{Schema: "public", Name: "aside"}

// New makes the databases and the job file, and records the source's history from here on. Then the
// tables are filled with so many rows.
func New(ctx context.Context, servers rig.Servers, bin, name string, rows int, change func(*rig.Job)) (*Trial, error) {
	pair, err := servers.NewPair(ctx, name, "")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "floe-trial-"+name+"-")
	if err != nil {
		return nil, err
	}
	job := rig.Job{Name: name, Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}}
	job.Objects.Database = true
	if change != nil {
		change(&job)
	}
	t := &Trial{Pair: pair, Name: name}
	if t.Floe, err = rig.NewFloe(bin, dir, job); err != nil {
		return nil, err
	}
	if err := t.Source(ctx, workload.Structure, "CREATE TABLE marker (n bigint PRIMARY KEY)"); err != nil {
		return nil, err
	}
	t.watch, err = history.Begin(ctx, history.Config{Source: pair.SourceURL(), Target: pair.TargetURL(), Job: name, Tables: workload.Tables()})
	if err != nil {
		return nil, err
	}
	return t, t.Source(ctx, workload.Fill(rows))
}

// Source runs SQL on the source.
func (t *Trial) Source(ctx context.Context, sql ...string) error {
	return t.Pair.Source.Exec(ctx, t.Name, sql...)
}

// Arrived writes a marker row and waits for it on the target; alive says whether the job still runs.
func (t *Trial) Arrived(ctx context.Context, alive func() error) error {
	n := rand.Int64()
	if err := t.Source(ctx, fmt.Sprintf("INSERT INTO marker VALUES (%d)", n)); err != nil {
		return err
	}
	var c *pgx.Conn
	defer func() {
		if c != nil {
			_ = c.Close(context.WithoutCancel(ctx))
		}
	}()
	var last error
	err := rig.Until(ctx, func() (bool, error) {
		if err := alive(); err != nil {
			return false, err
		}
		if c == nil || c.IsClosed() {
			if c, last = rig.ConnectPinned(ctx, t.Pair.TargetURL()); last != nil {
				c = nil
				return false, nil
			}
		}
		var got string
		got, last = rig.Text(ctx, c, fmt.Sprintf("SELECT count(*) FROM public.marker WHERE n = %d", n))
		return got == "1", nil
	})
	if err != nil {
		return fmt.Errorf("the marker did not arrive: %w", errors.Join(err, last))
	}
	return nil
}

// Aside has a table leave the job, changes it, and has it join again. It is no part of the history; Judge compares it.
func (t *Trial) Aside(ctx context.Context) error {
	t.aside = true
	return errors.Join(
		t.Source(ctx, "CREATE TABLE aside (id int PRIMARY KEY, v int)", "INSERT INTO aside SELECT g, 0 FROM generate_series(1, 200) g"),
		t.command(ctx, "remove", "public.aside"),
		t.Source(ctx, "UPDATE aside SET v = 1 WHERE id % 2 = 0", "ALTER TABLE aside ADD w text", "DELETE FROM aside WHERE id > 150"),
		t.command(ctx, "add", "public.aside"),
		t.Source(ctx, "UPDATE aside SET w = 'x' WHERE id % 3 = 0", "DELETE FROM aside WHERE id % 10 = 7"))
}

// command gives floe one; nobody answers while what should is being ended.
func (t *Trial) command(ctx context.Context, args ...string) error {
	var last rig.Result
	err := rig.Until(ctx, func() (bool, error) {
		var err error
		last, err = t.Client(ctx, args...)
		return last.Code == 0, err
	})
	if err != nil {
		return fmt.Errorf("floe %v ended with code %d: %s: %w", args, last.Code, last.Stderr, err)
	}
	return nil
}

// Loaded waits until every table is.
func (t *Trial) Loaded(ctx context.Context) error { return t.Synced(ctx, 3*time.Minute) }

// Judge compares all tables, and what was seen of the target with the source's history. All that was
// committed must have arrived.
func (t *Trial) Judge(ctx context.Context) (history.Report, error) {
	w := t.watch
	t.watch = nil
	if err := w.Settled(ctx); err != nil {
		w.Abandon()
		return history.Report{}, fmt.Errorf("tables that were loaded again: %w", err)
	}
	err := workload.Equal(ctx, t.Pair, t.others()...)
	report, herr := w.End(ctx)
	return report, errors.Join(err, herr)
}

// others are tables beside the workload's.
func (t *Trial) others() []ident.Name {
	if t.aside {
		return []ident.Name{aside}
	}
	return nil
}

// Close ends the job and drops its databases; keep leaves its folder, with the log.
func (t *Trial) Close(keep bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if t.watch != nil {
		t.watch.Abandon()
	}
	err := errors.Join(t.Stop(ctx), t.Pair.Drop(ctx))
	if keep {
		return err
	}
	return errors.Join(err, os.RemoveAll(t.Dir))
}
