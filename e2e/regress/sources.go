package regress

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"floe/pkg/pgtest/cache"
)

// Major is the version whose tests are run: the one that Debian's stable release has.
const Major = 15

// Kit is what the regression tests need beside a server.
type Kit struct {
	Tests     string // src/test/regress: sql, expected, data and the schedule
	Libraries string // regress.so, refint.so, autoinc.so
	Runner    string // pg_regress
	Programs  string // psql, pg_dump
}

func (k Kit) dumper() string { return k.Programs + "/pg_dump" }

// packaged is the folder of Debian's packages.
var packaged = fmt.Sprintf("/usr/lib/postgresql/%d", Major)

// NewKit fetches the sources by apt, once for this machine, and compiles what of them is a library.
func NewKit(ctx context.Context) (Kit, error) {
	k := Kit{Runner: packaged + "/lib/pgxs/src/test/regress/pg_regress", Programs: packaged + "/bin"}
	if _, err := os.Stat(k.Runner); err != nil {
		return k, fmt.Errorf("package postgresql-client-%d is not installed: %w", Major, err)
	}
	dir, err := cache.Folder(fmt.Sprintf("postgresql-%d-regress", Major), func(dir string) error { return fill(ctx, dir) })
	k.Tests, k.Libraries = filepath.Join(dir, "src/test/regress"), filepath.Join(dir, "libraries")
	return k, err
}

// fill leaves the unpacked sources in the folder, and libraries beside them.
func fill(ctx context.Context, dir string) error {
	archive, err := download(ctx, dir)
	if err != nil {
		return err
	}
	libraries := filepath.Join(dir, "libraries")
	steps := [][]string{
		{"tar", "--strip-components=1", "-xjf", archive},
		{"./configure", "--without-readline", "--without-zlib"}, // for the headers' sake
		{"make", "-s", "-C", "src/backend", "generated-headers"},
		{"mkdir", libraries},
		{"gcc", "-O1", "-fPIC", "-shared", "-D_GNU_SOURCE", "-Isrc/include", "-o", libraries + "/regress.so", "src/test/regress/regress.c"},
		{"cp", packaged + "/lib/refint.so", packaged + "/lib/autoinc.so", libraries},
	}
	for _, s := range steps {
		if err := run(ctx, dir, s[0], s[1:]...); err != nil {
			return err
		}
	}
	return os.Remove(archive)
}

// download has apt fetch the sources of the installed server, from lists of its own: the machine's need
// not name sources, and stay as they are.
func download(ctx context.Context, dir string) (string, error) {
	apt := filepath.Join(dir, "apt")
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(apt, d), 0o755); err != nil {
			return "", err
		}
	}
	defer os.RemoveAll(apt)
	list := filepath.Join(apt, "sources.list")
	if err := os.WriteFile(list, []byte(mirrors), 0o644); err != nil {
		return "", err
	}
	options := []string{"-qq", "-o", "Dir::Etc::SourceList=" + list, "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "Dir::State::Lists=" + apt + "/lists",
		"-o", "Dir::Cache=" + apt + "/cache", "-o", "APT::Sandbox::User=root"}
	if err := run(ctx, dir, "apt-get", append(options, "update")...); err != nil {
		return "", err
	}
	name := fmt.Sprintf("postgresql-%d", Major)
	installed, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version}", name).Output()
	if err != nil {
		return "", fmt.Errorf("ask for the version of %s: %w", name, err)
	}
	source := append(options, "source", "--download-only")
	err = run(ctx, dir, "apt-get", append(source, name+"="+string(installed))...)
	if err != nil { // a mirror keeps the newest ones only
		if second := run(ctx, dir, "apt-get", append(source, name)...); second != nil {
			return "", errors.Join(err, second)
		}
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.orig.tar.bz2"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("apt-get source left %q, one archive is meant", found)
	}
	return found[0], nil
}

const mirrors = `deb-src http://deb.debian.org/debian bookworm main
deb-src http://deb.debian.org/debian-security bookworm-security main
`

func run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out)
	}
	return nil
}
