package structure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// A script of testdata/diff has the options, the source's SQL before and after "---- then", both sets of
// definitions as read then, and the difference. What was before and is not after is gone.
func TestDifferencesAreAsWritten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "diff", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata/diff", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := parseScript(string(text))
			if s.definitions == "" {
				s.definitions = defineTwice(t, s.sql)
			}
			first, second, _ := strings.Cut(s.definitions, thenMark)
			was, now := decoded(t, first), decoded(t, second)
			s.plan = changesOnly(Diff(was, now, missingFrom(now, was), parseOptions(t, s.options)))
			if got := s.String(); got != string(text) {
				if os.Getenv("FLOE_REWRITE") == "" {
					t.Fatalf("the difference changed (FLOE_REWRITE=1 writes it):\n%s", s.plan)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

const thenMark = "---- then\n"

// defineTwice reads the definitions that SQL makes, and those after its second part.
func defineTwice(t *testing.T, sql string) string {
	t.Helper()
	first, second, _ := strings.Cut(sql, thenMark)
	roles(t, pgtest.Shared(t))
	conn := connect(t, pgtest.NewDB(t, pgtest.Shared(t), first), pg.Read)
	was := spelled(t, read(t, conn, catalog.Selection{Everything: true}))
	for _, q := range []string{"SET search_path = public", second, "SET search_path = ''"} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	return was + thenMark + spelled(t, read(t, conn, catalog.Selection{Everything: true}))
}

// changesOnly prints a difference without the steps that stay done.
func changesOnly(s *Script) string {
	keep := func(in []Statement) []Statement {
		var out []Statement
		for _, st := range in {
			if st.Alters != "" || s.fresh[st.ID] {
				out = append(out, st)
			}
		}
		return out
	}
	c := *s
	c.Renames, c.Before, c.After, c.CutOver, c.Facts = keep(s.Renames), keep(s.Before), keep(s.After), nil, nil
	return printed(&c)
}

func missingFrom(now, was *catalog.Database) []catalog.Ref {
	stands := byKey(now)
	var out []catalog.Ref
	for _, d := range was.Definitions {
		if _, ok := stands[keyOf(d)]; !ok {
			out = append(out, catalog.Ref{Kind: d.Kind, OID: d.OID, Name: d.Name})
		}
	}
	return out
}
