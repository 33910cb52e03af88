package draft

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"floe/pkg/ident"
	"floe/pkg/job"
)

func described(t *testing.T) *Draft {
	t.Helper()
	d := New(nil)
	if err := d.Source.Take(Said{Host: "src", Port: "5433", Database: "app", User: "me", TLS: "require"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Target.Take(Said{Host: "/run/pg", Database: "App \"x\"", User: "${HOME}: {}"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Call("orders"); err != nil {
		t.Fatal(err)
	}
	return d
}

// What was described is what the file says, hostile names and words of YAML included.
func TestTheFileSaysWhatWasDescribed(t *testing.T) {
	t.Parallel()
	d := described(t)
	d.Source.Password = job.FromFile("/data/secrets/source")
	odd := ident.Name{Schema: "Sales", Name: "a: [b]\"*\" #"}
	if err := d.Choose([]string{odd.String(), " public.item_* ", "sales", "sales.plain", "sales"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename(map[string]string{odd.String(): `"New: x"`, "sales": "dw", "sales.plain": "arch.old", "public.item_*": "ignored.x"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Take([]string{`sales.plain: note <> 'a: b' # c`, `sales."o: d": id > 7`}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{{"sales.plain"}, {"sales.plain:"}, {"sales.*: id > 1"}, {"s.a: x", "s.a: y"}, {"s.a: x\ny"}} {
		if err := d.Take(bad); err == nil || len(d.Filters) != 2 {
			t.Errorf("%q is taken", bad)
		}
	}
	if err := d.List([]string{`sales.plain: id, "a, ""b"": c" , note`, `sales."o: d": id`}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{{"sales.plain"}, {"sales.plain:"}, {"sales.*: id"}, {"s.a: x", "s.a: y"}, {"s.a: x, x"}, {"s.a: x,, y"}, {"s.a: x.y"}, {`s.a: "x`}, {"s.a: x\ty"}} {
		if err := d.List(bad); err == nil || len(d.Lists) != 2 {
			t.Errorf("%q is taken", bad)
		}
	}
	if err := d.Leave([]string{"sales.tmp_*"}); err != nil {
		t.Fatal(err)
	}
	d.Init = Init{Structure: true, Proceed: true, DDLOff: true, KeepIdentity: true, Readers: 4}
	j, err := d.Job()
	if err != nil {
		t.Fatalf("%v in\n%s", err, d.Text())
	}
	if text := string(d.Text()); !strings.Contains(text, "password: \"${file:/data/secrets/source}\"") {
		t.Errorf("the password is no reference:\n%s", text)
	}
	if j.Name != "orders" || j.Source.Host != "src" || j.Source.Port != 5433 || j.Source.TLS.Mode != "require" || j.Target.Database != `App "x"` || j.Target.User != "${HOME}: {}" ||
		!j.Proceed || !j.DDLOff || !j.Init.SkipData || j.Init.SkipStructure || j.Init.Readers != 4 || !j.Objects.KeepIdentity || j.Objects.Database {
		t.Errorf("%+v", j)
	}
	if got := j.Columns(ident.Name{Schema: "sales", Name: "plain"}); !slices.Equal(got, []string{"id", `a, "b": c`, "note"}) {
		t.Errorf("columns %q", got)
	}
	kept, err := d.Kept()
	if err != nil {
		t.Fatal(err)
	}
	d.Source.Encoding = "GB18030"
	if again, err := Read(kept); err != nil || !slices.EqualFunc(again.Lists, d.Lists, func(a, b List) bool { return a.String() == b.String() }) {
		t.Errorf("%v", err)
	}
	if kept, err = d.Kept(); err != nil {
		t.Fatal(err)
	}
	if again, err := Read(kept); err != nil || again.Source.Encoding != "GB18030" {
		t.Errorf("%v", err)
	}
	for n, want := range map[ident.Name]string{odd: `"Sales"."New: x"`, {Schema: "sales", Name: "plain"}: "arch.old", {Schema: "sales", Name: "b"}: "dw.b", {Schema: "public", Name: "item_1"}: "public.item_1"} {
		if got := j.Mapping().Table(n).String(); !j.Includes(n) || !d.Includes(n) || got != want {
			t.Errorf("%s becomes %s, want %s; included %t", n, got, want, j.Includes(n))
		}
	}
	for _, n := range []ident.Name{{Schema: "sales", Name: "tmp_1"}, {Schema: "other", Name: "t"}} {
		if j.Includes(n) || d.Includes(n) {
			t.Errorf("%s is included", n)
		}
	}
	d.Whole = true
	if j, err = d.Job(); err != nil || !j.Everything() || j.Mapping().Table(ident.Name{Schema: "sales", Name: "b"}).String() != "dw.b" {
		t.Errorf("%v, %+v", err, j)
	}
}

// What is not well formed is refused and changes nothing.
func TestWhatIsNotWellFormedIsRefused(t *testing.T) {
	t.Parallel()
	d := described(t)
	if err := d.Choose([]string{"a.b", "s"}); err != nil {
		t.Fatal(err)
	}
	before := string(d.Text())
	many := make([]string, MostChosen+1)
	for i := range many {
		many[i] = fmt.Sprintf("s.t%d", i)
	}
	for what, err := range map[string]error{
		"port": d.Source.Take(Said{Port: "65536"}), "TLS": d.Source.Take(Said{TLS: "prefer x"}), "lines": d.Source.Take(Said{Host: "a\nb"}), "long": d.Source.Take(Said{Host: strings.Repeat("x", 500)}),
		"name": d.Call("Orders; DROP"), "pattern": d.Choose([]string{`c."d`}), "many": d.Choose(many), "rename": d.Rename(map[string]string{"a.b": "x.y.z"}),
		"schema": d.Rename(map[string]string{"s": "x.y"}), "left out": d.Leave([]string{"a.b.c"}), "control": d.Rename(map[string]string{"a.b": "x\x00"}),
	} {
		if err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	if after := string(d.Text()); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	for what, d := range map[string]*Draft{"no database": New(nil), "nothing chosen": described(t)} {
		if _, err := d.Job(); err == nil {
			t.Errorf("%s: is a job", what)
		}
	}
}

// A password goes to nobody but the server and user that it was given for.
func TestAPasswordStaysWithItsServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said Said
		kept bool
	}{{Said{Host: "a", User: "u", Database: "other"}, true}, {Said{Host: "b", User: "u"}, false}, {Said{Host: "a", User: "v"}, false}, {Said{Host: "a", Port: "1", User: "u"}, false}} {
		e := Endpoint{Host: "a", User: "u", Password: job.FromFile("/x")}
		if err := e.Take(c.said); err != nil || e.Password.IsZero() == c.kept {
			t.Errorf("%+v: kept %t, %v", c.said, !e.Password.IsZero(), err)
		}
	}
}

// The tree shows what the words ask for, bounded, and what is chosen already.
func TestTheTreeIsBounded(t *testing.T) {
	t.Parallel()
	var all []Listed
	for i := range 3000 {
		all = append(all, Listed{Schema: fmt.Sprintf("s%d", i/1000), Name: fmt.Sprintf("t%03d", i%1000)})
	}
	d := New(nil)
	if err := d.Choose([]string{"s1", "s0.t001"}); err != nil {
		t.Fatal(err)
	}
	tree, more := d.Tree(all, "")
	if len(tree) != 3 || !more || len(tree[0].Tables) != MostShown || tree[2].Total != 1000 || !tree[1].Chosen || tree[0].Chosen || !tree[0].Tables[1].Chosen || tree[0].Tables[2].Chosen {
		t.Errorf("%d schemas, more %t", len(tree), more)
	}
	tree, more = d.Tree(all, " T99")
	if len(tree) != 3 || more || len(tree[1].Tables) != 10 || !tree[1].Tables[0].Chosen || tree[1].Tables[0].Pattern != "s1.t990" {
		t.Errorf("%+v %t", tree, more)
	}
	if tree, _ = d.Tree(all, "s2.t000"); len(tree) != 1 || len(tree[0].Tables) != 1 {
		t.Errorf("%+v", tree)
	}
	d.Drop("s1")
	if slices.ContainsFunc(d.Chosen, func(c Chosen) bool { return c.Pattern.String() == "s1" }) || len(d.Chosen) != 1 {
		t.Errorf("%v", d.Chosen)
	}
}
