package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"floe/e2e/rig"
	"floe/e2e/scenario"
	"floe/pkg/ident"
)

// native is PostgreSQL's own logical replication: a publication and a subscription, the structure
// copied with pg_dump.
type native struct{}

type nativeRun struct {
	task
	done chan struct{} // closed when the subscription was made or was refused
	err  error
}

var errNative = errors.New("native replication has no such thing")

func (native) start(ctx context.Context, t task) (run, error) {
	if len(t.Maps) > 0 || len(t.Filters) > 0 {
		return nil, errNative
	}
	r := &nativeRun{task: t, done: make(chan struct{})}
	if err := r.structure(ctx); err != nil {
		return nil, err
	}
	tables := "ALL TABLES"
	if len(t.Select) > 0 {
		names := []string{"TABLE " + t.marker}
		for _, n := range t.Select {
			names = append(names, n.SQL())
		}
		tables = strings.Join(names, ", ")
	}
	if err := t.pair.Source.Exec(ctx, t.pair.Name, "CREATE PUBLICATION "+ident.Quote(t.job)+" FOR "+tables); err != nil {
		return nil, err
	}
	go func() {
		defer close(r.done)
		r.err = t.pair.Target.Exec(ctx, t.pair.Name, fmt.Sprintf("CREATE SUBSCRIPTION %[1]s CONNECTION %[2]s PUBLICATION %[1]s",
			ident.Quote(t.job), ident.Literal(t.pair.SourceURL())))
	}()
	return r, nil
}

// structure copies every definition. What the target has already is refused there and stays.
func (r *nativeRun) structure(ctx context.Context) error {
	dump := exec.CommandContext(ctx, r.pair.Source.Program("pg_dump"), "-s", "--no-publications", "-d", r.pair.SourceURL())
	text, err := dump.Output()
	if err != nil {
		return fmt.Errorf("pg_dump: %w", err)
	}
	psql := exec.CommandContext(ctx, r.pair.Target.Program("psql"), "-qX", "-d", r.pair.TargetURL())
	psql.Stdin = bytes.NewReader(text)
	out, err := psql.CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql: %w\n%s", err, out)
	}
	return nil
}

func (r *nativeRun) synced(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
	}
	if r.err != nil {
		return r.err
	}
	c, err := rig.ConnectPinned(ctx, r.pair.TargetURL())
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	return rig.Until(ctx, func() (bool, error) {
		left, err := rig.Text(ctx, c, `SELECT count(*) FROM pg_catalog.pg_subscription_rel WHERE srsubstate <> 'r'`)
		return left == "0", err
	})
}

func (r *nativeRun) ended() error {
	select {
	case <-r.done:
		return r.err
	default:
		return nil
	}
}

func (r *nativeRun) refused() bool                                  { return false }
func (native) found(context.Context, task, string, string) error    { return errNative }
func (r *nativeRun) command(context.Context, scenario.Action) error { return errNative }

// stopped asks the server how often the subscription failed; it begins again for ever (from 15 on).
func (r *nativeRun) stopped(ctx context.Context) (string, error) {
	c, err := rig.ConnectPinned(ctx, r.pair.TargetURL())
	if err != nil {
		return "", err
	}
	defer c.Close(ctx)
	return rig.Text(ctx, c, "SELECT s.apply_error_count, s.sync_error_count FROM pg_catalog.pg_stat_subscription_stats s"+
		" WHERE s.subname = "+ident.Literal(r.job)+" AND s.apply_error_count + s.sync_error_count > 2")
}

// stop leaves the slot to whoever drops the source database.
func (r *nativeRun) stop(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
	}
	if r.err != nil {
		return nil // there is no subscription
	}
	name := ident.Quote(r.job)
	return r.pair.Target.Exec(ctx, r.pair.Name, "ALTER SUBSCRIPTION "+name+" DISABLE",
		"ALTER SUBSCRIPTION "+name+" SET (slot_name = NONE)", "DROP SUBSCRIPTION "+name)
}

// tail is what the target's server says of this database; its log is shared.
func (r *nativeRun) tail() string {
	text, err := os.ReadFile(r.pair.Target.LogFile())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}
