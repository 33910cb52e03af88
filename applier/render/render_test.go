package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// shape reads "id*:int4 name:text": columns of pg_catalog types, those of the key starred, "-" absent on
// the target, "!" GENERATED ALWAYS.
func shape(spec string) *Table {
	s := &event.Table{Name: ident.Name{Schema: "public", Name: "t"}}
	t := &Table{Shape: s, Name: ident.Name{Schema: "public", Name: "t"}, Arbiter: true}
	for i, f := range strings.Fields(spec) {
		name, typ, _ := strings.Cut(f, ":")
		if bare := strings.TrimSuffix(name, "*"); bare != name {
			s.Key, name = append(s.Key, i), bare
		}
		c := Column{Type: ident.Name{Schema: "pg_catalog", Name: typ}}
		c.Name, c.Absent, c.Fixed = strings.Trim(name, "-!"), strings.HasSuffix(name, "-"), strings.HasSuffix(name, "!")
		s.Columns = append(s.Columns, event.Column{Name: c.Name})
		t.Columns = append(t.Columns, c)
	}
	return t
}

func all(t *Table, missing ...int) []bool {
	p := make([]bool, len(t.Columns))
	for i := range p {
		p[i] = true
	}
	for _, m := range missing {
		p[m] = false
	}
	return p
}

// The statements are the specification: read the difference when this fails.
func TestStatements(t *testing.T) {
	t.Parallel()
	cases := map[string]*Table{
		"int_key":       shape("id*:int4 name:text n:int8"),
		"numeric_key":   shape("id*:numeric v:varchar b:bit"),
		"composite_key": shape("a*:int4 v:text b*:text"),
		"only_key":      shape("id*:uuid"),
		"identity":      shape("id!*:int8 v:text"),
		"absent_column": shape("id*:int4 gone-:text v:text"),
		"no_arbiter":    shape("id*:int4 v:text"),
		"partitioned":   shape("id*:int4 v:text"),
		"no_key":        shape("a:int4 b:text"),
		"no_key_types":  shape("a:varchar gone-:text i!:int4 j:json"),
		"no_key_parts":  shape("a:int4 b:bytea"),
		"no_columns":    shape(""),
		"other_casts":   shape("id*:regclass v:text"),
		"no_key_casts":  shape("a:regclass b:bpchar"),
		"quoted":        shape("id*:int4 v:text"),
		"citext_key":    shape("id*:citext v:text"),
	}
	cases["no_arbiter"].Arbiter = false
	cases["no_key_parts"].Partitioned = true
	cases["partitioned"].Partitioned = true
	cases["quoted"].Name = ident.Name{Schema: `S "x`, Name: `t.t; DROP`}
	cases["quoted"].Columns[1].Name = `v"1`
	cases["citext_key"].Columns[0].Type.Schema = "ext"
	cases["citext_key"].Columns[0].Equal = "ext.="
	cases["other_casts"].Columns[0].Through = ident.Name{Schema: "pg_catalog", Name: "_regclass"}
	cases["no_key_casts"].Columns[0].Through = ident.Name{Schema: "pg_catalog", Name: "_regclass"}
	cases["no_key_casts"].Columns[1].Spelled = true
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, describe(c))
		})
	}
}

func describe(t *Table) string {
	var b strings.Builder
	show := func(what string, s Statement) {
		fmt.Fprintf(&b, "%s %v\n%s\n\n", what, s.Params, s.SQL)
	}
	copySQL, columns := t.Copy()
	fmt.Fprintf(&b, "copy %v\n%s\n\ntruncate\n%s\n\nempty\n%s\n\n", columns, copySQL, Truncate([]*Table{t, t}, true), t.Empty())
	show("insert", t.Insert())
	if len(t.Shape.Key) == 0 {
		if len(t.Columns) > 0 {
			show("remove", t.Remove())
		}
		show("delete one", t.DeleteOne())
		show("update one", t.UpdateOne(all(t)))
		return b.String()
	}
	show("delete", t.Delete())
	show("leave", t.Leave())
	show("upsert", t.Upsert(false))
	show("keep", t.Upsert(true))
	show("update", t.Update())
	show("surplus", t.Surplus(true, true))
	seen := ident.Name{Schema: "floe", Name: "seen"}
	fmt.Fprintf(&b, "seen\n%s\n\nsweep\n%s\n\n", t.Seen(seen), t.Sweep(seen))
	fmt.Fprintf(&b, "missing\n%s\n\n", t.Missing())
	show("same", t.Same())
	show("bear", t.Bear(seen))
	last := len(t.Columns) - 1
	if t.isKey(last) {
		return b.String()
	}
	show("patch", t.Patch(all(t, last)))
	for i, s := range t.Move(all(t, last), true) {
		show(fmt.Sprint("move settled ", i), s)
	}
	for i, s := range t.Move(all(t, last), false) {
		show(fmt.Sprint("move unsettled ", i), s)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".sql")
	if os.Getenv("FLOE_REWRITE") == "1" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
