package main

import (
	"strings"
	"testing"
)

// A job file in which a password stands is refused by every command that reads it, with its place and what to
// write, and without the password.
func TestAFileWithAPasswordIsRefused(t *testing.T) {
	t.Parallel()
	bad := file(t, "bad.yaml", "name: orders\nsource: {url: 'postgres://u@127.0.0.1:1/db', password: hunter2}\ntarget: {url: 'postgres://u:hunter2@127.0.0.1:1/db'}\nkafka: {brokers: ['127.0.0.1:1']}\n")
	for _, args := range [][]string{{"job", "validate", bad}, {"job", "plan", "-f", bad}, {"check", "-f", bad}, {"status", "-f", bad}, {"capture", "-f", bad}, {"applier", "-f", bad}, {"console", "-f", bad},
		{"dev", "-f", bad, "--data-dir", t.TempDir()}, {"start", "-f", bad}, {"job", "apply", "-f", bad}, {"diag", "-f", bad, "-o", t.TempDir() + "/d.tar.gz"}, {"check", "-f", bad, "-o", "json"}} {
		code, out, errOut := floe(t, args...)
		if code != codeUsage {
			t.Errorf("%v: code %d", args, code)
		}
		for _, want := range []string{`bad.yaml:2:56: source.password: a password stands here itself`, `password: "${SOURCE_PASSWORD}" or password: "${file:/run/secrets/source}"`, "    2 | source: {url: 'postgres://u@127.0.0.1:1/db', password: ***}",
			`bad.yaml:3:29: target.url: a password stands within the address`, "    3 | target: {url: 'postgres://u:***@127.0.0.1:1/db'}\n      |                             ^"} {
			if !strings.Contains(errOut, want) {
				t.Errorf("%v: no %q in:\n%s", args, want, errOut)
			}
		}
		if strings.Contains(out+errOut, "hunter2") {
			t.Errorf("%v: the password is in:\n%s%s", args, out, errOut)
		}
	}
}

// On the command line a password works, and is warned of where others see it; what refers to one does not warn.
func TestPasswordsOnTheCommandLine(t *testing.T) {
	const warned = "a password stands on the command line"
	t.Setenv("FLOE_TEST_PASSWORD", "hunter2")
	for _, c := range []struct {
		source string
		warns  bool
	}{{nowhere, true}, {"host=127.0.0.1 port=1 user=u password=hunter2 dbname=db", true}, {strings.Replace(nowhere, "hunter2", "${FLOE_TEST_PASSWORD}", 1), false}, {strings.Replace(nowhere, ":hunter2", "", 1), false}} {
		code, out, errOut := floe(t, "job", "init", "--source", c.source)
		if code != codeUnreachable || !strings.Contains(errOut, "connection refused") {
			t.Errorf("%s: code %d: %s", c.source, code, errOut)
		}
		if got := strings.Contains(errOut, warned); got != c.warns || strings.Contains(out+errOut, "hunter2") {
			t.Errorf("%s: warned %t: %s", c.source, got, errOut)
		}
	}
	t.Setenv("FLOE_SOURCE", nowhere)
	if code, _, errOut := floe(t, "job", "init"); code != codeUnreachable || strings.Contains(errOut, warned) || strings.Contains(errOut, "hunter2") {
		t.Errorf("FLOE_SOURCE: code %d: %s", code, errOut)
	}
}
