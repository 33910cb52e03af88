package main

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/plan"
	"floe/pkg/console"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/precheck"
	"floe/pkg/verify"
)

// near is what the console of floe dev can do because the job's databases are at hand.
func (d *dev) near() console.Near {
	n := console.Near{File: func(ctx context.Context) ([]byte, error) { return fileNow(ctx, d.job, d.kafka) },
		Check: d.checks, Plan: d.plan, Verify: d.compare,
		Apply: d.app.applies(d.job, d.kafka), Present: func(ctx context.Context, names []ident.Name) error { return present(ctx, d.job, names) }}
	n.Alone, n.Discards = true, d.endpoint.Embedded
	n.CutOver, n.ResetPlan, n.Reset, n.ResetError = d.cutOver, d.resetPlan, d.resets, d.unreset
	n.Source, n.Target = place(d.job.Source), place(d.job.Target)
	return n
}

// place is where a database is, without credentials; empty if the job does not say.
func place(e job.Endpoint) string {
	if e.IsZero() {
		return ""
	}
	c, err := e.Config()
	if err != nil {
		return ""
	}
	return job.Place(c)
}

// fileNow is the job file that is true now.
func fileNow(ctx context.Context, j *job.Job, kafka []kgo.Opt) ([]byte, error) {
	sent, err := control.Read(ctx, kafka, j.Prefix())
	if err != nil {
		return nil, err
	}
	now, _ := truly(j, &sent.Wanted)
	return now.Text(), nil
}

func (d *dev) checks(ctx context.Context, told func(done, of int)) (*precheck.Report, error) {
	c := precheck.Config{Job: d.job, Known: d.app.defined(ctx, d.job), Embedded: d.endpoint.Embedded, Told: told}
	if !d.endpoint.Embedded {
		c.Kafka = d.kafka
	}
	if d.job.Kafka != nil {
		c.Place = strings.Join(d.job.Kafka.Brokers, ",")
	}
	return precheck.Run(ctx, c), ctx.Err()
}

// plan asks both servers.
func (d *dev) plan(ctx context.Context) (string, error) {
	var conns []*pgx.Conn
	for _, side := range []struct {
		name string
		at   job.Endpoint
	}{{"source", d.job.Source}, {"target", d.job.Target}} {
		c, err := ask(ctx, side.name, side.at)
		if err != nil {
			return "", err
		}
		defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck
		conns = append(conns, c)
	}
	p, err := plan.Make(ctx, d.job, d.job.Includes, conns[0], conns[1])
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = p.Write(&b)
	return b.String(), err
}

// compare compares tables of both databases, all that are selected if none is named.
func (d *dev) compare(ctx context.Context, tables []string, told func(*verify.Table, int, int)) error {
	j, selection := d.app.truth(ctx, d.job)
	includes, unmet, err := only(selection, tables)
	if err != nil {
		return err
	}
	c := verify.Config{Includes: includes, Filter: j.Filter, Columns: j.Columns, Known: d.app.defined(ctx, j), Encoding: j.Source.Encoding, Mapping: j.Mapping(), Told: told, Log: d.app.log}
	if c.Source, err = j.Source.Config(); err != nil {
		return err
	}
	if c.Target, err = j.Target.Config(); err != nil {
		return err
	}
	r, err := verify.Run(ctx, c)
	switch {
	case err != nil:
		return err
	case len(r.Tables) == 0:
		return errors.New("no table of that name is selected")
	}
	return unmet()
}
