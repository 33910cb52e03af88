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

// Follow makes the target hold what now, the complete set of definitions valid here, says: it changes
// what was made by earlier ones, drops what is in gone, and installs what is new, all inside tx. What is
// neither in now nor gone has left the selection and stays as it is. A target that has no definitions
// stored is one of an older floe, or new: nothing of it is changed.
//
// The caller runs Finish behind it for tables that are loaded.
func Follow(ctx context.Context, tx pgx.Tx, job, applier string, now *catalog.Database, gone []catalog.Ref, o Options, i InstallOptions) (*Script, Report, error) {
	if err := clash(now, o.Mapping); err != nil {
		return nil, Report{}, err
	}
	h, err := hold(ctx, tx, job, applier, now)
	if err != nil {
		return nil, Report{}, err
	}
	if err := h.regroup(ctx, now); err != nil {
		return nil, Report{}, err
	}
	script := (*Script)(nil)
	if len(h.known) == 0 || len(h.changed) == 0 && len(h.missing()) == 0 {
		script = Plan(now, o)
	} else {
		taken, err := h.taken(ctx)
		if err != nil {
			return nil, Report{}, err
		}
		gone = slices.Concat(gone, taken)
		was, err := h.was(ctx, gone)
		if err != nil {
			return nil, Report{}, err
		}
		script = Diff(was, now, gone, o)
	}
	report, err := follow(ctx, tx, job, applier, script, i)
	if err != nil {
		return nil, report, err
	}
	return script, report, h.store(ctx, func(k held) bool { return script.dropped(k) }, i.Left)
}

// dropped reports whether a stored definition is one that the script saw go.
func (s *Script) dropped(k held) bool {
	return s.gone[key(k.Kind, k.OID)] || s.Renumbered[key(k.Kind, k.OID)] != ""
}

// follow runs a script that may change what stands.
func follow(ctx context.Context, tx pgx.Tx, job, applier string, script *Script, o InstallOptions) (Report, error) {
	if err := settle(ctx, tx); err != nil {
		return Report{}, err
	}
	again, err := refusals(ctx, tx, job, applier, script)
	if err != nil {
		return Report{}, err
	}
	if err := renumberRecords(ctx, tx, job, applier, script.Renumbered); err != nil {
		return Report{}, err
	}
	j, err := open(ctx, tx, job, applier, slices.Concat(script.Drops, script.Renames, script.Before, script.Awaited, again.changes, again.drops))
	if err != nil {
		return Report{}, err
	}
	in := &installation{runner: runner{tx: tx, journal: j, twins: &twins{tx: tx}, together: 64, anew: o.Anew}, o: o, joined: map[ident.Name]bool{}}
	in.report.Facts = slices.Clone(script.Facts)
	if err := j.planned(ctx, script.Facts); err != nil {
		return Report{}, err
	}
	j.ended = append(j.ended, again.moot...)
	in.recorded(script.Before)
	if err := in.part(ctx, script.Drops); err != nil {
		return Report{}, err
	}
	if err := in.renew(ctx, script); err != nil {
		return Report{}, err
	}
	if err := in.part(ctx, script.Renames); err != nil {
		return Report{}, err
	}
	if err := in.tables(ctx, script.Before); err != nil {
		return Report{}, err
	}
	if err := in.part(ctx, append(again.changes, script.Before...)); err != nil {
		return Report{}, err
	}
	if len(again.drops) > 0 {
		if err := in.run(ctx, again.drops); err != nil {
			return Report{}, err
		}
	}
	if err := in.missing(ctx, script.Before); err != nil {
		return Report{}, err
	}
	return in.report, j.close(ctx)
}

// part runs what of some steps is to be run.
func (in *installation) part(ctx context.Context, stmts []Statement) error {
	if len(stmts) == 0 {
		return nil
	}
	todo, err := in.pending(ctx, stmts)
	if err != nil || len(todo) == 0 {
		return err
	}
	return in.run(ctx, todo)
}

// renew ends the records of steps that no longer hold, and writes down those that are awaited.
func (in *installation) renew(ctx context.Context, script *Script) error {
	j := in.journal
	if err := j.forget(ctx, script.Obsolete); err != nil {
		return err
	}
	for _, s := range script.Awaited {
		if State(j.known[s.ID].State) != Relaxed { // by this very change, when it was tried before
			j.add(s, Awaited, "", "")
		}
	}
	if in.o.SkipStructure {
		for _, s := range slices.Concat(script.Renames, script.Before, script.After) {
			if script.fresh[s.ID] {
				if _, ok := j.known[s.ID]; !ok {
					j.add(s, Awaited, "", "")
				}
			}
		}
	}
	if err := j.restate(ctx, script.Restated); err != nil {
		return err
	}
	return j.close(ctx)
}

