package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/pgtest/child"
)

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestChooseTakesTheAskedVersionOrThePreferredOne(t *testing.T) {
	t.Parallel()
	all := []programs{{"a", 13}, {"b", 17}, {"c", 15}}
	for _, c := range []struct {
		found   []programs
		version int
		want    string
	}{
		{all, 0, "c"}, {all, 13, "a"}, {all, 12, ""}, {all[:2], 0, "b"}, {nil, 0, ""}, {nil, 15, ""},
	} {
		got, ok := choose(c.found, c.version)
		if got.dir != c.want || ok != (c.want != "") {
			t.Errorf("choose(%v, %d) = %v %v, want %q", c.found, c.version, got, ok, c.want)
		}
	}
}

func TestUnknownVersionIsRefusedWithWhatWasTried(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Setenv("PATH", "") // no apt-get: nothing is installed by a test
	}
	_, err := find(t.Context(), 99)
	if err == nil || !strings.Contains(err.Error(), "PostgreSQL 99") || !strings.Contains(err.Error(), "Maven Central") {
		t.Errorf("got %v", err)
	}
}

// As root, a folder of mode 0700 anywhere on the way is named before initdb trips over it.
func TestFolderThatTheServerMayNotEnterIsNamed(t *testing.T) {
	t.Parallel()
	closed := t.TempDir()
	inner := filepath.Join(closed, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := &child.Account{Name: "stranger", UID: 54321, GID: 54321}
	if err := stranger.CanEnter(inner); err == nil || !strings.Contains(err.Error(), "stranger may not enter "+closed) && !strings.Contains(err.Error(), filepath.Dir(closed)) {
		t.Errorf("got %v, want a refusal that names %s", err, closed)
	}
	if err := stranger.CanEnter("/tmp"); err != nil {
		t.Errorf("/tmp: %v", err)
	}
}
