package structure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/halt"
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

// What the mapping would make one of two is a halt before a row of either is written, whatever brought it.
func TestNamesThatTheMappingMakesOneHalt(t *testing.T) {
	t.Parallel()
	rule, err := ident.ParseRule("public.a", "public.b", map[string]string{"x": "y"})
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		`ALTER TABLE a ADD y int`:                              `columns "x" and "y" of public.a would both be "y"`,
		`ALTER TABLE a RENAME z TO y`:                          `columns "x" and "y" of public.a would both be "y"`,
		`CREATE TABLE b (id int PRIMARY KEY)`:                  `tables public.a and public.b would both be public.b`,
		`ALTER TABLE c RENAME TO b`:                            `tables public.a and public.b would both be public.b`,
		`ALTER TABLE a RENAME TO d; CREATE TABLE b ()`:         "",
		`ALTER TABLE a RENAME x TO w; ALTER TABLE a ADD y int`: "",
	} {
		p := newPair(t, Options{Mapping: ident.NewMapping([]ident.Rule{rule})}, []string{`CREATE TABLE a (id int PRIMARY KEY, x int, z int); CREATE TABLE c (id int PRIMARY KEY)`}, nil)
		p.db = nil
		if _, err := p.follow(InstallOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, skip := range []bool{true, false} { // a halt leaves the target as it was
			_, err := p.change(sql, InstallOptions{SkipStructure: skip, Proceed: true})
			h := halt.As(err)
			switch {
			case want == "" && err != nil:
				t.Errorf("%s: %v", sql, err)
			case want != "" && (h == nil || h.Code != halt.StructureChanged || !strings.Contains(h.Detail, want) || !strings.Contains(h.Fix, "objects.mapping")):
				t.Errorf("%s: %v, want that %s", sql, err, want)
			}
			sql = "SELECT"
		}
	}
}
