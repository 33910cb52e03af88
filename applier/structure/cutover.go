package structure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// CutOver makes what waits for the moment when the target takes over, inside tx: what could refuse on a copy
// what the source accepted, what would have fired on floe's own work, what was let go (Relax) and what was
// disabled (Quiet). No applier of the job may work any more. What the target refuses is reported and tried
// again by the next CutOver; what is done is recorded, and done once.
func CutOver(ctx context.Context, tx pgx.Tx, job, applier string, o Options, i InstallOptions) (Report, error) {
	db, err := Held(ctx, tx, job, applier)
	if err != nil {
		return Report{}, err
	}
	if err := settle(ctx, tx); err != nil {
		return Report{}, err
	}
	o.ForeignKeysLast = true // those that are made already are recorded
	p := planned(o.translated(db), o)
	steps := slices.Concat(p.out.After, p.out.CutOver)
	back := p.letGo()
	j, err := open(ctx, tx, job, applier, append(slices.Clone(back), steps...))
	if err != nil {
		return Report{}, err
	}
	in := &installation{runner: runner{tx: tx, journal: j, twins: &twins{tx: tx}}, o: i, joined: map[ident.Name]bool{}}
	if in.used, err = usedTables(ctx, tx, job, applier); err != nil {
		return Report{}, err
	}
	steps = slices.DeleteFunc(steps, func(s Statement) bool { return State(j.known[s.ID].State) == Relaxed })
	if err := in.part(ctx, append(in.relaxed(back), steps...)); err != nil {
		return Report{}, err
	}
	if err := in.enable(ctx, p); err != nil {
		return Report{}, err
	}
	in.report.Facts = slices.DeleteFunc(in.report.Facts, func(f Fact) bool { return f.State == Changed }) // NOT VALID here
	return in.report, j.close(ctx)
}

// Held are the definitions that the target was made by.
func Held(ctx context.Context, tx pgx.Tx, job, applier string) (*catalog.Database, error) {
	h, err := hold(ctx, tx, job, applier, catalog.NewDatabase(0, nil))
	if err != nil {
		return nil, err
	}
	return h.was(ctx, nil)
}

// letGo are the steps that make again what Relax may have let go. Rows that break a check leave it NOT VALID,
// so that it holds for what is written from now on, as on the source.
func (p *planner) letGo() []Statement {
	var out []Statement
	lazily := func(s Statement) Statement {
		if !strings.HasSuffix(s.SQL, " NOT VALID") {
			s.SQL = inside(s.SQL + "; EXCEPTION WHEN check_violation THEN " + s.SQL + " NOT VALID;")
		}
		s.Optional, s.Tables = true, nil
		return s
	}
	for _, d := range p.db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.DomainDef:
			for _, c := range b.Checks {
				if s, ok := letGo(d, b, c.Name); ok {
					out = append(out, lazily(s))
				}
			}
			if s, ok := letGo(d, b, ""); ok {
				s.Optional = true
				out = append(out, s)
			}
		case *catalog.ConstraintDef:
			made := id(d.Kind, d.OID, "create")
			i := slices.IndexFunc(p.out.After, func(s Statement) bool { return s.ID == made })
			if b.Type == catalog.Check && i >= 0 {
				out = append(out, lazily(p.out.After[i]))
			}
		}
	}
	return out
}

// relaxed keeps the steps that Relax let go, or that the last cut-over could not make, and has them run.
func (in *installation) relaxed(steps []Statement) []Statement {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s Statement) bool {
		state := State(in.journal.known[s.ID].State)
		return state != Relaxed && (state != Failed || !strings.HasPrefix(s.ID, string(catalog.KindDomain)+"/"))
	})
	for _, s := range steps {
		in.journal.known[s.ID] = record{ID: s.ID, State: string(Failed)}
	}
	return steps
}

// enable enables the triggers that Quiet disabled, unless the source has disabled them since, and what partitions
// that came later have of them, which came disabled.
func (in *installation) enable(ctx context.Context, p *planner) error {
	j := in.journal
	rows, err := in.tx.Query(ctx, `WITH RECURSIVE quiet AS (
			SELECT o.id, o.object, g.oid FROM floe.object o LEFT JOIN pg_catalog.pg_trigger g ON g.oid::text = split_part(o.id, '/', 2)
			WHERE o.job = $1 AND o.applier = $2 AND o.id LIKE 'trigger/%/quiet' AND o.state = 'disabled'),
		parts(oid) AS (
			SELECT oid FROM quiet WHERE oid IS NOT NULL
			UNION SELECT d.objid FROM parts JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.refclassid = d.classid AND d.refobjid = parts.oid)
		SELECT x.id, x.object, coalesce(n.nspname::text, ''), coalesce(c.relname::text, ''), coalesce(g.tgname::text, '') FROM (
			SELECT id, object, oid FROM quiet
			UNION ALL SELECT 'trigger/' || g.oid || '/quiet', format('trigger %I on %s', g.tgname, g.tgrelid::pg_catalog.regclass), g.oid
			FROM parts JOIN pg_catalog.pg_trigger g USING (oid) WHERE g.tgenabled = 'D' AND NOT EXISTS (SELECT FROM quiet q WHERE q.oid = g.oid)) x
		LEFT JOIN (pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) ON g.oid = x.oid
		ORDER BY x.id`, j.job, j.applier)
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	var steps []Statement
	var s Statement
	var table ident.Name
	var name string
	asleep := p.asleep()
	_, err = pgx.ForEachRow(rows, []any{&s.ID, &s.Object, &table.Schema, &table.Name, &name}, func() error {
		if s.SQL = ""; name != "" && !asleep[keyName{table, name}] {
			s.SQL = "ALTER TABLE ONLY " + table.SQL() + " ENABLE TRIGGER " + ident.Quote(name)
		}
		steps = append(steps, s)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	if _, err := in.tx.Exec(ctx, "SAVEPOINT floe_step"); err != nil {
		return fmt.Errorf("set a savepoint: %w", err)
	}
	for _, s := range steps {
		if s.SQL == "" {
			j.ended = append(j.ended, s.ID)
			continue
		}
		why, err := in.try(ctx, s.SQL)
		if err != nil {
			return fmt.Errorf("enable %s: %w", s.Object, err)
		}
		if why != nil {
			in.report.Facts = append(in.report.Facts, Fact{ID: s.ID, Object: s.Object, State: Failed, Code: why.Code, Reason: why.Message, Source: s.SQL})
			continue
		}
		in.report.Created++
		j.ended = append(j.ended, s.ID)
	}
	return nil
}

// asleep are the triggers that the source has disabled, by their names on the target: in their tables, and in
// partitions that have no state of their own.
func (p *planner) asleep() map[keyName]bool {
	out := map[keyName]bool{}
	for _, kind := range []catalog.Kind{catalog.KindTrigger, catalog.KindTriggerState} {
		for _, d := range p.db.Definitions {
			b, ok := d.Body.(*catalog.TextDef)
			if !ok || b.Table == nil || d.Kind != kind {
				continue
			}
			disabled := b.Enabled == "D"
			out[keyName{p.relation(*b.Table), d.Name.Name}] = disabled
			for _, leaf := range p.db.Tables() {
				if disabled && kind == catalog.KindTrigger && slices.Contains(p.within(leaf), *b.Table) {
					out[keyName{p.table(leaf.Name), d.Name.Name}] = true
				}
			}
		}
	}
	return out
}
