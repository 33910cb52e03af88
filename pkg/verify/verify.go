// Package verify compares every selected table of a source with its copy on a target: all columns, by
// the text form that floe carries, from one snapshot on each side. The servers count and hash; rows
// travel only where a table differs, and only those that do.
//
// The two snapshots are not of one moment. The caller makes sure that the copy is in sync and that
// nothing writes meanwhile (floe wait, an idle source); otherwise what is under way shows as differences.
// Verifying changes nothing on either side.
package verify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"

	"golang.org/x/sync/errgroup"
)

// Config says what to compare.
type Config struct {
	Source, Target pg.Config
	Includes       func(ident.Name) bool   // source tables; nil means all
	Filter         func(ident.Name) string // conditions on rows of the source; nil means none
	// Columns are lists that columns of tables are compared by; nil compares all.
	Columns func(ident.Name) []string
	// Known are the definitions of the job's log: a table in them keeps the condition and the list that it has there,
	// whatever it is called now. Nil goes by the names of today.
	Known   []catalog.Definition
	Mapping *ident.Mapping
	// Differences bounds how many different rows are looked up in each table; 0 means 10.
	Differences int
	// Encoding is what the source's texts are in, if its database does not say.
	Encoding string
	// Told is told of each table when it was compared, and how many of how many are; nil for nobody. What
	// it is given stays as it is.
	Told func(t *Table, done, of int)
	Log  *slog.Logger
}

// Run compares the tables one after another. An error means that it could not compare; that the copy
// differs is in the Result.
func Run(ctx context.Context, c Config) (*Result, error) {
	if c.Differences == 0 {
		c.Differences = 10
	}
	v := &verification{Config: c}
	defer v.close(context.WithoutCancel(ctx))
	if err := v.begin(ctx); err != nil {
		return nil, err
	}
	db, err := catalog.ReadSelection(ctx, v.source.conn, catalog.Selection{Tables: v.Includes, Filter: v.Filter})
	if err != nil {
		return nil, fmt.Errorf("verify: source: %w", err)
	}
	db = db.Narrow(catalog.Selection{Filter: v.Filter, Columns: v.Columns}, catalog.NewDatabase(db.Version, v.Known))
	result := &Result{}
	defs := slices.DeleteFunc(slices.Clone(db.Tables()), func(d *catalog.TableDef) bool { return d.PartitionOf != nil }) // compared with its root
	for i, def := range defs {
		start := time.Now()
		t, err := v.table(ctx, def)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", def.Name, err)
		}
		result.Tables = append(result.Tables, *t)
		if v.Told != nil {
			v.Told(t, i+1, len(defs))
		}
		if v.Log != nil {
			v.Log.Info("table compared", "table", t.Source.String(), "rows", t.SourceRows, "equal", t.Equal(), "took", time.Since(start))
		}
	}
	return result, nil
}

// verification is one run: a session with an open snapshot on each side.
type verification struct {
	Config
	source, target side
}

// begin opens both snapshots, at about the same moment.
func (v *verification) begin(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return v.source.begin(ctx, v.Source, "source") })
	g.Go(func() error { return v.target.begin(ctx, v.Target, "target") })
	return g.Wait()
}

func (v *verification) close(ctx context.Context) {
	v.source.close(ctx)
	v.target.close(ctx)
}

// table compares one table.
func (v *verification) table(ctx context.Context, def *catalog.TableDef) (*Table, error) {
	t := &Table{Source: def.Name, Target: v.Mapping.Table(def.Name)}
	if def.Unlogged && def.PartitionKey == "" {
		t.Skipped = "unlogged: its changes are not in the WAL"
		return t, nil
	}
	if def.List != nil && len(def.List.Unknown) > 0 {
		t.Problem = "the job lists columns that the source's table does not have: " + strings.Join(def.List.Unknown, ", ")
		return t, nil
	}
	there, err := v.target.describe(ctx, t.Target)
	if err != nil || there == nil {
		t.Problem = "the target has no such table"
		return t, err
	}
	p, problem := v.pair(def, there)
	if problem != "" {
		t.Problem = problem
		return t, nil
	}
	var a, b digest
	err = both(ctx, func(ctx context.Context) (err error) {
		a, err = v.source.digest(ctx, &p.source)
		return err
	}, func(ctx context.Context) (err error) {
		b, err = v.target.digest(ctx, &p.target)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.SourceRows, t.TargetRows, t.hashed = a.Rows, b.Rows, a.Sum == b.Sum
	if !t.Equal() {
		err = v.search(ctx, p, t)
	}
	return t, err
}

// both asks the two sides at once.
func both(ctx context.Context, source, target func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := source(ctx); err != nil {
			return fmt.Errorf("source: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		if err := target(ctx); err != nil {
			return fmt.Errorf("target: %w", err)
		}
		return nil
	})
	return g.Wait()
}
