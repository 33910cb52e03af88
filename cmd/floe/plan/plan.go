// Package plan tells what a job would do before it does anything: what is made, loaded and left out on
// the target and why, what changes on the source, how much there is to load, and the rights that suffice.
// It reads both catalogs and changes nothing.
//
// What becomes of objects is what applier/structure plans from the same definitions, so that a plan
// cannot promise what the applier would not do.
package plan

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/applier/structure"
	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/ident"
	"floe/pkg/job"
)

// Plan is what a job would do.
type Plan struct {
	Job    string  `json:"job"`
	Begun  bool    `json:"begun"` // the target has the job's position
	Tables []Table `json:"tables"`
	// Kinds counts the other objects that are made, by kind.
	Kinds map[string]int `json:"kinds"`
	// LeftOut are objects and tables that the target does not get as the source has them.
	LeftOut []LeftOut `json:"left_out"`
	// Identity are the statements that capture runs on the source so that changes tell rows apart.
	Identity []string `json:"replica_identity"`
	Estimate Estimate `json:"estimate"`
	Rights   Rights   `json:"rights"`
}

// Table is what becomes of one table; partitions come with their root.
type Table struct {
	Source string `json:"source"`
	Target string `json:"target"`
	Action string `json:"action"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Key    string `json:"key"` // empty: rows are told apart by all columns
	Filter string `json:"filter,omitempty"`
	// Columns are those that it is copied with, Left those that stay behind; both empty if the job lists none.
	Columns []string `json:"columns,omitempty"`
	Left    []string `json:"left,omitempty"`
}

// The actions.
const (
	Create = "create"
	Into   = "load into it" // it is there, and on_existing is proceed
	Use    = "use"          // it has to be there: structure is not initialised
	Absent = "is missing"   // it would have to be there
	Taken  = "blocked"      // it is there, and on_existing is block
	Copied = "in the job"   // it is there, and the job has begun
)

// LeftOut is an object that is not copied as it is, and why.
type LeftOut struct {
	Object string `json:"object"`
	Reason string `json:"reason"`
}

// Estimate is how much there is. Rates are assumptions: what a load reaches depends on both servers.
type Estimate struct {
	Rows    int64         `json:"rows"`
	Bytes   int64         `json:"bytes"`
	Load    time.Duration `json:"load_ns"`
	WALRate int64         `json:"wal_bytes_per_second"` // of the source just now
	WAL     int64         `json:"wal_bytes_during_load"`
}

// Begun reports whether the target has the job's position; dst is nil if there is no target to ask.
func Begun(ctx context.Context, j *job.Job, dst *pgx.Conn) (begun bool, err error) {
	if dst == nil {
		return false, nil
	}
	if err = dst.QueryRow(ctx, "SELECT to_regclass('floe.checkpoint') IS NOT NULL").Scan(&begun); err == nil && begun {
		err = dst.QueryRow(ctx, "SELECT EXISTS (SELECT FROM floe.checkpoint WHERE job = $1)", j.Name).Scan(&begun)
	}
	if err != nil {
		return false, fmt.Errorf("ask the target whether the job has begun: %w", err)
	}
	return begun, nil
}

// Make reads both sides; dst is nil if there is no target to ask. The tables are those that the job includes.
func Make(ctx context.Context, j *job.Job, includes func(ident.Name) bool, src, dst *pgx.Conn) (*Plan, error) {
	before, err := walEnd(ctx, src)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	db, err := catalog.ReadSelection(ctx, src, catalog.Selection{Tables: includes, Schema: j.Schema, Everything: j.Everything(), Filter: j.Filter, Columns: j.Columns})
	if err != nil {
		return nil, err
	}
	p := &Plan{Job: j.Name, Kinds: map[string]int{}, Tables: []Table{}, LeftOut: []LeftOut{}, Identity: []string{}}
	there, o, err := onTarget(ctx, j, dst)
	if err != nil {
		return nil, err
	}
	if p.Begun, err = Begun(ctx, j, dst); err != nil {
		return nil, err
	}
	sizes, err := measure(ctx, src, db)
	if err != nil {
		return nil, err
	}
	p.tables(j, db, there, sizes)
	p.objects(j, db, o)
	if !j.Objects.KeepIdentity {
		p.Identity = append(p.Identity, identities(db)...)
	}
	if p.Rights, err = rights(ctx, j, db, src, dst); err != nil {
		return nil, err
	}
	return p, p.estimate(ctx, j, src, before, began)
}

// onTarget are the relations of the target, and what its server is.
func onTarget(ctx context.Context, j *job.Job, dst *pgx.Conn) (map[ident.Name]bool, structure.Options, error) {
	o := structure.Options{Mapping: j.Mapping(), Unsupported: structure.Policy(j.Init.Unsupported)}
	if dst == nil {
		return nil, o, nil
	}
	rows, err := dst.Query(ctx, `SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`)
	if err != nil {
		return nil, o, fmt.Errorf("list the target's tables: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	if err != nil {
		return nil, o, fmt.Errorf("list the target's tables: %w", err)
	}
	if err := dst.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&o.TargetVersion); err != nil {
		return nil, o, fmt.Errorf("ask the target for its version: %w", err)
	}
	if o.Target, err = dialect.Of(ctx, dst); err != nil {
		return nil, o, fmt.Errorf("ask the target what it is: %w", err)
	}
	there := make(map[ident.Name]bool, len(list))
	for _, n := range list {
		there[n] = true
	}
	return there, o, nil
}

func (p *Plan) tables(j *job.Job, db *catalog.Database, there map[ident.Name]bool, sizes map[ident.Name]sized) {
	m := j.Mapping()
	for _, t := range db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		to := m.Table(t.Name)
		out := Table{Source: t.Name.String(), Target: to.String(), Action: action(j, there, to, p.Begun), Rows: sizes[t.Name].rows, Bytes: sizes[t.Name].bytes, Filter: t.Filter}
		if k := db.Key(t); k != nil {
			out.Key = columnList(k.Columns)
		}
		if t.List != nil {
			out.Columns = t.List.Columns
			for _, c := range t.List.Left {
				out.Left = append(out.Left, c.Name)
			}
			p.listed(t)
		}
		p.Tables = append(p.Tables, out)
		if t.Unlogged {
			p.LeftOut = append(p.LeftOut, LeftOut{"rows of " + t.Name.String(), "it is unlogged: its changes are in no WAL"})
		}
	}
}

// listed tells what goes with the columns that the job leaves out.
func (p *Plan) listed(t *catalog.TableDef) {
	for _, c := range t.List.Left {
		p.LeftOut = append(p.LeftOut, LeftOut{"column " + ident.Quote(c.Name) + " of " + t.Name.String(), "the job does not list it"})
	}
	for _, what := range t.List.Without {
		p.LeftOut = append(p.LeftOut, LeftOut{what, "it names a column that the job does not list"})
	}
	if t.List.Fault != "" {
		p.LeftOut = append(p.LeftOut, LeftOut{t.Name.String(), "the job's columns are refused: " + t.List.Fault})
	}
}

func action(j *job.Job, there map[ident.Name]bool, to ident.Name, begun bool) string {
	switch {
	case there[to] && begun:
		return Copied
	case there[to] && j.Init.SkipStructure:
		return Use
	case there[to] && j.Proceed:
		return Into
	case there[to]:
		return Taken
	case j.Init.SkipStructure && there != nil:
		return Absent
	case j.Init.SkipStructure:
		return Use
	}
	return Create
}

// objects are what structure makes of the definitions.
func (p *Plan) objects(j *job.Job, db *catalog.Database, o structure.Options) {
	if j.Init.SkipStructure {
		return
	}
	for _, d := range db.Definitions {
		if d.Kind != catalog.KindTable {
			p.Kinds[string(d.Kind)]++
		}
	}
	script := structure.Plan(db, o)
	for _, f := range script.Facts {
		if f.State == structure.LeftOut || f.State == structure.Changed {
			p.LeftOut = append(p.LeftOut, LeftOut{f.Object, f.Reason})
		}
	}
	for _, list := range [][]structure.Statement{script.Before, script.After, script.CutOver} {
		for _, s := range list {
			if s.Refused != "" {
				p.LeftOut = append(p.LeftOut, LeftOut{s.Object, s.Refused})
			}
		}
	}
}
