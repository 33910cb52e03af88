package catalog

import (
	"testing"

	"floe/pkg/ident"
)

// A type that shows names is found under arrays, and domains over domains; what is like one only by name is none.
func TestTypesThatShowNamesOfObjects(t *testing.T) {
	t.Parallel()
	domain := func(schema, name, base string) Definition {
		return Definition{Kind: KindDomain, Name: ident.Name{Schema: schema, Name: name}, Body: &DomainDef{Base: base}}
	}
	db := NewDatabase(0, []Definition{domain("public", "d", "regclass[]"), domain("s 2", "e", "public.d"), domain("public", "f", `"s 2".e`), domain("public", "regx", "text")})
	for typ, want := range map[ident.Name]string{
		{Schema: "pg_catalog", Name: "_regtype"}: "regtype", {Schema: "pg_catalog", Name: "oid"}: "", {Schema: "public", Name: "f"}: "regclass",
		{Schema: "public", Name: "_e"}: "", {Schema: "s 2", Name: "_e"}: "regclass", {Schema: "public", Name: "regx"}: "", {Schema: "public", Name: "regclass"}: "",
	} {
		if got := naming(typ, NewDatabase(0, nil), db); got != want {
			t.Errorf("%s shows names as %q, want %q", typ, got, want)
		}
	}
}
