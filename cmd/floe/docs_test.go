package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Alerts have a line in the pages for operators, halts too, and links lead somewhere.
func TestOperatorsFindWhatTheyAreToldOf(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	read := func(path string) string {
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	page := read("docs/operations.md")
	for _, from := range []struct{ path, pattern string }{{"deploy/prometheus/alerts.yml", `alert: (\w+)`}, {"pkg/halt/halt.go", `Code = "([a-z-]+)"`}} {
		found := regexp.MustCompile(from.pattern).FindAllStringSubmatch(read(from.path), -1)
		if len(found) < 10 {
			t.Errorf("%d in %s", len(found), from.path)
		}
		for _, m := range found {
			if !strings.Contains(page, m[1]) {
				t.Errorf("docs/operations.md does not tell of %s", m[1])
			}
		}
	}
	for _, path := range []string{"README.md", "README.zh-CN.md", "SECURITY.md", "CHANGELOG.md", "docs/operations.md"} {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(read(path), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s leads to %s", path, m[1])
			}
		}
	}
	for _, path := range []string{"SECURITY.md", "docs/operations.md"} {
		all := tests(t, root)
		for _, m := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(read(path), -1) {
			if !strings.Contains(all, "func "+m) {
				t.Errorf("%s names %s, which there is not", path, m)
			}
		}
	}
}

// Both READMEs are in step: the same parts, links and pictures, and no command that there is not.
func TestBothREADMEsAreInStep(t *testing.T) {
	t.Parallel()
	type readme struct {
		parts int
		leads map[string]bool
	}
	read := func(name, other string) (r readme) {
		b, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		r = readme{strings.Count(text, "\n## "), map[string]bool{}}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
			if m[1] != other {
				r.leads[strings.Replace(m[1], ".zh.", ".", 1)] = true // a picture of the pages in Chinese
			}
		}
		if !strings.Contains(text, "("+other+")") || !strings.Contains(text, "<job>.floe.ledger") || !strings.Contains(text, "![") {
			t.Errorf("%s lacks the other language, the pipeline or a picture", name)
		}
		root := (&app{}).root()
		root.InitDefaultCompletionCmd()
		for i, part := range strings.Split(text, "```") {
			command := regexp.MustCompile("`floe ([a-z]+)")
			if i%2 == 1 {
				command = regexp.MustCompile(`(?m)(?:^|\$ )floe ([a-z]+) `)
			}
			for _, m := range command.FindAllStringSubmatch(part, -1) {
				if c, _, err := root.Find([]string{m[1]}); err != nil || c == root {
					t.Errorf("%s: there is no floe %s", name, m[1])
				}
			}
		}
		return r
	}
	english, chinese := read("README.md", "README.zh-CN.md"), read("README.zh-CN.md", "README.md")
	if english.parts != chinese.parts {
		t.Errorf("%d parts in English, %d in Chinese", english.parts, chinese.parts)
	}
	for lead := range english.leads {
		if !chinese.leads[lead] {
			t.Errorf("README.zh-CN.md does not lead to %s", lead)
		}
	}
	for lead := range chinese.leads {
		if !english.leads[lead] {
			t.Errorf("README.md does not lead to %s", lead)
		}
	}
}

// tests are the texts of all tests.
func tests(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
