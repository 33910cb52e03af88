package applier

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

// A partition of a range of text that is emptied or leaves is the target's only if both databases sort alike, or
// all is digits.
func TestRangesOfTextThatIsSortedOtherwise(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), "CREATE TABLE t (k text)", "INSERT INTO t VALUES ('202401'), (NULL)")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck
	db, err := catalog.Read(t.Context(), conn, func(ident.Name) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	root, leaf := ident.Name{Schema: "public", Name: "t"}, ident.Name{Schema: "public", Name: "leaf"}
	to := &render.Table{Name: root, Shape: &event.Table{Name: root, OID: 1, Columns: []event.Column{{Name: "k"}}}, Columns: []render.Column{{Name: "k"}}}
	for _, c := range []struct {
		name, order, bound, row string
		alike                   bool
	}{
		{"digits", "en_US.UTF-8", "FOR VALUES FROM ('202401') TO ('202402')", "", true},
		{"a bound of letters", "en_US.UTF-8", "FOR VALUES FROM ('202401') TO ('b')", "", false},
		{"no ranges of text", "", "FOR VALUES FROM ('202401') TO ('b')", "", true},
		{"the same order", "C", "FOR VALUES FROM ('202401') TO ('b')", "b", true},
		{"a key of letters", "en_US.UTF-8", "FOR VALUES FROM ('202401') TO (MAXVALUE)", "B", false},
	} {
		if c.row != "" {
			if _, err := conn.Exec(t.Context(), "INSERT INTO t VALUES ($1)", c.row); err != nil {
				t.Fatal(err)
			}
		}
		defs := []catalog.Definition{
			{Kind: catalog.KindTable, OID: 1, Name: root, Body: &catalog.TableDef{Name: root, OID: 1, PartitionKey: "RANGE (k)"}},
			{Kind: catalog.KindTable, OID: 2, Name: leaf, Body: &catalog.TableDef{Name: leaf, OID: 2, PartitionOf: &catalog.Partition{Parent: root, Bound: c.bound, Order: c.order}}},
		}
		s := session{db: &target.Session{Conn: conn, Version: db.Version}, known: known{valid: catalog.NewDatabase(0, defs)}}
		if err := s.sortsAlike(t.Context(), to, &event.Leaf{Name: leaf}); (err == nil) != c.alike {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
