package chinese

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/pg"
)

// says are the arguments that are texts, of the functions by which package precheck adds a finding.
var says = map[string][]int{"ok": {1}, "fail": {1, 2}, "warn": {1, 2}, "note": {1, 2}, "found": {1, 2}, "ask": {2, 3}}

// found are the texts that package precheck writes, as forms.
func found(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%v, %d files", err, len(paths))
	}
	var out []string
	add := func(e ast.Expr) {
		if s := flat(e); strings.Trim(s, "%s") != "" {
			out = append(out, s)
		}
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok {
					for _, i := range says[s.Sel.Name] {
						if i < len(n.Args) {
							add(n.Args[i])
						}
					}
					if s.Sel.Name == "unanswered" {
						add(n.Args[2])
					}
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Text", "Cause", "Fix"}, k.Name) {
					add(n.Value)
				}
			case *ast.ValueSpec: // const fix
				for i, name := range n.Names {
					if name.Name == "fix" && i < len(n.Values) {
						add(n.Values[i])
					}
				}
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if s, ok := l.(*ast.SelectorExpr); ok && len(n.Lhs) == len(n.Rhs) && slices.Contains([]string{"Text", "Cause", "Fix"}, s.Sel.Name) {
						add(n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	return out
}

var verb = regexp.MustCompile(`%(\.\d)?[a-z]`)

// flat is an expression as a form: what is no literal is a gap.
func flat(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return verb.ReplaceAllString(s, "%s")
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return flat(e.X) + flat(e.Y)
		}
	case *ast.CallExpr:
		if s, ok := e.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Sprintf" {
			return flat(e.Args[0])
		}
	}
	return "%s"
}

// Whatever the prechecks say, they say in Chinese too, with the same gaps.
func TestEveryTextHasItsChinese(t *testing.T) {
	t.Parallel()
	said := append(found(t), (&pg.UntrustedError{}).Fix(), "source", "target", "the default") // these stand in gaps
	if len(said) < 150 {
		t.Fatalf("%d texts were found", len(said))
	}
	behind := []string{" (cannot be ignored)", "%s (ignored: %s)"}
	for _, s := range said {
		if texts[s] == "" && !slices.Contains(behind, s) {
			t.Errorf("%q has no Chinese", s)
		}
	}
	han := regexp.MustCompile(`\p{Han}`)
	gap := regexp.MustCompile(`\{~?(\d)\}`)
	for s, chinese := range texts {
		if !han.MatchString(chinese) {
			t.Errorf("%q is not Chinese", chinese)
		}
		var gaps []string
		for _, m := range gap.FindAllStringSubmatch(chinese, -1) {
			gaps = append(gaps, m[1])
		}
		slices.Sort(gaps)
		if want := strings.Count(s, "%s"); len(slices.Compact(gaps)) != want || strings.Count(chinese, "{") != len(gap.FindAllString(chinese, -1)) {
			t.Errorf("%q has %d gaps, %q has %v", s, want, chinese, gaps)
		}
	}
}

// A text is found by its form; what stands in its gaps stays as it is, whatever it is.
func TestGapsAreFilledAsTheyAre(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"wal_level is replica, logical is needed":                   "wal_level 为 replica，需要 logical",
		"3 of 10 replication slots are free":                        "10 个复制槽中有 3 个空闲",
		"source db:5432/app does not answer":                        "源库 db:5432/app 无响应",
		"Kafka at k1:9092 does not answer":                          "Kafka k1:9092 无响应",
		"user source may not write sales.{1}, public.%s":            "账号 source 无权写 sales.{1}, public.%s",
		"user u may not write f.h: the source's clock is only read": "账号 u 无权写 f.h：仅读取源库时钟",
		"unlogged tables are not streamed: a.b (ignored: {~1} why)": "无日志表（UNLOGGED）的变更不会同步：a.b（已忽略：{~1} why）",
		"no table of the source is selected (cannot be ignored)":    "没有选中源库的任何表（不可忽略）",
		"unlogged tables are not streamed: a.b, a.c and 12 more":    "无日志表（UNLOGGED）的变更不会同步：a.b, a.c 等，另有 12 个",
		"the catalog cannot be read":                                "无法读取系统目录",
		"skipped after S-CONN":                                      "因 S-CONN 未通过而跳过",
		"something that nobody said":                                "something that nobody said",
		"":                                                          "",
	} {
		if got := Of(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
