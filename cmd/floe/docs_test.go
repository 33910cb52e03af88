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
