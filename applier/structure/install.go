package structure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// InstallOptions are the job's choices about what the target has already.
type InstallOptions struct {
	// Proceed uses tables that exist as they are; without it they are a halt.
	Proceed bool
	// SkipStructure creates nothing: all tables must be there.
	SkipStructure bool
	// Anew are tables of the source of which every row is loaded again, with the target's tables: their rows
	// may go where a new key needs it.
	Anew map[ident.Name]ident.Name
	// Left are objects that the selection has no more since a command on the source, such as a rename: where another
	// one comes under the name of a table among them, the table that floe made goes.
	Left []catalog.Ref
}

// Install runs what of script.Before is not recorded yet, inside tx, and records it. floe.object must
// exist (EnsureTable). The caller commits or rolls back; a halt leaves tx to be rolled back.
func Install(ctx context.Context, tx pgx.Tx, job, applier string, script *Script, o InstallOptions) (Report, error) {
	return follow(ctx, tx, job, applier, script, o)
}

// Finish runs the steps whose Tables are all loaded and that are not recorded yet, inside tx. Steps of
// tables that were there already are not run: they are used as they are.
func Finish(ctx context.Context, tx pgx.Tx, job, applier string, stmts []Statement, loaded func(ident.Name) bool) (Report, error) {
	var ready []Statement
	for _, s := range stmts {
		if !slices.ContainsFunc(s.Tables, func(t ident.Name) bool { return !loaded(t) }) {
			ready = append(ready, s)
		}
	}
	if len(ready) == 0 {
		return Report{}, nil
	}
	if err := settle(ctx, tx); err != nil {
		return Report{}, err
	}
	j, err := open(ctx, tx, job, applier, ready)
	if err != nil {
		return Report{}, err
	}
	in := &installation{runner: runner{tx: tx, journal: j, twins: &twins{tx: tx}}, joined: map[ident.Name]bool{}}
	if in.used, err = usedTables(ctx, tx, job, applier); err != nil {
		return Report{}, err
	}
	todo, err := in.pending(ctx, ready)
	if err != nil {
		return Report{}, err
	}
	if err := in.run(ctx, todo); err != nil {
		return Report{}, err
	}
	return in.report, j.close(ctx)
}

// installation is one run of Install or Finish.
type installation struct {
	runner
	o    InstallOptions
	used map[ident.Name]bool // source tables whose counterpart was on the target before
	// joined are the partitions that become the owner's tables'.
	joined map[ident.Name]bool
}

// recorded finds the tables that are recorded as used.
func (in *installation) recorded(stmts []Statement) {
	in.used = map[ident.Name]bool{}
	for _, s := range stmts {
		if r := in.journal.known[s.ID]; s.Creates.Name != "" && (State(r.State) == Existing || State(r.State) == Covered) {
			in.used[s.Table] = true
		}
	}
}

// tables finds which tables of the script are on the target without being recorded as made.
func (in *installation) tables(ctx context.Context, stmts []Statement) error {
	var unknown []Statement
	for _, s := range stmts {
		if s.Creates.Name != "" && s.Alters == "" && !in.journal.known[s.ID].done() {
			unknown = append(unknown, s)
		}
	}
	targets := make([]ident.Name, len(unknown))
	for i, s := range unknown {
		targets[i] = s.Creates
	}
	there, err := relations(ctx, in.tx, targets)
	if err != nil {
		return err
	}
	var found, absent []string
	for _, s := range unknown {
		if there[s.Creates] {
			in.used[s.Table] = true
			found = append(found, s.Creates.String())
		} else if State(in.journal.known[s.ID].State) != Awaited {
			absent = append(absent, s.Creates.String())
		}
	}
	switch {
	case in.o.SkipStructure && len(absent) > 0 && !in.covered(unknown, there):
		return halt.New(halt.TargetTableMissing, "create them, or let floe do it: init.structure.enabled: true",
			"the job creates no structure and the target lacks %s", strings.Join(absent, ", "))
	case !in.o.SkipStructure && !in.o.Proceed && len(found) > 0:
		return halt.New(halt.TargetTableExists, "rename or drop them, map the names (objects.mapping), or set on_existing: proceed",
			"the target has tables of these names already: %s", strings.Join(found, ", "))
	}
	return nil
}

// covered reports whether every absent table is a partition of one that is there: the target may be
// partitioned differently.
func (in *installation) covered(unknown []Statement, there map[ident.Name]bool) bool {
	for _, s := range unknown {
		if !there[s.Creates] && !in.isUsed(s) {
			return false
		}
	}
	return true
}

