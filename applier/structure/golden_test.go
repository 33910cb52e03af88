package structure

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// script is a file of testdata: options, the source's SQL, its definitions as they stand in the log,
// and the plan. FLOE_REWRITE=1 writes the plan anew; definitions are read from a server when a file
// has none (delete them after a change of its SQL).
type script struct {
	options, sql, definitions, plan string
}

const (
	sqlMark  = "---- sql\n"
	defsMark = "---- definitions\n"
	planMark = "---- plan\n"
)

func parseScript(text string) script {
	head, plan, _ := strings.Cut(text, planMark)
	head, defs, _ := strings.Cut(head, defsMark)
	options, sql, _ := strings.Cut(head, sqlMark)
	return script{options, sql, defs, plan}
}

func (s script) String() string {
	return s.options + sqlMark + s.sql + defsMark + s.definitions + planMark + s.plan
}

func TestPlansAreAsWritten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := parseScript(string(text))
			if s.definitions == "" {
				s.definitions = define(t, s.sql)
			}
			s.plan = printed(Plan(decoded(t, s.definitions), parseOptions(t, s.options)))
			if got := s.String(); got != string(text) {
				if os.Getenv("FLOE_REWRITE") == "" {
					t.Fatalf("the plan changed (FLOE_REWRITE=1 writes it):\n%s", s.plan)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// define reads the definitions that SQL makes.
func define(t *testing.T, sql string) string {
	t.Helper()
	db := read(t, connect(t, pgtest.NewDB(t, pgtest.Shared(t), sql), pg.Read), catalog.Selection{Everything: true})
	return spelled(t, db)
}

func spelled(t *testing.T, db *catalog.Database) string {
	t.Helper()
	var b strings.Builder
	for _, d := range db.Definitions {
		body, err := catalog.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s\n", d.Kind, body)
	}
	return b.String()
}

func decoded(t *testing.T, text string) *catalog.Database {
	t.Helper()
	var defs []catalog.Definition
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		kind, body, _ := strings.Cut(line, " ")
		d, err := catalog.Decode(catalog.Kind(kind), body)
		if err != nil {
			t.Fatal(err)
		}
		defs = append(defs, d)
	}
	return catalog.NewDatabase(0, defs)
}

// parseOptions reads lines: "target 11", "foreign keys last", "speech DIALECT", "unsupported POLICY", "map FROM => TO COLUMN=COLUMN …".
func parseOptions(t *testing.T, text string) Options {
	t.Helper()
	var o Options
	var rules []ident.Rule
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "", "#":
		case "target":
			v, err := strconv.Atoi(rest)
			if err != nil {
				t.Fatal(err)
			}
			o.TargetVersion = v * 10000
		case "foreign":
			o.ForeignKeysLast = true
		case "speech":
			o.Target = dialect.Dialect{Name: rest, Speech: dialect.Speech(rest)}
		case "unsupported":
			o.Unsupported = Policy(rest)
		case "map":
			from, to, _ := strings.Cut(rest, " => ")
			fields := strings.Split(to, " | ")
			columns := map[string]string{}
			for _, f := range fields[1:] {
				a, b, _ := strings.Cut(f, "=")
				columns[a] = b
			}
			r, err := ident.ParseRule(from, fields[0], columns)
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, r)
		default:
			t.Fatalf("option %q", line)
		}
	}
	o.Mapping = ident.NewMapping(rules)
	return o
}

func printed(s *Script) string {
	var b strings.Builder
	for _, list := range []struct {
		title string
		stmts []Statement
	}{{"drops", s.Drops}, {"renames", s.Renames}, {"before", s.Before}, {"after", s.After}, {"at the cut-over", s.CutOver}} {
		if len(list.stmts) == 0 && (list.title == "drops" || list.title == "renames") {
			continue
		}
		fmt.Fprintf(&b, "%s:\n", list.title)
		for _, st := range list.stmts {
			fmt.Fprintf(&b, "%s\n    %s\n", st.ID, strings.ReplaceAll(strings.TrimSpace(st.SQL), "\n", "\n    "))
			for _, other := range st.Else {
				fmt.Fprintf(&b, "    or %s\n", strings.ReplaceAll(other, "\n", "\n    "))
			}
			if len(st.Tables) > 0 {
				fmt.Fprintf(&b, "    waits for %v\n", st.Tables)
			}
			if st.Refused != "" {
				fmt.Fprintf(&b, "    refused: %s\n", st.Refused)
			}
		}
	}
	for _, f := range s.Facts {
		fmt.Fprintf(&b, "fact %s: %s %s %s: %s\n", f.ID, f.Object, f.State, f.Code, f.Reason)
	}
	return b.String()
}
