package guide

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/precheck"
	"floe/pkg/trouble"
)

// constants are the values of the package's constants of a type.
func constants(t *testing.T, file, typ string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ {
				continue
			}
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, text)
		}
	}
	return out
}

// Every code that floe can show has a page, and no page is of a code that it cannot.
func TestEveryCodeHasAPage(t *testing.T) {
	t.Parallel()
	have := map[Kind][]string{}
	for _, p := range Pages() {
		have[p.Kind] = append(have[p.Kind], p.Code)
		for _, text := range []string{p.Cause, p.Did, p.Remedy} {
			if text == "" || strings.Contains(text, "\n") {
				t.Errorf("%s: %q", p.Code, text)
			}
		}
		if got := Of(p.Code); got == nil || *got != p {
			t.Errorf("%s is found as %+v", p.Code, got)
		}
	}
	for kind, want := range map[Kind][]string{Halt: constants(t, "../halt/halt.go", "Code"), Waits: trouble.Reasons(), Precheck: precheck.Codes} {
		slices.Sort(have[kind])
		if want = slices.Sorted(slices.Values(want)); len(want) == 0 || !slices.Equal(have[kind], want) {
			t.Errorf("%s: pages of %v\ncodes %v", kind, have[kind], want)
		}
	}
	if Of("nothing") != nil {
		t.Error("there is a page of nothing")
	}
}

// Each halt is provoked by a test of the services or of what they decide with, by its name.
func TestEveryHaltIsProvoked(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	for _, folder := range []string{"../../capture", "../../applier", "../../e2e", "../../pkg/registry"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			tests.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile("../halt/halt.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range constants(t, "../halt/halt.go", "Code") {
		m := regexp.MustCompile(`(\w+) +Code = "` + code + `"`).FindStringSubmatch(string(source))
		if m == nil || !regexp.MustCompile(`halt\.`+m[1]+`\b|"`+code+`"`).MatchString(tests.String()) {
			t.Errorf("%s is provoked by no test", code)
		}
	}
}

const file = "../../docs/errors.md"

// docs/errors.md is what the pages say.
func TestDocumentIsNotStale(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := WriteAll(&b); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("FLOE_REWRITE") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != b.String() {
		t.Errorf("%s is stale: make golden", file)
	}
	for _, p := range Pages() {
		if _, anchor, _ := strings.Cut(Anchor(p.Code), "#"); !strings.Contains(string(text), "\n### "+p.Code+"\n") || strings.ToLower(p.Code) != anchor {
			t.Errorf("%s is not found at %s", p.Code, Anchor(p.Code))
		}
	}
}
