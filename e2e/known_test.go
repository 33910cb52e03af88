package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// knownFailure is a line of known-failing.txt.
type knownFailure struct{ until, reason string }

// untils are what a known failure may wait for; limit: is what the server itself refuses.
var untils = []string{"ddl-sync", "limit:"}

func readKnown(t *testing.T) map[string]knownFailure {
	if os.Getenv("FLOE_E2E_PEER") != "" {
		return nil // the list is floe's
	}
	text, err := os.ReadFile("known-failing.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]knownFailure{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.SplitN(line, " | ", 3)
		if len(fields) != 3 || !slices.Contains(untils, strings.TrimSpace(fields[1])) || known[fields[0]] != (knownFailure{}) {
			t.Fatalf("known-failing.txt: %q: want NAME | %s | REASON, each name once", line, strings.Join(untils, " or "))
		}
		known[strings.TrimSpace(fields[0])] = knownFailure{strings.TrimSpace(fields[1]), fields[2]}
	}
	return known
}

// A line about a scenario that does not exist would hide nothing and mean nothing.
func TestKnownFailuresNameScenarios(t *testing.T) {
	t.Parallel()
	for name := range readKnown(t) {
		if _, err := os.Stat("scenarios/" + name + ".sql"); err != nil {
			t.Error(err)
		}
	}
}
