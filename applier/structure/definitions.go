package structure

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"floe/pkg/catalog"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// holdings compares the definitions that the target was made by, as floe.definition has them, with those
// valid now. Every Epoch brings all of them again: bodies are read only where their hashes differ.
type holdings struct {
	tx           pgx.Tx
	job, applier string
	known        map[string]held
	now          []entry // in the order of the database
	changed      []entry // what of it is to be written
}

// held is a row of floe.definition without its body. One that left the selection is kept, out of sight:
// what happened to it meanwhile is found when it comes back. It has no hash if a command on the source had it leave.
type held struct {
	Kind catalog.Kind
	OID  uint32
	Hash string
	Left bool
}

// entry is a definition in its stored form.
type entry struct {
	catalog.Definition
	body, hash string
}

func key(kind catalog.Kind, oid uint32) string { return fmt.Sprintf("%s/%d", kind, oid) }

func keyOf(d catalog.Definition) string { return key(d.Kind, d.OID) }

// hold reads what is stored.
func hold(ctx context.Context, tx pgx.Tx, job, applier string, now *catalog.Database) (*holdings, error) {
	h := &holdings{tx: tx, job: job, applier: applier, known: map[string]held{}}
	rows, err := tx.Query(ctx, `SELECT kind, oid, hash, out_of_selection FROM floe.definition WHERE job = $1 AND applier = $2`, job, applier)
	if err != nil {
		return nil, fmt.Errorf("read floe.definition: %w", err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[held])
	if err != nil {
		return nil, fmt.Errorf("read floe.definition: %w", err)
	}
	for _, k := range got {
		h.known[key(k.Kind, k.OID)] = k
	}
	for _, d := range now.Definitions {
		body, err := catalog.Encode(d)
		if err != nil {
			return nil, err
		}
		e := entry{d, body, hash(body)}
		h.now = append(h.now, e)
		if k, ok := h.known[keyOf(d)]; !ok || k.Hash != e.hash || k.Left {
			h.changed = append(h.changed, e)
		}
	}
	return h, nil
}

// missing are the stored definitions in sight that now has no more.
func (h *holdings) missing() []held {
	return slices.DeleteFunc(h.absent(), func(k held) bool { return k.Left })
}

// absent are the stored definitions that now has not.
func (h *holdings) absent() []held {
	seen := make(map[string]bool, len(h.now))
	for _, e := range h.now {
		seen[keyOf(e.Definition)] = true
	}
	var out []held
	for k, v := range h.known {
		if !seen[k] {
			out = append(out, v)
		}
	}
	return out
}

// was is the database that the target was made by: unchanged definitions are taken from now.
func (h *holdings) was(ctx context.Context, gone []catalog.Ref) (*catalog.Database, error) {
	want := h.missing()
	for _, r := range gone {
		if k, ok := h.known[key(r.Kind, r.OID)]; ok && k.Left {
			want = append(want, k)
		}
	}
	for _, e := range h.changed {
		if k, ok := h.known[keyOf(e.Definition)]; ok {
			want = append(want, k)
		}
	}
	bodies, err := h.bodies(ctx, want)
	if err != nil {
		return nil, err
	}
	if err := h.withParts(ctx, bodies); err != nil {
		return nil, err
	}
	var defs []catalog.Definition
	for _, e := range h.now {
		k := keyOf(e.Definition)
		if d, ok := bodies[k]; ok {
			defs = append(defs, d)
			delete(bodies, k)
		} else if _, ok := h.known[k]; ok {
			defs = append(defs, e.Definition)
		}
	}
	var rest []catalog.Definition
	for _, d := range bodies {
		rest = append(rest, d)
	}
	slices.SortFunc(rest, earlier)
	return catalog.NewDatabase(0, append(defs, rest...)), nil
}

// withParts adds to the bodies what tables that come back had when they left, and have no more: the target has
// it still.
func (h *holdings) withParts(ctx context.Context, bodies map[string]catalog.Definition) error {
	back := map[ident.Name]bool{}
	for k, d := range bodies {
		if h.known[k].Left && d.Kind == catalog.KindTable {
			back[d.Name] = true
		}
	}
	if len(back) == 0 {
		return nil
	}
	var out []held
	for k, v := range h.known {
		if _, has := bodies[k]; v.Left && !has {
			out = append(out, v)
		}
	}
	left, err := h.bodies(ctx, out)
	if err != nil {
		return err
	}
	for k, d := range left {
		if back[hangsOn(d)] {
			bodies[k] = d
		}
	}
	return nil
}

func (h *holdings) bodies(ctx context.Context, of []held) (map[string]catalog.Definition, error) {
	kinds, oids := make([]string, len(of)), make([]uint32, len(of))
	for i, k := range of {
		kinds[i], oids[i] = string(k.Kind), k.OID
	}
	rows, err := h.tx.Query(ctx, `SELECT kind, body FROM floe.definition WHERE job = $1 AND applier = $2
		AND (kind, oid) IN (SELECT k, o FROM unnest($3::text[], $4::oid[]) u(k, o))`, h.job, h.applier, kinds, oids)
	if err != nil {
		return nil, fmt.Errorf("read floe.definition: %w", err)
	}
	out := map[string]catalog.Definition{}
	var kind catalog.Kind
	var body string
	_, err = pgx.ForEachRow(rows, []any{&kind, &body}, func() error {
		d, err := catalog.Decode(kind, body)
		if err == nil {
			out[keyOf(d)] = d
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read floe.definition: %w", err)
	}
	return out, nil
}

// taken are the tables, with what hangs on them, that floe made and whose place is another's: they left the selection by a
// command on the source, and another one has their name now; or they were partitions of a table that is selected without
// them, maybe after it was out of the selection itself, so that they left it. What the source has there is what the
// target is to have.
func (h *holdings) taken(ctx context.Context) ([]catalog.Ref, error) {
	bodies, err := h.bodies(ctx, h.absent())
	if err != nil || len(bodies) == 0 {
		return nil, err
	}
	stands, err := h.stands(ctx)
	if err != nil {
		return nil, err
	}
	names := map[ident.Name]bool{}
	for _, e := range h.now {
		names[e.Name] = names[e.Name] || e.Kind == catalog.KindTable
	}
	goes := map[ident.Name]bool{}
	for more := true; more; { // a partition's partitions with it
		more = false
		for k, d := range bodies {
			b, ok := d.Body.(*catalog.TableDef)
			parted := ok && b.PartitionOf != nil && (stands[b.PartitionOf.Parent] || goes[b.PartitionOf.Parent])
			byCommand := h.known[k].Left && h.known[k].Hash == ""
			if !ok || goes[d.Name] || !parted && !(byCommand && names[d.Name]) {
				continue
			}
			if goes[d.Name], err = Made(ctx, h.tx, h.job, h.applier, d.OID); err != nil {
				return nil, err
			}
			more = more || goes[d.Name]
		}
	}
	var out []catalog.Ref
	for _, d := range bodies {
		if d.Kind == catalog.KindTable && goes[d.Name] || goes[hangsOn(d)] {
			out = append(out, d.Ref())
		}
	}
	slices.SortFunc(out, func(a, b catalog.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.OID, b.OID)) })
	return out, nil
}

// stands are the tables that are valid now and that the target has, by the names that they had when it was last changed.
func (h *holdings) stands(ctx context.Context) (map[ident.Name]bool, error) {
	out, changed := map[ident.Name]bool{}, map[string]bool{}
	var were []held
	for _, e := range h.changed {
		changed[keyOf(e.Definition)] = true
		if k, ok := h.known[keyOf(e.Definition)]; ok && k.Kind == catalog.KindTable {
			were = append(were, k)
		}
	}
	bodies, err := h.bodies(ctx, were)
	if err != nil {
		return nil, err
	}
	for _, d := range bodies {
		out[d.Name] = true
	}
	for _, e := range h.now {
		if e.Kind == catalog.KindTable && !changed[keyOf(e.Definition)] {
			out[e.Name] = true
		}
	}
	return out, nil
}

// store makes floe.definition say what now says. What is gone goes; what else is missing has left the
// selection.
func (h *holdings) store(ctx context.Context, gone func(held) bool, left []catalog.Ref) error {
	var kinds, bodies, hashes []string
	var oids []uint32
	for _, e := range h.changed {
		kinds, oids = append(kinds, string(e.Kind)), append(oids, e.OID)
		bodies, hashes = append(bodies, e.body), append(hashes, e.hash)
	}
	batch := &pgx.Batch{}
	if len(kinds) > 0 {
		batch.Queue(`INSERT INTO floe.definition AS d (job, applier, kind, oid, hash, body)
			SELECT $1, $2, u.* FROM unnest($3::text[], $4::oid[], $5::text[], $6::text[]) u(kind, oid, hash, body)
			ON CONFLICT (job, applier, kind, oid) DO UPDATE SET hash = excluded.hash, body = excluded.body, out_of_selection = false`,
			h.job, h.applier, kinds, oids, hashes, bodies)
	}
	for _, k := range h.absent() {
		if gone(k) {
			batch.Queue(`DELETE FROM floe.definition WHERE job = $1 AND applier = $2 AND kind = $3 AND oid = $4`, h.job, h.applier, k.Kind, k.OID)
		} else if !k.Left {
			byCommand := slices.ContainsFunc(left, func(r catalog.Ref) bool { return r.Kind == k.Kind && r.OID == k.OID })
			batch.Queue(`UPDATE floe.definition SET out_of_selection = true, hash = CASE WHEN $5 THEN '' ELSE hash END WHERE job = $1 AND applier = $2 AND kind = $3 AND oid = $4`,
				h.job, h.applier, k.Kind, k.OID, byCommand)
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := h.tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write floe.definition: %w", err)
	}
	return nil
}