func (in *installation) isUsed(s Statement) bool {
	return slices.ContainsFunc(s.Within, func(t ident.Name) bool { return in.used[t] })
}

// pending leaves out what is recorded, what belongs to a table that was there, and schemas that are.
func (in *installation) pending(ctx context.Context, stmts []Statement) ([]Statement, error) {
	schemas, err := schemata(ctx, in.tx)
	if err != nil {
		return nil, err
	}
	var out []Statement
	for _, s := range stmts {
		r := in.journal.known[s.ID]
		name, isSchema := strings.CutPrefix(s.ID, "schema/")
		switch {
		case s.Alters != "":
			if in.alters(s) {
				out = append(out, s)
			}
		case r.done():
			if State(r.State) == Created && !isSchema && r.Hash != hash(s.SQL) {
				in.report.Facts = append(in.report.Facts, Fact{ID: s.ID, Object: s.Object, State: Changed, Code: CodeChanged,
					Reason: "its definition changed on the source since it was made here", Source: s.SQL})
			}
		case isSchema && schemas[name]:
			in.journal.add(s, Existing, "", "")
		case s.Creates.Name != "" && in.used[s.Table]:
			in.report.Facts = append(in.report.Facts, in.journal.add(s, Existing, "", "the table was there and is used as it is"))
		case State(r.State) == Awaited:
			out = append(out, s)
		case in.o.SkipStructure:
		case in.isUsed(s):
			joins, err := in.joins(ctx, s)
			if err != nil {
				return nil, err
			}
			if joins {
				chosen := *s.Joins
				chosen.chosen, s.Joins = true, &chosen
				out = append(out, s)
				continue
			}
			in.journal.add(s, Covered, "", "")
		default:
			out = append(out, s)
		}
	}
	return out, nil
}

// joins reports whether a partition that the target lacks can be one of the owner's table there.
func (in *installation) joins(ctx context.Context, s Statement) (bool, error) {
	if s.Joins == nil || in.used[s.Table] {
		return false, nil
	}
	if in.joined[s.Joins.Source] {
		in.joined[s.Table] = true
		return true, nil
	}
	if !in.used[s.Joins.Source] {
		return false, nil
	}
	var same bool
	err := in.tx.QueryRow(ctx, `SELECT coalesce((SELECT pg_get_partkeydef(oid) = $2 FROM pg_class WHERE oid = to_regclass($1) AND relkind = 'p'), false)`,
		s.Joins.Parent.SQL(), s.Joins.Key).Scan(&same)
	if err != nil {
		return false, fmt.Errorf("look how %s is partitioned: %w", s.Joins.Parent, err)
	}
	if same {
		in.joined[s.Table] = true
	}
	return same, nil
}

// alters reports whether there is something for a change to change: what floe never made will be made by
// its new definition, and what was there before floe is not dropped. Of a table that was there all else
// follows, as far as it has it.
func (in *installation) alters(s Statement) bool {
	r := in.journal.known[s.Alters]
	stood := State(r.State) == Existing || State(r.State) == Covered
	switch {
	case strings.HasSuffix(s.ID, "/drop") && s.Table.Name == "":
		if stood || in.o.SkipStructure && r.State == "" {
			in.report.Facts = append(in.report.Facts, in.journal.add(s, Existing, CodeDropped, "the source dropped it; it was on the target before floe, and stays"))
		}
		return State(r.State) == Created
	case r.done():
		return r.Code != CodeDiffers
	}
	return in.o.SkipStructure || in.isUsed(s)
}

// missing finds the selected columns that existing tables lack.
func (in *installation) missing(ctx context.Context, stmts []Statement) error {
	var used []Statement
	var targets []ident.Name
	for _, s := range stmts {
		if s.Creates.Name != "" && in.used[s.Table] {
			used, targets = append(used, s), append(targets, s.Creates)
		}
	}
	if len(used) == 0 {
		return nil
	}
	found, err := columns(ctx, in.tx, targets)
	if err != nil {
		return err
	}
	in.report.Missing = Missing{}
	for _, s := range used {
		t := found[s.Creates]
		if t == nil {
			continue // a partition that the target does not have
		}
		for _, c := range s.Columns {
			if !t[c.Target] {
				in.report.Missing[s.Table] = append(in.report.Missing[s.Table], c.Source)
			}
		}
		if cols := in.report.Missing[s.Table]; len(cols) > 0 {
			in.report.Facts = append(in.report.Facts, Fact{ID: s.ID, Object: s.Object, State: LeftOut, Code: CodeMissing,
				Reason: fmt.Sprintf("the target's table has no column for %s; they are left out", strings.Join(cols, ", "))})
		}
	}
	return nil
}
