package failpoint

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guarded are the things that others see, by the text of their call or statement. A function that does
// one has a failpoint before the first and one behind the last.
var guarded = map[string]*regexp.Regexp{
	"produce":            regexp.MustCompile(`\bclient\.(Try)?Produce(Sync)?\(|^(publish\.)?Sync\(`),
	"acknowledgement":    regexp.MustCompile(`\.acked\.Store\(`),
	"slot report":        regexp.MustCompile(`\.SendStandbyStatusUpdate\(`),
	"chunk read":         regexp.MustCompile(`\.CopyTo\(`),
	"chunk entry":        regexp.MustCompile(`\.Append\(&ledger\.Entry\{Chunk:`),
	"loaded entry":       regexp.MustCompile(`\.Append\(&ledger\.Entry\{Loaded: .*Rows:`),
	"trimming":           regexp.MustCompile(`\.DeleteRecords\(`),
	"slot creation":      regexp.MustCompile(`^"CREATE_REPLICATION_SLOT `),
	"publication":        regexp.MustCompile(`^"(CREATE|ALTER) PUBLICATION `),
	"objects":            regexp.MustCompile(`\bstructure\.(Install|Finish|Quiet|Follow)\(`),
	"rows":               regexp.MustCompile(`\.StartPipeline\(|\.CopyFrom\(|\banswer\(ctx`),
	"checkpoint":         regexp.MustCompile(`\.Exec\(ctx, advance,`),
	"commit":             regexp.MustCompile(`\.exec\(ctx, "COMMIT"\)`),
	"claim":              regexp.MustCompile("^`(UPDATE|INSERT INTO) floe.checkpoint .*\\$3"),
	"epoch":              regexp.MustCompile(`Topic: broker\.Ledger\(`),
	"registration":       regexp.MustCompile(`\.Registry\.Register\(`),
	"place of the epoch": regexp.MustCompile(`Topic: broker\.State\(`),
}

// without are functions that need none: what services say of themselves is said again, who calls Sync has
// them, and so has who runs the statements that others write down.
var without = map[string]bool{"capture/source/publication.go:remake": true, "capture/source/prepared.go:Lacks": true, "capture/report.go:write": true, "applier/report.go:send": true, "capture/report.go:ends": true, "applier/report.go:ends": true, "capture/publish/sync.go:Sync": true}

// Every guarded operation of both services has a failpoint on each side.
func TestWhatOthersSeeHasAFailpointOnEachSide(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	for _, root := range []string{"capture", "applier"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
					check(t, set, f, found)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for what := range guarded {
		if found[what] == 0 {
			t.Errorf("no call is a %s: the pattern of it is out of date", what)
		}
	}
}

// check looks at one function.
func check(t *testing.T, set *token.FileSet, f *ast.FuncDecl, found map[string]int) {
	at := set.Position(f.Pos())
	name := strings.TrimPrefix(filepath.ToSlash(at.Filename), "../../") + ":" + f.Name.Name
	if without[name] {
		return
	}
	var first, last token.Pos // of what is guarded
	var low, high token.Pos   // of failpoints
	var what string
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		call, isCall := n.(*ast.CallExpr)
		if isCall && text(set, call.Fun) == "failpoint.Here" {
			if low == 0 {
				low = n.Pos()
			}
			high = n.Pos()
			return false
		}
		literal, isLiteral := n.(*ast.BasicLit)
		composite, isComposite := n.(*ast.KeyValueExpr)
		var source string
		switch {
		case isCall:
			source = text(set, call)
		case isLiteral:
			source = literal.Value
		case isComposite:
			source = text(set, composite)
		default:
			return true
		}
		source = strings.Join(strings.Fields(source), " ")
		for kind, pattern := range guarded {
			loc := pattern.FindStringIndex(source)
			if loc == nil || isCall && loc[0] > len(text(set, call.Fun)) { // it is in an argument, which comes by itself
				continue
			}
			found[kind]++
			if first == 0 {
				first = n.Pos()
			}
			last, what = max(last, n.Pos()), kind
		}
		return true
	})
	if first != 0 && (low == 0 || low > first || high < last) {
		t.Errorf("%s (line %d) does what others see (%s) without a failpoint.Here before and behind it", name, at.Line, what)
	}
}

func text(set *token.FileSet, n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, set, n); err != nil {
		return ""
	}
	return b.String()
}
