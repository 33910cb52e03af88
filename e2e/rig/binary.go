package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"floe/pkg/pgtest"
)

// built are the binaries of this test process, by their build flags.
var built struct {
	sync.Mutex
	paths map[string]string
}

// Binary is the floe binary: FLOE_BIN, or one built once for this test process.
func Binary(t pgtest.TB) string {
	t.Helper()
	if path := os.Getenv("FLOE_BIN"); path != "" {
		return path
	}
	return BinaryWith(t, "floe-e2e")
}

// BinaryWith is a binary built with flags of its own, kept under a name of its own. FLOE_RACE=1 builds
// every one of them with the race detector.
func BinaryWith(t pgtest.TB, name string, flags ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if path := built.paths[name]; path != "" {
		return path
	}
	path, err := build(name, flags)
	if err != nil {
		t.Fatalf("build floe: %v", err)
	}
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[name] = path
	return path
}

// build leaves bin/<name> behind. Another test process may be running the one that it replaces.
func build(name string, flags []string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	cgo := "CGO_ENABLED=0"
	if os.Getenv("FLOE_RACE") != "" {
		name, flags, cgo = name+"-race", append(flags, "-race"), "CGO_ENABLED=1"
	}
	dir := string(root[:len(root)-1])
	path := filepath.Join(dir, "bin", fmt.Sprintf("%s-%d", name, os.Getpid()))
	args := append([]string{"build", "-trimpath", "-o", path}, flags...)
	cmd := exec.Command("go", append(args, "./cmd/floe")...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	kept := filepath.Join(dir, "bin", name)
	return kept, os.Rename(path, kept)
}
