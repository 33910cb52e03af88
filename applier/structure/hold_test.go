package structure

import (
	"context"
	"fmt"
	"testing"
	"time"

	"floe/pkg/catalog"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// Every Epoch brings all definitions again: with thousands of tables and no change, comparing them reads
// no body and costs little.
func TestUnchangedDefinitionsAreComparedByTheirHashes(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TABLE t (id int PRIMARY KEY, a int, b text, c numeric(10,2))`}, nil)
	var defs []catalog.Definition
	for i := range 5000 {
		for _, d := range p.db.Definitions {
			name := ident.Name{Schema: "public", Name: fmt.Sprintf("%s%d", d.Name.Name, i)}
			n := d
			n.OID, n.Name = d.OID+uint32(i)*10, name
			switch b := d.Body.(type) {
			case *catalog.TableDef:
				c := *b
				c.Name, c.OID, n.Body = name, n.OID, &c
			case *catalog.ConstraintDef:
				c := *b
				c.Table.Name, n.Body = fmt.Sprintf("t%d", i), &c
			default:
				continue
			}
			defs = append(defs, n)
		}
	}
	db := catalog.NewDatabase(0, defs)
	_, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		if err := EnsureTable(ctx, tx); err != nil {
			return Report{}, err
		}
		for _, want := range []int{len(defs), 0} {
			began := time.Now()
			h, err := hold(ctx, tx, "job", "main", db)
			if err != nil {
				return Report{}, err
			}
			took := time.Since(began)
			if len(h.changed) != want || len(h.missing()) != 0 {
				t.Errorf("%d of %d changed, %d missing", len(h.changed), want, len(h.missing()))
			}
			if err := h.store(ctx, func(held) bool { return false }, nil); err != nil {
				return Report{}, err
			}
			t.Logf("compared in %s, stored in %s", took, time.Since(began)-took)
		}
		return Report{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
