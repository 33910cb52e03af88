package structure

import (
	"os"
	"path/filepath"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

func TestMappedStructureStandsUnderItsNewNames(t *testing.T) {
	t.Parallel()
	if pgtest.Shared(t).Version() < 12 {
		t.Skip("the script has generated columns, which came with PostgreSQL 12")
	}
	text, err := os.ReadFile(filepath.Join("testdata", "mapping.txt"))
	if err != nil {
		t.Fatal(err)
	}
	s := parseScript(string(text))
	p := newPair(t, parseOptions(t, s.options), []string{s.sql}, nil)
	wantCodes(t, p.all(), "constraint late_n_check on public.late: "+CodeCutOver, "function public.count_src(): "+CodeMappedName)
	p.exec(`INSERT INTO "Dst S"."dst.t" ("the val", "group") VALUES ('x', 0)`)
	p.wantValue(`SELECT "ID" || twice FROM "Dst S"."dst.t"`, `1x"val"0`)
	p.wantValue(`SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE contype = 'f' AND convalidated AND conrelid = 'dw.item'::regclass`, "fk,fk2,item_up_fkey")
	got := read(t, p.target, catalog.Selection{Everything: true})
	dst := got.Table(ident.Name{Schema: "Dst S", Name: "dst.t"})
	if dst == nil || len(dst.Keys) != 3 || dst.Identity().Columns[0] != "ID" {
		t.Fatalf("the target has %+v", dst)
	}
	want := map[string]ident.Name{"src_id_seq": {Schema: "Dst S", Name: "src_id_seq"}, "item_id_seq": {Schema: "dw", Name: "item_id_seq"}}
	for _, name := range Sequences(p.db, p.options.Mapping) {
		if want[name.Name] != name {
			t.Errorf("sequence %s", name)
		}
		delete(want, name.Name)
	}
	if len(want) != 0 {
		t.Errorf("no target name of %v", want)
	}
}

func TestAChildWhoseColumnsAreNamedApartStandsAlone(t *testing.T) {
	t.Parallel()
	rule, err := ident.ParseRule("public.ip", "public.up", map[string]string{"a": "aa"})
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, Options{Mapping: ident.NewMapping([]ident.Rule{rule})},
		[]string{`CREATE TABLE ip (id int PRIMARY KEY, a int); CREATE TABLE ic (c int) INHERITS (ip)`}, nil)
	wantCodes(t, p.all(), "table public.ic: "+CodeMappedName)
	p.wantValue("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'public.ic'::regclass AND attnum > 0", "id,a,c")
}
