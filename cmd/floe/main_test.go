package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"floe/cmd/floe/datadir"
)

// floe runs one command line in this process.
func floe(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	// Nothing listens on port 1.
	nowhere = "postgres://u:hunter2@127.0.0.1:1/db?sslmode=disable"
	side    = "{url: 'postgres://u@127.0.0.1:1/db?sslmode=disable', password: '${FLOE_TEST_NO_SUCH:-hunter2}'}\n"
	valid   = "name: orders\nsource: " + side + "target: " + side
)

func TestExitCodesOfWhatNeedsNoServer(t *testing.T) {
	t.Parallel()
	good, broken := file(t, "good.yaml", valid), file(t, "broken.yaml", "name: orders\nsuorce: {}\n")
	empty := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		code int
		want string // on standard error
	}{
		"unknown command":    {[]string{"nope"}, codeUsage, `unknown command "nope"`},
		"unknown flag":       {[]string{"status", "--nope"}, codeUsage, "unknown flag: --nope"},
		"argument too many":  {[]string{"status", "x"}, codeUsage, `unknown command "x"`},
		"output":             {[]string{"version", "-o", "xml"}, codeUsage, "want table, json or yaml"},
		"log level":          {[]string{"version", "--log-level", "loud"}, codeUsage, "want debug, info, warn or error"},
		"no job":             {[]string{"status"}, codeUsage, "which job?"},
		"no such file":       {[]string{"status", "-f", "/no/such.yaml"}, codeUsage, "no such file"},
		"faults":             {[]string{"check", "-f", broken}, codeUsage, "broken.yaml:2:1: suorce is not a field; did you mean source?\n    2 | suorce: {}\n      | ^"},
		"validate faults":    {[]string{"job", "validate", broken}, codeUsage, "broken.yaml:2:1"},
		"validate nothing":   {[]string{"job", "validate"}, codeUsage, "which file?"},
		"valid":              {[]string{"job", "validate", good}, codeOK, ""},
		"export, no log":     {[]string{"job", "export", "-f", good}, codeUsage, "the job's log is not known"},
		"export, no answer":  {[]string{"job", "export", "--job", "x", "--broker", "127.0.0.1:1"}, codeUnreachable, "127.0.0.1:1"},
		"schema":             {[]string{"job", "schema"}, codeOK, ""},
		"version":            {[]string{"version"}, codeOK, ""},
		"completion":         {[]string{"completion", "bash"}, codeOK, ""},
		"ignore, no reason":  {[]string{"check", "-f", good, "--ignore", "O-KEY"}, codeUsage, "want CODE=reason"},
		"only, no code":      {[]string{"check", "-f", good, "--only", "X-1"}, codeUsage, "X-1 is no precheck"},
		"junit, elsewhere":   {[]string{"version", "-o", "junit"}, codeUsage, "want table, json or yaml"},
		"no log":             {[]string{"capture", "-f", good}, codeUsage, "the job's log is not known"},
		"no source":          {[]string{"capture", "--job", "x", "--broker", "127.0.0.1:1"}, codeUsage, "the source is not known"},
		"no target":          {[]string{"applier", "--job", "x", "--broker", "127.0.0.1:1"}, codeUsage, "the target is not known"},
		"set, unknown":       {[]string{"set", "kafka.prefix=x", "--job", "x", "--broker", "127.0.0.1:1"}, codeUsage, "kafka.prefix cannot be set while a job runs"},
		"set, value":         {[]string{"set", "apply.batch_rows=0", "--job", "x", "--broker", "127.0.0.1:1"}, codeUsage, "want a whole number from 1"},
		"explain":            {[]string{"errors", "explain", "slot-missing"}, codeOK, ""},
		"explain nothing":    {[]string{"errors", "explain", "nothing"}, codeConflict, "nothing is no code of floe's"},
		"skip, no reason":    {[]string{"errors", "skip", "0/1", "--job", "x", "--broker", "127.0.0.1:1"}, codeUsage, "--reason is missing"},
		"retry, no answer":   {[]string{"errors", "retry", "--job", "x", "--broker", "127.0.0.1:1"}, codeUnreachable, "127.0.0.1:1"},
		"bad name":           {[]string{"status", "--job", "X-1", "--broker", "127.0.0.1:1"}, codeUsage, "for example x_1"},
		"empty folder":       {[]string{"status", "--data-dir", empty}, codeConflict, "holds no job"},
		"dev, empty folder":  {[]string{"dev", "--once", "--data-dir", empty}, codeConflict, "holds no job"},
		"dev, nothing":       {[]string{"dev", "--once"}, codeUsage, "which databases?"},
		"dev, half":          {[]string{"dev", "--source", nowhere}, codeUsage, "which databases?"},
		"dev, both":          {[]string{"dev", "--source", nowhere, "-f", good}, codeUsage, "not both"},
		"dev, open to all":   {[]string{"dev", "--data-dir", t.TempDir(), "-f", good, "--listen", "0.0.0.0:0"}, codeUsage, "needs --token-file"},
		"wait for nobody":    {[]string{"wait", "--synced", "--data-dir", t.TempDir(), "--timeout", "150ms"}, codeConflict, "holds no job of floe dev"},
		"wait for what":      {[]string{"wait", "--job", "x"}, codeUsage, "want --synced or --lsn"},
		"wait, bad LSN":      {[]string{"wait", "--lsn", "17"}, codeUsage, "want the form 16/B374D848"},
		"wait, time is over": {[]string{"wait", "--lsn", "0/1", "--job", "x", "--broker", "127.0.0.1:1", "--timeout", "50ms"}, codeTimeout, "gave up after"},
		"source unreachable": {[]string{"wait", "--synced", "-f", good, "--broker", "127.0.0.1:1", "--timeout", "3m"}, codeUnreachable, "ask the source where it is"},
		"verify unreachable": {[]string{"verify", "-f", good}, codeUnreachable, "connection refused"},
		"verify, bad name":   {[]string{"verify", "-f", good, "a.b.c"}, codeUsage, "want schema or schema.table"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errOut := floe(t, c.args...)
			if code != c.code || !strings.Contains(errOut, c.want) {
				t.Errorf("code %d instead of %d, standard error:\n%s", code, c.code, errOut)
			}
			if strings.Contains(errOut, "hunter2") {
				t.Errorf("a password is in %s", errOut)
			}
		})
	}
}

