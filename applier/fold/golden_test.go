package fold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"floe/pkg/event"
)

// Each file of testdata is a list of cases: a line "fold" with a comment, rows, a line "----", and what
// they fold to, up to an empty line. FLOE_REWRITE=1 writes what they fold to now.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, string(want))
			if os.Getenv("FLOE_REWRITE") == "1" {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// run returns the file with the results that its cases have now. One Folder serves them all: nothing of
// a case may live on in the next.
func run(t *testing.T, file string) string {
	var out strings.Builder
	f := New()
	for _, c := range strings.Split(strings.TrimSpace(file), "\n\n") {
		rows, _, _ := strings.Cut(c, "\n----")
		s := &script{tables: map[string]*event.Table{}, pos: event.Position{Epoch: 1, Commit: 1}}
		for _, line := range strings.Split(rows, "\n")[1:] {
			s.line(t, line)
		}
		f.Reset()
		for _, r := range s.rows {
			f.Add(r)
		}
		steps := f.Steps()
		checkSteps(t, steps)
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		out.WriteString(rows + "\n----\n" + write(steps))
	}
	return out.String()
}
