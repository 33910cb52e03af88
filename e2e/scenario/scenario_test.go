package scenario

import (
	"strings"
	"testing"

	"floe/pkg/ident"

	"github.com/google/go-cmp/cmp"
)

func TestEveryFileParses(t *testing.T) {
	t.Parallel()
	all, err := LoadAll("../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]int{}
	for _, s := range all {
		families[s.Family()]++
	}
	least := map[string]int{
		"cons": 20, "ddl": 25, "env": 11, "gen": 13, "key": 30, "load": 13, "name": 8, "part": 13,
		"size": 6, "tgt": 24, "toast": 8, "trunc": 7, "txn": 17, "type": 31,
	}
	for family, n := range families {
		if least[family] == 0 {
			t.Errorf("%d files of a family %q, which is none", n, family)
		}
	}
	for family, n := range least {
		if families[family] < n {
			t.Errorf("%d files of family %s, there were %d", families[family], family, n)
		}
	}
}

const whole = `-- behaviour: a sentence
-- peer: elsewhere
-- needs: pg>=14; ext:a,b; heavy
-- tables: public."Two
Lines", ONLY "s,x".t
-- select: public.t
-- mode: ignore-existing
-- map: public.t -> "D S"."d.t" (id -> "ID", val -> val)
-- filter: public.t: a > 1 AND b <> ':'
-- columns: public.t: id, "V:,"
-- action: after step 1: select add public.u
-- expect: equal on (a, "B")
-- expect: target: SELECT a => 1|x;2|y
-- expect: always: SELECT sum(n) => 20 (polled on the target)
-- expect: precheck: target-table-exists public.blk (error)
-- expect: precheck: encoding-differs (warning)
-- expect: precheck: rls public.t (error when the user lacks it)
-- expect: stop: bad public.t after step 1; resumes after step 2
-- expect: metric: it moves
-- setup
CREATE TABLE t ();
-- target
CREATE TABLE t ();
-- load
INSERT INTO t VALUES ('
-- live
');
-- during
UPDATE t SET a = 1; UPDATE t SET b = 2;
-- live
-- session: a
BEGIN;
-- error: 23505
INSERT INTO t VALUES (1);
-- step
COMMIT;
-- session: target
SELECT 1;
`

func TestParseReadsEveryPart(t *testing.T) {
	t.Parallel()
	got, err := Parse("key_x", whole)
	if err != nil {
		t.Fatal(err)
	}
	name := func(s, n string) ident.Name { return ident.Name{Schema: s, Name: n} }
	want := &Scenario{
		Name: "key_x", Behaviour: "a sentence", Mode: Proceed,
		Tables:  []Table{{Name: name("public", "Two\nLines")}, {Name: name("s,x", "t"), Only: true}},
		Needs:   []Need{{"pg", "14"}, {"ext", "a,b"}, {"heavy", ""}},
		Select:  []ident.Name{name("public", "t")},
		Maps:    []Map{{name("public", "t"), name("D S", "d.t"), [][2]string{{"id", "ID"}, {"val", "val"}}}},
		Filters: []Filter{{name("public", "t"), "a > 1 AND b <> ':'", []string{"id", `"V:,"`}}},
		Actions: []Action{{1, "add", name("public", "u")}},
		Expects: []Expect{
			{Kind: Equal, Columns: []string{"a", "B"}},
			{Kind: Target, SQL: "SELECT a", Value: "1|x;2|y"},
			{Kind: Always, SQL: "SELECT sum(n)", Value: "20"},
			{Kind: Precheck, Code: "target-table-exists", Object: "public.blk", Error: true},
			{Kind: Precheck, Code: "encoding-differs"},
			{Kind: Precheck, Code: "rls", Object: "public.t", When: "the user lacks it"},
			{Kind: Stop, Code: "bad", Object: "public.t", Stopped: 1, Resumed: 2},
			{Kind: Metric, Value: "it moves"},
		},
		Setup:  []Statement{{"CREATE TABLE t ()", "main", "", 21}},
		Target: []Statement{{"CREATE TABLE t ()", "target", "", 23}},
		Load:   []Statement{{"INSERT INTO t VALUES ('\n-- live\n')", "main", "", 25}},
		During: []Statement{{"UPDATE t SET a = 1", "main", "", 29}, {"UPDATE t SET b = 2", "main", "", 29}},
		Live: [][]Statement{
			{{"BEGIN", "a", "", 32}, {"INSERT INTO t VALUES (1)", "a", "23505", 34}},
			{{"COMMIT", "main", "", 36}, {"SELECT 1", "target", "", 38}},
		},
	}
	for i := range got.Expects {
		got.Expects[i].Text = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesWhatItWouldStepOver(t *testing.T) {
	t.Parallel()
	const head = "-- behaviour: b\n-- tables: public.t\n"
	const tail = "-- setup\nSELECT 1;\n-- live\nSELECT 1;\n"
	if _, err := Parse("x", head+tail); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"unknown key":              head + "-- tabels: public.t\n" + tail,
		"unknown need":             head + "-- needs: luck\n" + tail,
		"unknown mode":             head + "-- mode: hopeful\n" + tail,
		"unknown expectation":      head + "-- expect: equals\n" + tail,
		"unknown stop":             head + "-- expect: stop: soon, I hope\n" + tail,
		"unknown directive":        head + tail + "-- sesion: a\n",
		"section out of order":     head + tail + "-- load\nSELECT 1;\n",
		"step outside live":        head + "-- setup\n-- step\nSELECT 1;\n-- live\nSELECT 1;\n",
		"statement before setup":   head + "SELECT 1;\n" + tail,
		"error before nothing":     head + tail + "-- error: 23505\n",
		"no tables":                "-- behaviour: b\n" + tail,
		"table without its schema": "-- behaviour: b\n-- tables: t\n" + tail,
		"string that stays open":   head + tail + "SELECT 'x;\n",
	} {
		if s, err := Parse("x", text); err == nil {
			t.Errorf("%s: taken as %+v", what, s)
		} else if strings.Contains(err.Error(), "\n\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
