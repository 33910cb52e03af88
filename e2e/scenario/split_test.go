package scenario

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitKnowsWhatHidesASemicolon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql string
		want      []string
	}{
		{"two on a line", "a; b", []string{"a", "b"}},
		{"empty ones are none", ";; a ;\n;", []string{"a"}},
		{"doubled quote", "select 'a;''b;'; c", []string{"select 'a;''b;'", "c"}},
		{"backslash is plain", `select 'a\'; c`, []string{`select 'a\'`, "c"}},
		{"backslash escapes in E", `select E'a\';b'; c`, []string{`select E'a\';b'`, "c"}},
		{"e at a word's end is no E", `select type'a\'; c`, []string{`select type'a\'`, "c"}},
		{"quoted name", `select ";""E';" ; c`, []string{`select ";""E';"`, "c"}},
		{"dollar quote", "do $$ a; $x$ b; $$; c", []string{"do $$ a; $x$ b; $$", "c"}},
		{"tagged dollar quote", "do $f$ $$;$$ ; $f$; c", []string{"do $f$ $$;$$ ; $f$", "c"}},
		{"parameter", "select $1; $2", []string{"select $1", "$2"}},
		{"two parameters are no quote", "select $1$2; b", []string{"select $1$2", "b"}},
		{"dollar in a word", "select a$b$; c$b$", []string{"select a$b$", "c$b$"}},
		{"line comment", "a -- x; 'y\n; b", []string{"a -- x; 'y", "b"}},
		{"nested comment", "a /* ; /* ; */ ; */ b; c", []string{"a /* ; /* ; */ ; */ b", "c"}},
		{"comments between", "-- x;\n/* y; */ a;\n-- z", []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Split(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitRefusesWhatIsNotClosed(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"'a", `E'a\'`, `"a`, "$$a", "$x$ $$ $y$", "/* /* */", "a;\nb 'c"} {
		if got, err := Split(sql); err == nil {
			t.Errorf("%q gave %q", sql, got)
		}
	}
}

// Whatever the text, the statements are parts of it in order, and cutting the parts again, joined
// by semicolons, gives the same parts: no byte of a statement is lost or moves to its neighbour.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"a; b", "select 'x;''y'; c", `E'\';' ; "q;"`, "$a$;$a$;b", "/*/*;*/;*/a;b", "a -- ;\n;b", "$1$2;", "é$$;$$"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		parts, err := Split(sql)
		if err != nil {
			return
		}
		rest := sql
		for _, p := range parts {
			at := strings.Index(rest, p)
			if at < 0 || p == "" {
				t.Fatalf("%q is not in %q", p, rest)
			}
			rest = rest[at+len(p):]
		}
		again, err := Split(strings.Join(parts, "\n;"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parts, again); diff != "" {
			t.Error(diff)
		}
	})
}