// forget deletes records.
func (j *journal) forget(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := j.tx.Exec(ctx, `DELETE FROM floe.object WHERE job = $1 AND applier = $2 AND id = ANY($3::text[])`, j.job, j.applier, ids); err != nil {
		return fmt.Errorf("write floe.object: %w", err)
	}
	for _, id := range ids {
		delete(j.known, id)
	}
	return nil
}

// renumberRecords gives the records of objects (kind/oid, or schema/name) their new IDs.
func renumberRecords(ctx context.Context, tx pgx.Tx, job, applier string, to map[string]string) error {
	if len(to) == 0 {
		return nil
	}
	var old, now []string
	for a, b := range to {
		old, now = append(old, a), append(now, b)
	}
	// Two that swap names would meet halfway: all go aside first.
	for _, sql := range []string{
		`UPDATE floe.object o SET id = '>' || u.new || substr(o.id, length(u.old) + 1) FROM unnest($3::text[], $4::text[]) u(old, new)
			WHERE o.job = $1 AND o.applier = $2 AND (o.id = u.old OR starts_with(o.id, u.old || '/'))`,
		`UPDATE floe.object o SET id = substr(o.id, 2) FROM unnest($3::text[], $4::text[]) u(old, new)
			WHERE o.job = $1 AND o.applier = $2 AND (o.id = '>' || u.new OR starts_with(o.id, '>' || u.new || '/'))`} {
		if _, err := tx.Exec(ctx, sql, job, applier, old, now); err != nil {
			return fmt.Errorf("write floe.object: %w", err)
		}
	}
	return nil
}

// restate writes the records of steps that stay done under another text or name.
func (j *journal) restate(ctx context.Context, stmts []Statement) error {
	if len(stmts) == 0 {
		return nil
	}
	var ids, objects, hashes, targets []string
	for _, s := range stmts {
		if r, ok := j.known[s.ID]; ok {
			r.Hash = hash(s.SQL)
			j.known[s.ID] = r
		}
		ids, objects, hashes, targets = append(ids, s.ID), append(objects, s.Object), append(hashes, hash(s.SQL)), append(targets, s.relation())
	}
	_, err := j.tx.Exec(ctx, `UPDATE floe.object o SET object = u.object, hash = u.hash, target = u.target
		FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) u(id, object, hash, target)
		WHERE o.job = $1 AND o.applier = $2 AND o.id = u.id`, j.job, j.applier, ids, objects, hashes, targets)
	if err != nil {
		return fmt.Errorf("write floe.object: %w", err)
	}
	return nil
}

// Retry runs again, inside tx, what of changes the target refused: a table that has been loaded since may allow it.
func Retry(ctx context.Context, tx pgx.Tx, job, applier string, script *Script) (Report, error) {
	again, err := refusals(ctx, tx, job, applier, &Script{standing: script.standing})
	if err != nil || len(again.changes) == 0 {
		return Report{}, err
	}
	if err := settle(ctx, tx); err != nil {
		return Report{}, err
	}
	j, err := open(ctx, tx, job, applier, again.changes)
	if err != nil {
		return Report{}, err
	}
	in := &installation{runner: runner{tx: tx, journal: j, twins: &twins{tx: tx}}, joined: map[ident.Name]bool{}}
	if in.used, err = usedTables(ctx, tx, job, applier); err != nil {
		return Report{}, err
	}
	if err := in.part(ctx, again.changes); err != nil {
		return Report{}, err
	}
	return in.report, j.close(ctx)
}

// refused is what the target refused before, and is tried again. A drop is moot when something else of the
// source bears the name by now.
type refused struct {
	changes, drops []Statement
	moot           []string
}

// refusals leaves out what the script says something newer of.
func refusals(ctx context.Context, tx pgx.Tx, job, applier string, script *Script) (again refused, err error) {
	rows, err := tx.Query(ctx, `SELECT id, object, source FROM floe.object WHERE job = $1 AND applier = $2 AND state = 'failed'
		AND (id LIKE '%/change/%' OR id LIKE '%/drop') AND source <> '' ORDER BY id`, job, applier)
	if err != nil {
		return again, fmt.Errorf("read floe.object: %w", err)
	}
	newer := map[string]bool{}
	for _, s := range slices.Concat(script.Drops, script.Renames, script.Before) {
		newer[s.ID] = true
	}
	var s Statement
	_, err = pgx.ForEachRow(rows, []any{&s.ID, &s.Object, &s.SQL}, func() error {
		object, _ := parted(s.ID)
		s.Alters, s.Optional = object+"/create", true
		switch dropped := strings.HasSuffix(s.ID, "/drop"); {
		case newer[s.ID]:
		case dropped && script.standing[s.SQL]:
			again.moot = append(again.moot, s.ID)
		case dropped:
			again.drops = append(again.drops, s)
		default:
			again.changes = append(again.changes, s)
		}
		return nil
	})
	if err != nil {
		return again, fmt.Errorf("read floe.object: %w", err)
	}
	return again, nil
}