// The precheck of servers that do not answer ends dev with 5, names each, and shows no password.
func TestDevWithoutServersEndsWithTheirCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errOut := floe(t, "dev", "--source", nowhere, "--target", nowhere, "--data-dir", dir, "--listen", "127.0.0.1:0")
	if code != codeUnreachable {
		t.Errorf("code %d: %s", code, errOut)
	}
	for _, want := range []string{"FAIL  S-CONN", "FAIL  T-CONN", "skipped after S-CONN", "not started", "fix: check host and port"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out+errOut, "hunter2") {
		t.Errorf("a password is in %s%s", out, errOut)
	}
	j, err := datadir.ReadJob(dir)
	if err != nil || j.Started {
		t.Errorf("a job that was not started is kept as %+v, %v", j, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "job.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("job.json, which holds passwords: %v, %v", info.Mode(), err)
	}
}

func TestPrecheckAsJSON(t *testing.T) {
	t.Parallel()
	code, out, _ := floe(t, "check", "-f", file(t, "job.yaml", valid), "-o", "json")
	var r struct {
		Job    string
		Checks []struct{ Code, Severity string }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if code != codeUnreachable || r.Job != "orders" || len(r.Checks) == 0 || r.Checks[0].Code != "S-CONN" || r.Checks[0].Severity != "fail" {
		t.Errorf("code %d, %s", code, out)
	}
}

// The two forms for programs say the same.
func TestOutputAsYAML(t *testing.T) {
	t.Parallel()
	args := []string{"check", "-f", file(t, "job.yaml", valid), "-o"}
	var fromJSON, fromYAML struct {
		Job, Source string
		Checks      []struct{ Code, Severity, Text, Cause, Fix string }
	}
	_, out, _ := floe(t, append(args, "json")...)
	if err := json.Unmarshal([]byte(out), &fromJSON); err != nil {
		t.Fatal(err)
	}
	_, out, _ = floe(t, append(args, "yaml")...)
	if err := yaml.Unmarshal([]byte(out), &fromYAML); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if diff := cmp.Diff(fromJSON, fromYAML); diff != "" || len(fromYAML.Checks) == 0 {
		t.Errorf("%s\n%s", diff, out)
	}
	if code, _, errOut := floe(t, "version", "-o", "xml"); code != codeUsage || !strings.Contains(errOut, "want table, json or yaml") {
		t.Errorf("code %d, %s", code, errOut)
	}
}

func TestTwoDevsDoNotShareAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := datadir.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	code, _, errOut := floe(t, "dev", "--source", nowhere, "--target", nowhere, "--data-dir", dir)
	if code != codeConflict || !strings.Contains(errOut, "is in use by another `floe dev` (process ") {
		t.Errorf("code %d: %s", code, errOut)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := floe(t, "dev", "--source", nowhere, "--target", nowhere, "--data-dir", dir, "--listen", ":0"); code != codeUnreachable {
		t.Errorf("code %d once the folder was free", code)
	}
}

// A generated name stays with the folder: the slot and the topics bear it.
func TestGeneratedNameIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := map[string]bool{}
	for _, db := range []string{"one", "two"} {
		url := strings.Replace(nowhere, "/db", "/"+db, 1)
		floe(t, "dev", "--source", url, "--target", nowhere, "--data-dir", dir, "--listen", ":0")
		j, err := datadir.ReadJob(dir)
		if err != nil || j.Source != url || !strings.HasPrefix(j.Name, "one_") {
			t.Fatalf("%+v, %v", j, err)
		}
		names[j.Name] = true
	}
	if len(names) != 1 {
		t.Errorf("the name changed: %v", names)
	}
	code, _, errOut := floe(t, "dev", "-f", file(t, "job.yaml", valid), "--data-dir", dir)
	if code != codeConflict || !strings.Contains(errOut, "holds the job one_") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

func TestChildrenGetNoJobFromTheEnvironment(t *testing.T) {
	t.Parallel()
	got := childEnv([]string{"PATH=/bin", "FLOE_SOURCE=x", "FLOE_FAILPOINT=y", "SRC_PASSWORD=z", "FLOE_JOB="})
	if strings.Join(got, " ") != "PATH=/bin FLOE_FAILPOINT=y SRC_PASSWORD=z" {
		t.Errorf("got %v", got)
	}
}

// The environment stands below flags and above defaults.
func TestEnvironmentStandsForFlags(t *testing.T) {
	t.Setenv("FLOE_OUTPUT", "json")
	if _, out, _ := floe(t, "version"); !strings.HasPrefix(out, "{") {
		t.Errorf("FLOE_OUTPUT=json: %s", out)
	}
	if code, _, errOut := floe(t, "diag", "-f", file(t, "job.yaml", valid), "-o", filepath.Join(t.TempDir(), "d")); code != codeOK {
		t.Errorf("diag: code %d: %s", code, errOut)
	}
	if _, out, _ := floe(t, "version", "-o", "table"); strings.HasPrefix(out, "{") {
		t.Errorf("-o table: %s", out)
	}
}

func TestCodeOfErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code int
	}{{nil, 0}, {errors.New("x"), 1}, {errors.Join(nil, exit(codeMismatch, nil)), 6}, {context.DeadlineExceeded, 8}, {&datadir.BusyError{}, 9}} {
		if got := codeOf(c.err); got != c.code {
			t.Errorf("%v: %d", c.err, got)
		}
	}
}

// A service ends when its context does, with its metrics beside it.
func TestBrokerServesUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out, errOut bytes.Buffer
	dir := t.TempDir()
	if code := run(ctx, []string{"broker", "--dir", dir}, &out, &errOut); code != codeOK {
		t.Errorf("code %d: %s", code, errOut.String())
	}
	if !strings.Contains(errOut.String(), "embedded broker is for trials") || out.Len() != 0 {
		t.Errorf("standard output %q, standard error %q", out.String(), errOut.String())
	}
}
