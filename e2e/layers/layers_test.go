// Package layers holds the direction of imports (docs/design.md, layers).
package layers

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// above[p] are the floe packages that p may import, by prefix.
var above = map[string][]string{
	"pkg/ident":        {},
	"pkg/event":        {"pkg/ident"},
	"pkg/halt":         {},
	"pkg/ledger":       {"pkg/event", "pkg/ident"},
	"pkg/dialect":      {},
	"pkg/catalog":      {"pkg/dialect", "pkg/event", "pkg/ident"},
	"pkg/status":       {"pkg/event", "pkg/ident"},
	"schemas":          {"pkg/event", "pkg/ident", "pkg/ledger", "pkg/status"},
	"applier/fold":     {"pkg/event", "pkg/ident", "schemas"},
	"applier/render":   {"pkg/event", "pkg/ident"},
	"applier/assemble": {"pkg/event", "pkg/ident", "pkg/ledger", "pkg/halt", "schemas"},
	"applier/suffix":   {"applier/assemble", "applier/batch", "pkg/catalog", "pkg/event", "pkg/ledger"},
	"capture/composed": {"pkg/catalog", "pkg/event", "pkg/ident"},
	"capture/decode":   {"pkg/event"},
	"capture/snapshot": {},
}

// pure stages know no server, no clock and no log.
var pure = []string{"applier/fold", "applier/render", "applier/assemble", "capture/decode", "capture/snapshot", "pkg/ident", "pkg/event", "pkg/ledger"}

func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{.Imports}}", "floe/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		pkg, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		all[strings.TrimPrefix(pkg, "floe/")] = strings.Fields(strings.Trim(rest, "[]"))
	}
	if len(all) < 20 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

func TestImportsPointDownTheLayers(t *testing.T) {
	t.Parallel()
	all := imports(t)
	for pkg, may := range above {
		if all[pkg] == nil {
			t.Errorf("package %s does not exist", pkg)
		}
		for _, i := range all[pkg] {
			if own, ours := strings.CutPrefix(i, "floe/"); ours && !slices.Contains(may, own) {
				t.Errorf("%s imports %s", pkg, own)
			}
		}
	}
	for pkg, list := range all {
		for _, i := range list {
			own, _ := strings.CutPrefix(i, "floe/")
			if service(pkg) != "" && service(own) != "" && service(pkg) != service(own) {
				t.Errorf("%s imports %s: the services know each other by the log only", pkg, own)
			}
			if strings.HasPrefix(pkg, "pkg/") && (service(own) != "" || strings.HasPrefix(own, "cmd/")) {
				t.Errorf("%s imports %s", pkg, own)
			}
			if strings.HasPrefix(i, "github.com/hamba/avro") && pkg != "schemas" {
				t.Errorf("%s imports %s, which only schemas may", pkg, i)
			}
			if strings.HasPrefix(i, "github.com/twmb/franz-go/pkg/kfake") && pkg != "pkg/broker" {
				t.Errorf("%s imports %s, which only pkg/broker may", pkg, i)
			}
		}
	}
}

func service(pkg string) string {
	for _, s := range []string{"capture", "applier"} {
		if pkg == s || strings.HasPrefix(pkg, s+"/") {
			return s
		}
	}
	return ""
}

func TestPureStagesKnowNoServerNoClockNoLog(t *testing.T) {
	t.Parallel()
	all := imports(t)
	for _, pkg := range pure {
		for _, i := range all[pkg] {
			for _, bad := range []string{"github.com/jackc/pgx", "github.com/twmb/franz-go", "log/slog", "time", "net", "os"} {
				if i == bad || strings.HasPrefix(i, bad+"/") {
					t.Errorf("%s imports %s", pkg, i)
				}
			}
		}
	}
}
