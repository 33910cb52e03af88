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

// regroup follows tables into and out of tables of the target's owner that are not divided as the source's are.
func (h *holdings) regroup(ctx context.Context, now *catalog.Database) error {
	if !slices.ContainsFunc(h.changed, func(e entry) bool { return e.Kind == catalog.KindTable }) {
		return nil
	}
	if err := h.enclose(ctx, now); err != nil {
		return err
	}
	return h.loosen(ctx, now)
}

// loosen has partitions that an owner's table covered, and which left it on the source, be tables of their own that are
// new here: what is recorded of them, and of what hangs on them, is of rows that lay elsewhere.
func (h *holdings) loosen(ctx context.Context, now *catalog.Database) error {
	covered, err := oidsOf(ctx, h.tx, `SELECT substring(id from '^table/(\d+)/create$')::oid FROM floe.object WHERE job = $1 AND applier = $2
		AND id LIKE 'table/%/create' AND state = 'covered'`, h.job, h.applier)
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	loose := map[ident.Name]bool{}
	for _, t := range now.Tables() {
		if covered[t.OID] && covered[now.Root(t).OID] {
			loose[t.Name] = true
		}
	}
	return h.renew(ctx, loose, Covered)
}

// enclose drops tables that floe made and that are partitions now of an owner's table which has none: their rows are
// loaded into that.
func (h *holdings) enclose(ctx context.Context, now *catalog.Database) error {
	var oids, roots []uint32
	for _, t := range now.Tables() {
		if root := now.Root(t); root != t {
			oids, roots = append(oids, t.OID), append(roots, root.OID)
		}
	}
	rows, err := h.tx.Query(ctx, `SELECT u.t, o.target FROM unnest($3::oid[], $4::oid[]) u(t, root)
		JOIN floe.object o ON o.job = $1 AND o.applier = $2 AND o.id = 'table/' || u.t || '/create' AND o.state = 'created'
		JOIN floe.object r ON r.job = $1 AND r.applier = $2 AND r.id = 'table/' || u.root || '/create' AND r.state = 'existing'
		JOIN pg_catalog.pg_class c ON c.oid = r.relation AND c.relkind = 'r' WHERE EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = o.relation)`, h.job, h.applier, oids, roots)
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	enclosed := map[ident.Name]bool{}
	var oid uint32
	var target string
	drop := "DROP TABLE IF EXISTS "
	_, err = pgx.ForEachRow(rows, []any{&oid, &target}, func() error {
		for _, t := range now.Tables() {
			enclosed[t.Name] = enclosed[t.Name] || t.OID == oid
		}
		drop += target + ", "
		return nil
	})
	if err != nil || len(enclosed) == 0 {
		return err
	}
	if _, err := h.tx.Exec(ctx, strings.TrimSuffix(drop, ", ")); err != nil {
		return &halt.Error{Code: halt.StructureChanged, Detail: "a table became a part of one that the target does not divide, and the target's cannot be dropped",
			Fix: "on the target, drop or change what depends on it and is not floe's, then start again", Err: err}
	}
	return h.renew(ctx, enclosed, Created)
}

// renew forgets tables, with what hangs on them, as they were made or found: what is valid now is new here.
func (h *holdings) renew(ctx context.Context, tables map[ident.Name]bool, state State) error {
	var keys []string
	for _, e := range h.now {
		if e.Kind != catalog.KindTable || !tables[e.Name] {
			if !tables[hangsOn(e.Definition)] {
				continue
			}
		}
		k := keyOf(e.Definition)
		keys = append(keys, k)
		delete(h.known, k)
		if !slices.ContainsFunc(h.changed, func(c entry) bool { return keyOf(c.Definition) == k }) {
			h.changed = append(h.changed, e)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	_, err := h.tx.Exec(ctx, `DELETE FROM floe.object WHERE job = $1 AND applier = $2 AND state = $4 AND substring(id from '^[^/]+/[^/]+') = ANY ($3::text[])`, h.job, h.applier, keys, state)
	if err != nil {
		return fmt.Errorf("write floe.object: %w", err)
	}
	return nil
}
