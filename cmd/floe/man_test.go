package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Every command has a page, and every flag stands on its command's.
func TestEveryCommandHasAPage(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "man1")
	if code, _, errOut := floe(t, "man", dir); code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		text, err := os.ReadFile(filepath.Join(dir, pageName(cmd)+".1"))
		if err != nil {
			t.Error(err)
			return
		}
		cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(string(text), roff("--"+f.Name)) {
				t.Errorf("%s: no --%s", cmd.CommandPath(), f.Name)
			}
		})
		for line := range strings.Lines(string(text)) {
			if request, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(line, ".") && !strings.Contains(" .TH .SH .B .BR .TP ", " "+request+" ") {
				t.Errorf("%s: %q is no request", cmd.CommandPath(), line)
			}
		}
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				walk(c)
			}
		}
	}
	walk((&app{}).root())
	if code, _, errOut := floe(t, "man", filepath.Join(os.Args[0], "x")); code != codeUsage || !strings.Contains(errOut, "not a directory") {
		t.Errorf("code %d: %s", code, errOut)
	}
}
