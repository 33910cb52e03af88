package pgtest

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"floe/pkg/pgtest/cache"
	"floe/pkg/pgtest/child"
)

// Fetch sees to it that this machine has a server of the version, and returns the folder of its programs.
func Fetch(ctx context.Context, version int) (string, error) {
	p, err := find(ctx, version)
	return p.dir, err
}

// installWithApt installs Debian's server, which only root can. The package of Debian's own
// version always exists; others only where their repository is set up.
func installWithApt(ctx context.Context, version int) error {
	if os.Geteuid() != 0 {
		return errors.New("not root, so nothing was installed with apt")
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return errors.New("no apt-get on this machine")
	}
	name := "postgresql"
	if version != 0 {
		name = fmt.Sprintf("postgresql-%d", version)
	}
	// update may fail for one repository of several; install then says what is missing.
	patient := []string{"-qq", "-o", "Acquire::Retries=3", "-o", "Acquire::http::Timeout=30", "-o", "Acquire::https::Timeout=30", "-o", "DPkg::Lock::Timeout=300"}
	update := exec.CommandContext(ctx, apt, append(patient, "update")...)
	updated, _ := update.CombinedOutput()
	install := exec.CommandContext(ctx, apt, append(patient, "-y", "--no-install-recommends", "install", name)...)
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get install %s: %w: %s%s", name, err, lastLine(updated), lastLine(out))
	}
	return nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// releases are the builds at Maven Central of which floe's tests were run.
var releases = map[int]string{
	11: "11.22.1", 12: "12.22.0", 13: "13.23.0", 14: "14.24.0",
	15: "15.19.0", 16: "16.15.0", 17: "17.11.0", 18: "18.6.0",
}

// fetchWithMaven puts a server into the cache folder: an archive within an archive, which holds
// initdb, pg_ctl and postgres with their libraries.
func fetchWithMaven(ctx context.Context, version int) error {
	if version == 0 {
		version = preferred
	}
	release, ok := releases[version]
	if !ok {
		return fmt.Errorf("no build of PostgreSQL %d is known at Maven Central", version)
	}
	if err := canUseCache(); err != nil {
		return err
	}
	artifact := fmt.Sprintf("io.zonky.test.postgres:embedded-postgres-binaries-linux-%s:%s", mavenArch(), release)
	_, err := cache.Folder("postgres-"+release, func(dir string) error {
		if err := cache.Maven(ctx, dir, cache.Dependency+"copy", "-Dartifact="+artifact, "-DoutputDirectory="+dir); err != nil {
			return err
		}
		return unpack(ctx, dir)
	})
	return err
}

// canUseCache asks before a download whether the server's user could run what it brings.
func canUseCache() error {
	account, err := child.Unprivileged("postgres", "nobody")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cache.Dir(), 0o755); err != nil {
		return err
	}
	if err := account.CanEnter(cache.Dir()); err != nil {
		return fmt.Errorf("cache folder: %w; set FLOE_CACHE to another", err)
	}
	return nil
}

func mavenArch() string {
	if runtime.GOARCH == "arm64" {
		return "arm64v8"
	}
	return runtime.GOARCH
}

// unpack opens the jar in dir, puts what is in the .txz in it beside it, and removes the jar.
func unpack(ctx context.Context, dir string) error {
	jars, _ := filepath.Glob(filepath.Join(dir, "*.jar"))
	if len(jars) != 1 {
		return fmt.Errorf("%d jars where one was expected", len(jars))
	}
	defer os.Remove(jars[0])
	jar, err := zip.OpenReader(jars[0])
	if err != nil {
		return err
	}
	defer jar.Close()
	for _, f := range jar.File {
		if strings.HasSuffix(f.Name, ".txz") {
			return untar(ctx, f, dir)
		}
	}
	return fmt.Errorf("no .txz in %s", jars[0])
}

func untar(ctx context.Context, f *zip.File, dir string) error {
	content, err := f.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	cmd := exec.CommandContext(ctx, "tar", "-xJ", "--no-same-owner", "-C", dir)
	cmd.Stdin = content
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w: %s", err, out)
	}
	return nil
}
