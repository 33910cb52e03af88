// Package cache keeps the server programs that were fetched, across runs: PostgreSQL for versions
// that the machine lacks, Apache Kafka for the real-broker tests.
package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// Dir is the cache: FLOE_CACHE, else floe in the user's cache folder. Root's is /var/cache/floe, for
// servers run as another user, who may not enter root's home.
func Dir() string {
	if dir := os.Getenv("FLOE_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil || os.Geteuid() == 0 {
		return "/var/cache/floe"
	}
	return filepath.Join(dir, "floe")
}

// Folder is the cache's folder of that name, made by fill if it is not there. A folder is there only
// when it is whole: fill works beside it, and it gets its name at the end. Of two processes that
// want the same one, the second waits for the first.
func Folder(name string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(Dir(), name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(Dir(), 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	work, err := os.MkdirTemp(Dir(), "."+name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := fill(work); err != nil {
		return "", fmt.Errorf("fetch %s: %w", name, err)
	}
	return dir, errors.Join(os.Chmod(work, 0o755), os.Rename(work, dir))
}

// Dependency is the plugin whose goals fetch. By its short name alone Maven asks the network what that means, and
// without one says only that it knows none.
const Dependency = "org.apache.maven.plugins:maven-dependency-plugin:2.8:"

// patient has Maven ask a few times, and not wait half an hour for a server that does not answer: by the names
// that its transport has before version 3.9, and since.
var patient = []string{
	"-Dmaven.wagon.http.retryHandler.count=3", "-Dmaven.wagon.rto=60000",
	"-Daether.connector.http.retryHandler.count=3", "-Daether.connector.connectTimeout=20000", "-Daether.connector.requestTimeout=60000",
}

// Maven runs a goal of the Maven client in the folder, without a project of its own.
func Maven(ctx context.Context, dir string, args ...string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return errors.New("no Maven client (mvn) on this machine to fetch it with")
	}
	cmd := exec.CommandContext(ctx, mvn, slices.Concat([]string{"-q", "-B"}, patient, args)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn %v: %w: %s", args, err, out)
	}
	return nil
}
