package catalog

import (
	"slices"
	"strings"
	"testing"

	"floe/pkg/ident"
)

// A list takes columns out, and what cannot be without them; everything else stays as it is read without one.
func TestAListTakesColumnsAndWhatNamesThem(t *testing.T) {
	t.Parallel()
	conn := source(t, `create table t (id int primary key, a int, "S e" serial, b text, unique (a), unique (id, "S e"), check (a > "S e"), check (a > 0), exclude using btree (id with =) include ("S e"))`,
		`create index keeps on t (a) where b <> ''`, `create index goes on t (a) where "S e" > 1`, `create unique index gone on t (a) include ("S e")`, `grant select ("S e"), update (a) on t to public`,
		`alter table t add unique ("S e")`, `create table r (id int primary key, v int references t ("S e"), w int references t (a))`)
	lists := func(n ident.Name) []string {
		if n.Name == "t" {
			return []string{"id", "b", "a"}
		}
		return nil
	}
	db := mustRead(t, conn, Selection{Everything: true, Columns: lists})
	d := db.Table(public("t"))
	if d.List.Fault != "" || len(d.List.Unknown) > 0 || !slices.Equal(d.List.names(), []string{"S e"}) || !slices.Equal(d.List.Columns, []string{"a", "b", "id"}) {
		t.Errorf("list %+v", d.List)
	}
	want := []string{"t_check", "t_id_S e_key", "t_S e_key", "goes", "gone"}
	for _, name := range want {
		if !slices.ContainsFunc(d.List.Without, func(s string) bool { return strings.Contains(s, " "+ident.Quote(name)+" of ") }) {
			t.Errorf("%s is not among %q", name, d.List.Without)
		}
	}
	names := listed(db)
	for _, kept := range []string{"index keeps", "constraint t_pkey", "constraint t_a_key", "constraint r_w_fkey"} {
		if !slices.Contains(names, kept) {
			t.Errorf("%s is left out: %q", kept, names)
		}
	}
	checks := 0
	for _, def := range db.Definitions {
		switch b := def.Body.(type) {
		case *ConstraintDef:
			if strings.Contains(b.SQL, "S e") || slices.Contains(b.RefColumns, "S e") {
				t.Errorf("%s stays: %s", def.Name, b.SQL)
			}
			if b.Type == Check {
				checks++
			}
		case *IndexDef:
			if strings.Contains(b.Using, "S e") {
				t.Errorf("%s stays", def.Name)
			}
		case *SequenceDef:
			if b.OwnedBy != nil {
				t.Errorf("%s is owned by %s", def.Name, b.OwnedBy.Name)
			}
		case *TableDef:
			for _, g := range def.Grants {
				if g.Column == "S e" {
					t.Errorf("grant %+v stays", g)
				}
			}
			for _, k := range b.Keys {
				if slices.Contains(k.Columns, "S e") || k.Name == "gone" {
					t.Errorf("key %+v stays", k)
				}
			}
		}
	}
	if checks != 1 {
		t.Errorf("%d checks stay", checks)
	}
	if k := d.Identity(); !slices.Equal(k.Columns, []string{"id"}) {
		t.Errorf("identity %+v", k)
	}
}

// What was known of a column holds, whatever it is called now; what is new goes by its name.
func TestAListIsOfColumnsNotOfNames(t *testing.T) {
	t.Parallel()
	conn := source(t, `create table t (id int primary key, a int, s text)`, `create table p (id int primary key, s text, a int) partition by range (id)`,
		`create table p1 (a int, s text, id int not null)`, `alter table p attach partition p1 default`)
	lists := func(n ident.Name) []string {
		return map[string][]string{"t": {"id", "a", "n"}, "p": {"id", "a"}, "t2": {"id"}}[n.Name]
	}
	was := mustRead(t, conn, Selection{Everything: true, Columns: lists})
	if u := was.Table(public("t")).List.Unknown; !slices.Equal(u, []string{"n"}) {
		t.Errorf("unknown %q", u)
	}
	columns := func(d *TableDef) string {
		var names []string
		for i := range d.Columns {
			names = append(names, d.Columns[i].Name)
		}
		return strings.Join(names, " ")
	}
	if _, err := conn.Exec(t.Context(), `set search_path = public; alter table t rename a to x; alter table t rename s to a; alter table t add n int; alter table t add m int; alter table t rename to t2; alter table p rename s to y; alter table p add z int; create table t (id int primary key, s int); set search_path = ''`); err != nil {
		t.Fatal(err)
	}
	raw := mustRead(t, conn, Selection{Everything: true})
	now := raw.Narrow(Selection{Columns: lists}, was)
	for name, want := range map[string]string{"t2": "id x n", "p": "id a", "p1": "a id", "t": "id"} {
		if got := columns(now.Table(public(name))); got != want {
			t.Errorf("%s has columns %s, want %s", name, got, want)
		}
	}
	if got := columns(raw.Table(public("t2"))); got != "id x a n m" {
		t.Errorf("what was read has columns %s now", got)
	}
	if got := now.Table(public("p1")).Sent(); !slices.Equal(got, []string{"a", "y", "id", "z"}) {
		t.Errorf("rows of p1 bear %q", got)
	}
	for i := range now.Definitions {
		text, err := Encode(now.Definitions[i])
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(now.Definitions[i].Kind, text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Encode(d); err != nil || again != text {
			t.Errorf("%s\n%s %v", text, again, err)
		}
	}
}
