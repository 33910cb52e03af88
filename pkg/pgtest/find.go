package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"floe/pkg/pgtest/cache"
)

// preferred is the version that most of floe's tests are written on.
const preferred = 15

// programs is a folder with initdb and postgres of one version.
type programs struct {
	dir   string
	major int
}

func (p programs) path(name string) string { return filepath.Join(p.dir, name) }

// environment is what server programs run with: nothing of ours, for PG* variables and locales
// change what they do.
func (p programs) environment() []string {
	return []string{"PATH=" + p.dir + ":/usr/bin:/bin", "LANG=C", "LC_ALL=C", "TZ=UTC"}
}

// find gives the programs of the version; 0 is any. It looks at the machine first, then asks
// apt (as root), then the Maven client.
func find(ctx context.Context, version int) (programs, error) {
	if p, ok := choose(installed(ctx), version); ok {
		return p, nil
	}
	var reasons []error
	for _, fetch := range []func(context.Context, int) error{installWithApt, fetchWithMaven} {
		if err := fetch(ctx, version); err != nil {
			reasons = append(reasons, err)
			continue
		}
		if p, ok := choose(installed(ctx), version); ok {
			return p, nil
		}
	}
	wanted := "a PostgreSQL server"
	if version != 0 {
		wanted = fmt.Sprintf("PostgreSQL %d", version)
	}
	return programs{}, fmt.Errorf("%s is not on this machine (looked at FLOE_PG_BIN, PATH, /usr/lib/postgresql, %s): %w",
		wanted, cache.Dir(), errors.Join(reasons...))
}

// choose takes the wanted version; for any, the preferred one, else the newest.
func choose(found []programs, version int) (programs, bool) {
	if version == 0 && len(found) > 0 {
		if found[0].dir == os.Getenv("FLOE_PG_BIN") {
			return found[0], true
		}
		version = newest(found)
		if slices.ContainsFunc(found, func(p programs) bool { return p.major == preferred }) {
			version = preferred
		}
	}
	for _, p := range found {
		if p.major == version {
			return p, true
		}
	}
	return programs{}, false
}

func newest(found []programs) int {
	return slices.MaxFunc(found, func(a, b programs) int { return a.major - b.major }).major
}

// installed lists the servers on this machine, those that the user names first.
func installed(ctx context.Context) []programs {
	dirs := []string{os.Getenv("FLOE_PG_BIN")}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// A link on the PATH stands apart from the other programs.
		if target, err := filepath.EvalSymlinks(initdb); err == nil {
			dirs = append(dirs, filepath.Dir(target))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", filepath.Join(cache.Dir(), "postgres-*", "bin")} {
		more, _ := filepath.Glob(pattern)
		dirs = append(dirs, more...)
	}
	var found []programs
	for _, dir := range dirs {
		if major, ok := versionOf(ctx, dir); ok {
			found = append(found, programs{dir: dir, major: major})
		}
	}
	return found
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// versionOf asks postgres for its version, if both programs are in the folder.
func versionOf(ctx context.Context, dir string) (int, bool) {
	if dir == "" {
		return 0, false
	}
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, false
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, false
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return 0, false
	}
	major, err := strconv.Atoi(string(m[1]))
	return major, err == nil
}
