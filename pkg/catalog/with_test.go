package catalog

import (
	"fmt"
	"strings"
	"testing"

	"floe/pkg/ident"
)

func named(oid uint32, name string, b Body) Definition {
	return define(oid, ident.Name{Schema: "s", Name: name}, b)
}

func orderOf(db *Database) string {
	var out []string
	for _, d := range db.Definitions {
		out = append(out, fmt.Sprintf("%s/%d/%s", d.Kind, d.OID, d.Name.Name))
	}
	return strings.Join(out, " ")
}

func TestAChangeReplacesJoinsAndDrops(t *testing.T) {
	t.Parallel()
	table := func(oid uint32, name string) Definition {
		return named(oid, name, &TableDef{Name: ident.Name{Schema: "s", Name: name}, OID: oid})
	}
	db := NewDatabase(150000, []Definition{named(1, "e", &EnumDef{}), table(2, "a"), table(3, "b"), named(4, "i", &IndexDef{})})
	before := orderOf(db)
	// An index may have the oid of a constraint: kinds tell them apart.
	got := db.With([]Definition{table(3, "b2"), named(5, "f", &EnumDef{}), table(6, "c"), named(4, "n", &ConstraintDef{})}, []Ref{table(2, "a").Ref(), {Kind: KindIndex, OID: 99}})
	if want := "enum/1/e enum/5/f table/3/b2 index/4/i table/6/c constraint/4/n"; orderOf(got) != want {
		t.Errorf("%s, want %s", orderOf(got), want)
	}
	if got.Version != 150000 || got.Table(ident.Name{Schema: "s", Name: "b"}) != nil || got.Table(ident.Name{Schema: "s", Name: "b2"}) == nil {
		t.Error("tables are not found by their new names")
	}
	if orderOf(db) != before || db.Table(ident.Name{Schema: "s", Name: "a"}) == nil {
		t.Error("what was valid before changed")
	}
	if got := NewDatabase(0, nil).With([]Definition{table(1, "a"), named(2, "e", &EnumDef{})}, nil); orderOf(got) != "enum/2/e table/1/a" {
		t.Error(orderOf(got))
	}
}
