package control

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// commands are written as words; each line is one, with its line as id unless it begins with one.
func commands(text string) (out []ledger.Command) {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		id := strconv.Itoa(i)
		if rest, ok := strings.CutPrefix(words[0], "#"); ok {
			id, words = rest, words[1:]
		}
		out = append(out, ledger.Command{ID: id, By: "u@h", Verb: words[0], Args: words[1:]})
	}
	return out
}

// The last command that names a table decides; tables that none names are as the file has them.
func TestTheLastCommandDecides(t *testing.T) {
	t.Parallel()
	name := func(s string) ident.Name { return ident.Name{Schema: "public", Name: s} }
	w := Fold(commands("add public.a public.b\nremove public.gone public.a\nadd public.a\nremove public.b\nunheard-of public.file"))
	selected := w.Selection(func(n ident.Name) bool { return n.Name == "file" || n.Name == "gone" })
	for table, want := range map[string]bool{"file": true, "gone": false, "a": true, "b": false, "other": false} {
		if got := selected(name(table)); got != want {
			t.Errorf("%s is selected: %v", table, got)
		}
	}
	again := Fold(commands("add public.a\nremove public.gone public.b"))
	if !w.Selects(&again) {
		t.Error("the same tables are another selection")
	}
	if more := Fold(commands("add public.a public.c\nremove public.gone public.b")); w.Selects(&more) {
		t.Error("another table is no other selection")
	}
}

// What is so already is not asked for again; a stop outlives what ends a pause, the end all; a record that came twice
// is one command.
func TestRunFollowsTheCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Run{
		"pause": Paused, "pause\nresume": Running, "resume": Running, "stop": Stopped, "stop\nresume": Stopped, "stop\npause": Stopped,
		"pause\nstop\nresume": Stopped, "pause\nstart": Running, "stop\nstart": Running, "stop\nstart\npause": Paused,
		"#1 pause\n#2 resume\n#1 pause": Running, "stop\nfinish\nstart": Finished, "finish\npause\nresume": Finished,
	} {
		if w := Fold(commands(text)); w.Run != want {
			t.Errorf("%q: %s, want %s", text, w.Run, want)
		}
	}
	w := Fold(commands("pause first\npause second\nresume\npause third\npause fourth"))
	if w.Since.Arg(0) != "third" || !strings.Contains(w.Who(), "paused by u@h at ") || !strings.HasSuffix(w.Who(), ": third") || w.Ends() != "floe resume" {
		t.Errorf("the pause is %s, ended by %s", w.Who(), w.Ends())
	}
	if w := Fold(nil); w.Started || w.Who() != "" {
		t.Errorf("before any command: %+v", w)
	}
}

// A skip means one place of one applier, however often it is sent; what is no place skips nothing.
func TestASkipIsOfOnePlace(t *testing.T) {
	t.Parallel()
	w := Fold(commands("skip main 2 0/14 why\nskip main 2 0/14 again\nskip main 2 0/1E#3\nskip other 2 0/28\nskip main 2 0/0\nskip main x 0/32\nskip main 2 seven\nskip"))
	if n := len(w.Skips()); n != 3 {
		t.Errorf("%d skips: %+v", n, w.Skips())
	}
	at := func(epoch uint32, commit event.LSN, seq uint64) event.Position {
		return event.Position{Epoch: epoch, Commit: commit, Seq: seq}
	}
	for p, want := range map[event.Position]bool{at(2, 0x14, 0): true, at(2, 0x14, 9): true, at(1, 0x14, 0): false, at(2, 0x15, 0): false,
		at(2, 0x1E, 3): true, at(2, 0x1E, 2): false, at(2, 0x28, 0): false, at(2, 0, 0): false} {
		if got := w.Skip("main", p); (got != nil) != want {
			t.Errorf("%s of epoch %d is skipped: %v", p, p.Epoch, got)
		}
	}
	if k := w.Skip("main", at(2, 0x14, 1)); k.Reason != "why" || k.Command.ID != "0" || strings.Join(k.Args(), " ") != "main 2 0/14 why" {
		t.Errorf("%+v", k)
	}
}

// The last value of a field is the one that counts, and what cannot be set changes nothing.
func TestSettings(t *testing.T) {
	t.Parallel()
	w := Fold(commands("set throttle.load_rows=5 apply.batch_wait=7ms\nset throttle.load_rows=0 apply.batch_rows=0 kafka.prefix=x apply.batch_wait\nset apply.batch_rows=9"))
	if Or(w.Set.LoadRows, 77) != 0 || Or(w.Set.BatchRows, 77) != 9 || Or(w.Set.BatchWait, time.Hour) != 7*time.Millisecond {
		t.Errorf("%+v", w.Set)
	}
	w = Fold(commands("set throttle.load_mbps=3 throttle.apply_rows=4\nset throttle.apply_mbps=5 throttle.apply_rows=-1"))
	if diff := cmp.Diff(w.Set.Values(), map[string]string{"throttle.load_mbps": "3", "throttle.apply_rows": "4", "throttle.apply_mbps": "5"}); diff != "" {
		t.Error(diff)
	}
	w = Fold(commands("set throttle.hold_load_when.applier_lag=30s throttle.hold_load_when.slot_bytes=10GiB\nset throttle.hold_load_when.active_sessions=7 throttle.hold_load_when.oldest_transaction=10m throttle.hold_load_when.slot_bytes=1.5GiB"))
	if diff := cmp.Diff(w.Set.Values(), map[string]string{"throttle.hold_load_when.applier_lag": "30s", "throttle.hold_load_when.slot_bytes": "10GiB",
		"throttle.hold_load_when.active_sessions": "7", "throttle.hold_load_when.oldest_transaction": "10m0s"}); diff != "" {
		t.Error(diff)
	}
	if w := Fold(nil); Or(w.Set.LoadRows, 77) != 77 {
		t.Errorf("%+v", w.Set)
	}
	for text, says := range map[string]string{"apply.batch_rows=0": "from 1 to 1000000", "apply.batch_wait=1h": "from 0s to 1m0s", "kafka.prefix=x": "cannot be set while a job runs; throttle.load_rows", "x": "want KEY=VALUE",
		"throttle.hold_load_when.slot_bytes=much": "want bytes like 2GiB", "throttle.hold_load_when.applier_lag=48h": "from 0s to 24h0m0s", "throttle.hold_load_when.active_sessions=-1": "from 0 to 100000"} {
		if err := new(Settings).Set(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
