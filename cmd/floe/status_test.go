package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"floe/pkg/overview"
)

func TestLoadIsShownAsPartOfTheTable(t *testing.T) {
	t.Parallel()
	s := overview.Summary{Job: "j", State: "INIT_DATA", Tables: []overview.Table{
		{Schema: "s", Name: "a", State: "in sync", Loaded: 10, Estimate: 7}, {Schema: "s", Name: "b", State: "loading", Loaded: 250, Estimate: 1000},
		{Schema: "s", Name: "c", State: "settling", Loaded: 50, Estimate: 50}, {Schema: "s", Name: "d", State: "waiting"}}}
	var b strings.Builder
	if err := writeStatus(&b, s); err != nil || !strings.Contains(b.String(), "tables 4: 1 in sync, 3 loading (28 %, 300 of about 1050 rows)") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	if err := writeTables(&b, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"in sync   10 ", "250 (25 % of about 1000)", "50 (99 % of about 50)", "waiting   0 "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// What is shown again takes its own place on a terminal, and nowhere else: in a file or a pipe there are lines alone.
func TestATerminalIsDrawnUpon(t *testing.T) { // not beside others: it sets TERM
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	defer screen.Close() //nolint:errcheck
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close() //nolint:errcheck
	plain, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close() //nolint:errcheck
	var buffer bytes.Buffer
	for _, term := range []string{"xterm", "dumb"} {
		t.Setenv("TERM", term)
		if terminal(screen) != (term == "xterm") || terminal(to) || terminal(plain) || terminal(&buffer) {
			t.Errorf("TERM=%s: screen %t, pipe %t, file %t", term, terminal(screen), terminal(to), terminal(plain))
		}
		for _, w := range []io.Writer{to, plain, &buffer} {
			if err := wipe(w); err != nil {
				t.Error(err)
			}
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(from)
	if at, _ := plain.Seek(0, io.SeekEnd); err != nil || len(text)+buffer.Len() > 0 || at > 0 {
		t.Errorf("%v: a pipe got %q, a file %d bytes", err, text, at)
	}
}
