package structure

import (
	"context"
	"fmt"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// trigger is one that would fire on rows that floe writes, on a table of the target or a partition of it.
type trigger struct {
	Table   ident.Name
	Name    string
	Enabled string // pg_trigger.tgenabled: O, A, R
	Key     string // the foreign key that it enforces; empty for a user's trigger
	OID     uint32
}

func (t *trigger) object() string {
	if t.Key != "" {
		return "foreign key " + ident.Quote(t.Key) + " on " + t.Table.String()
	}
	return "trigger " + ident.Quote(t.Name) + " on " + t.Table.String()
}

// Quiet keeps the target's triggers from firing on rows that floe writes (design.md A6). In replica role
// (replica) only those that their owner made ENABLE ALWAYS or REPLICA fire; these stay, and are reported.
// Without the right to that role the others are disabled, which floe.object remembers for the cut-over.
func Quiet(ctx context.Context, tx pgx.Tx, job, applier string, script *Script, replica bool) (Report, error) {
	triggers, err := firing(ctx, tx, script.targets(), replica)
	if err != nil {
		return Report{}, fmt.Errorf("look for triggers on the target: %w", err)
	}
	j := &journal{tx: tx, job: job, applier: applier, known: map[string]record{}}
	r := runner{tx: tx, journal: j}
	if _, err := tx.Exec(ctx, "SAVEPOINT floe_step"); err != nil {
		return Report{}, fmt.Errorf("set a savepoint: %w", err)
	}
	for i := range triggers {
		if err := r.quiet(ctx, &triggers[i]); err != nil {
			return Report{}, err
		}
	}
	if _, err := tx.Exec(ctx, "RELEASE SAVEPOINT floe_step"); err != nil {
		return Report{}, fmt.Errorf("release the savepoint: %w", err)
	}
	return r.report, j.close(ctx)
}

// quiet disables one trigger, or says why it goes on firing.
func (r *runner) quiet(ctx context.Context, t *trigger) error {
	s := Statement{ID: fmt.Sprintf("trigger/%d/quiet", t.OID), Object: t.object(), SQL: "ALTER TABLE " + t.Table.SQL() + " DISABLE TRIGGER " + ident.Quote(t.Name)}
	fact := func(state State, code, reason string) {
		r.report.Facts = append(r.report.Facts, r.journal.add(s, state, code, reason))
	}
	switch {
	case t.Key != "":
		fact(Existing, CodeFires, "it is checked while tables are between two states, for floe may not set session_replication_role; drop it until the cut-over, or give the right")
		return nil
	case t.Enabled != "O":
		fact(Existing, CodeFires, "it fires on the rows that floe writes, for its owner enabled it for replicas")
		return nil
	}
	why, err := r.try(ctx, s.SQL)
	switch {
	case err != nil:
		return fmt.Errorf("disable %s: %w", t.object(), err)
	case why != nil:
		fact(Failed, why.Code, "it fires on the rows that floe writes and cannot be disabled: "+why.Message)
	default:
		fact(Disabled, CodeCutOver, "disabled, for floe may not set session_replication_role; the cut-over enables it")
	}
	return nil
}

// targets are the tables of the script, by their names on the target.
func (s *Script) targets() []ident.Name {
	var out []ident.Name
	for _, st := range s.Before {
		if st.Creates.Name != "" {
			out = append(out, st.Creates)
		}
	}
	return out
}

// firing finds the triggers that would fire for rows, on the tables and all their partitions.
func firing(ctx context.Context, q Queryer, names []ident.Name, replica bool) ([]trigger, error) {
	schemas, tables := split(names)
	enabled := []string{"O", "A"}
	if replica {
		enabled = []string{"R", "A"}
	}
	rows, err := q.Query(ctx, `WITH RECURSIVE t AS (
			SELECT c.oid FROM unnest($1::text[], $2::text[]) u(s, t)
				JOIN pg_catalog.pg_namespace n ON n.nspname = u.s JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = u.t
			UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN t ON t.oid = i.inhparent JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p')
		SELECT n.nspname::text, c.relname::text, g.tgname::text, g.tgenabled::text, coalesce(k.conname::text, ''), g.oid
		FROM t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_catalog.pg_constraint k ON k.oid = g.tgconstraint AND k.contype = 'f' AND k.conparentid = 0
		WHERE g.tgenabled::text = ANY($3::text[]) AND (NOT g.tgisinternal OR k.oid IS NOT NULL)
		ORDER BY 1, 2, k.conname, g.tgname`, schemas, tables, enabled)
	if err != nil {
		return nil, err
	}
	var out []trigger
	t := trigger{}
	_, err = pgx.ForEachRow(rows, []any{&t.Table.Schema, &t.Table.Name, &t.Name, &t.Enabled, &t.Key, &t.OID}, func() error {
		if n := len(out); t.Key != "" && n > 0 && out[n-1].Key == t.Key && out[n-1].Table == t.Table { // a key has several
			return nil
		}
		out = append(out, t)
		return nil
	})
	return out, err
}
