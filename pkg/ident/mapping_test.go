package ident

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rule(t *testing.T, from, to string, columns map[string]string) Rule {
	t.Helper()
	r, err := ParseRule(from, to, columns)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A nil mapping is what a job without a mapping has; it must keep names exactly.
func TestNilMappingKeepsEveryName(t *testing.T) {
	t.Parallel()
	var m *Mapping
	n := Name{"S", "a.b"}
	if m.Table(n) != n || m.Schema("S") != "S" || m.Column(n, "c") != "c" || NewMapping(nil) != nil {
		t.Error("a nil mapping changed a name")
	}
}

func TestFirstRuleThatFitsWins(t *testing.T) {
	t.Parallel()
	m := NewMapping([]Rule{
		rule(t, "sales.orders", `archive."Orders 2024"`, map[string]string{"ts": "created_at"}),
		rule(t, "sales.*", "dw_sales.*", nil),
		rule(t, "sales.items", "never.used", nil),
		rule(t, `public.src_t`, `"Dst Schema"."dst.t"`, nil),
	})
	for from, to := range map[Name]Name{
		{"sales", "orders"}: {"archive", "Orders 2024"},
		{"sales", "items"}:  {"dw_sales", "items"},
		{"sales", "*"}:      {"dw_sales", "*"},
		{"public", "src_t"}: {"Dst Schema", "dst.t"},
		{"public", "SRC_T"}: {"public", "SRC_T"},
		{"Sales", "orders"}: {"Sales", "orders"},
	} {
		if got := m.Table(from); got != to {
			t.Errorf("%s maps to %s, want %s", from, got, to)
		}
	}
	if got := m.Column(Name{"sales", "orders"}, "ts"); got != "created_at" {
		t.Errorf("sales.orders.ts maps to %s", got)
	}
	if got := m.Column(Name{"sales", "items"}, "ts"); got != "ts" {
		t.Errorf("sales.items.ts maps to %s", got)
	}
	if got := m.Schema("sales"); got != "dw_sales" {
		t.Errorf("schema sales maps to %s", got)
	}
	if got := m.Schema("public"); got != "public" {
		t.Errorf("a rule for one table moved its schema to %s", got)
	}
}

// A table whose name is a star is not a wildcard when it is quoted.
func TestQuotedStarIsATable(t *testing.T) {
	t.Parallel()
	r := rule(t, `sales."*"`, `dw."*"`, nil)
	if r.All || r.From != (Name{"sales", "*"}) {
		t.Errorf("got %+v", r)
	}
}

func TestRulesThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"a.b", "c.*", `a.b is one table, so it maps to one table, not to "c.*"`},
		{"a.*", "c.d", `"a.*" is a whole schema, so it maps to a whole schema`},
		{"a.x*", "c.*", `"a.x*": a rule maps one table, or every table of one schema`},
		{"a.b.c", "c.d", `want schema or schema.table`},
		{`a."b`, "c.d", `a quote that is not closed`},
		{"a.", "c.d", `an empty part`},
	} {
		_, err := ParseRule(c.from, c.to, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: got %v, want %q", c.from, c.to, err, c.want)
		}
	}
	if _, err := ParseRule("a.*", "b.*", map[string]string{"x": "y"}); err == nil {
		t.Error("columns of a whole schema were accepted")
	}
}

func TestClashesNameBothTables(t *testing.T) {
	t.Parallel()
	m := NewMapping([]Rule{rule(t, "a.*", "c.*", nil), rule(t, "b.*", "c.*", nil)})
	got := m.Clashes([]Name{{"b", "t"}, {"a", "t"}, {"a", "u"}, {"a", "t"}})
	want := []Clash{{Name{"c", "t"}, []Name{{"a", "t"}, {"b", "t"}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Two columns that swap names do not clash; one that takes the name of one that stays does.
func TestColumnClash(t *testing.T) {
	t.Parallel()
	n := Name{"a", "t"}
	swap := NewMapping([]Rule{rule(t, "a.t", "a.t", map[string]string{"x": "y", "y": "x"})})
	if c, ok := swap.ColumnClash(n, []string{"x", "y"}); ok {
		t.Errorf("a swap clashes at %s", c)
	}
	take := NewMapping([]Rule{rule(t, "a.t", "a.t", map[string]string{"x": "y"})})
	if c, ok := take.ColumnClash(n, []string{"x", "y"}); !ok || c != "y" {
		t.Errorf("got %q, %v", c, ok)
	}
}

func TestPatternsMatchAsWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		name    Name
		want    bool
	}{
		{"sales", Name{"sales", "anything"}, true},
		{"sales", Name{"sales2", "anything"}, false},
		{"SALES.Orders", Name{"sales", "orders"}, true},
		{`"SALES".orders`, Name{"sales", "orders"}, false},
		{"public.item_*", Name{"public", "item_"}, true},
		{"public.item_*", Name{"public", "item"}, false},
		{"public.*_a*b", Name{"public", "x_a_ab"}, true},
		{"public.*_a*b", Name{"public", "x_a_abc"}, false},
		{"public.t?", Name{"public", "t数"}, true},
		{"public.t?", Name{"public", "t"}, false},
		{`public."t?"`, Name{"public", "t1"}, false},
		{`public."t?"`, Name{"public", "t?"}, true},
		{`public."a.b"`, Name{"public", "a.b"}, true},
		{`public."Item "*`, Name{"public", "Item x"}, true},
		{`public."say ""hi"""`, Name{"public", `say "hi"`}, true},
		{"*.orders", Name{"x", "orders"}, true},
		{"public.É", Name{"public", "É"}, true}, // the server folds ASCII letters only
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(c.name); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
	}
}
