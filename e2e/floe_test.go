package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"floe/e2e/rig"
	"floe/e2e/scenario"
	"floe/pkg/ident"
)

// floe is the product: `floe dev` with the embedded broker.
type floe struct{ bin string }

type floeRun struct {
	*rig.Floe
	task
}

func (f floe) start(_ context.Context, t task) (run, error) {
	p, err := rig.NewFloe(f.bin, t.dir, jobOf(t))
	if err != nil {
		return nil, err
	}
	return &floeRun{p, t}, p.Start()
}

// jobOf writes the scenario's header as a job.
func jobOf(t task) rig.Job {
	j := rig.Job{Name: t.job, Source: rig.Endpoint{URL: t.pair.SourceURL()}, Target: rig.Endpoint{URL: t.pair.TargetURL()}}
	if len(t.Select) == 0 {
		j.Objects.Database = true
	} else {
		j.Objects.Include = append(rig.Names(t.Select...), t.marker)
	}
	for _, m := range t.Maps {
		columns := map[string]string{}
		for _, pair := range m.Columns {
			columns[ident.Quote(pair[0])] = ident.Quote(pair[1])
		}
		j.Objects.Mapping = append(j.Objects.Mapping, rig.Mapping{From: m.From.String(), To: m.To.String(), Columns: columns})
	}
	for _, f := range t.Filters {
		j.Objects.Filters = append(j.Objects.Filters, rig.Filter{Table: f.Table.String(), Where: f.Where, Columns: f.Columns})
	}
	if t.Mode == scenario.Proceed {
		j.Existing = "proceed"
	}
	return j
}

func (r *floeRun) synced(ctx context.Context) error { return r.Synced(ctx, patience) }
func (r *floeRun) ended() error                     { return r.Ended() }
func (r *floeRun) stop(ctx context.Context) error   { return r.Stop(ctx) }
func (r *floeRun) tail() string                     { return r.Tail(3000) }

func (r *floeRun) refused() bool {
	var exit *rig.ExitError
	return errors.As(r.Ended(), &exit) && exit.Code == 3
}

func (r *floeRun) stopped(ctx context.Context) (string, error) {
	s, err := r.Status(ctx)
	return s.Stopped(), err
}

func (r *floeRun) command(ctx context.Context, a scenario.Action) error {
	result, err := r.Client(ctx, a.Verb, a.Table.String())
	if err == nil && result.Code != 0 {
		err = fmt.Errorf("ended with code %d: %s%s", result.Code, result.Stdout, result.Stderr)
	}
	return err
}

// found asks `floe check`.
func (f floe) found(ctx context.Context, t task, code, object string) error {
	p, err := rig.NewFloe(f.bin, t.dir, jobOf(t))
	if err != nil {
		return err
	}
	result, err := p.Run(ctx, "check", "-f", p.JobFile(), "-o", "json")
	if err != nil {
		return err
	}
	var report struct {
		Checks []struct{ Code, Severity, Object, Text, Cause, Fix string }
	}
	if err := json.Unmarshal([]byte(result.Stdout), &report); err != nil {
		return fmt.Errorf("floe check ended with code %d: %s%s", result.Code, result.Stdout, result.Stderr)
	}
	names := append(slices.Clone(codes[code]), code)
	var seen []string
	for _, c := range report.Checks {
		if c.Severity == "ok" || c.Severity == "skipped" {
			continue
		}
		if slices.Contains(names, c.Code) && strings.Contains(c.Object+c.Text+c.Cause, object) {
			return nil
		}
		seen = append(seen, c.Code+" "+c.Object)
	}
	return fmt.Errorf("none of %q for %q among what was found: %q", names, object, seen)
}
