package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/tools/txtar"

	"floe/pkg/broker"
	"floe/pkg/status"
	"floe/schemas"
)

// scenes are what the services of a job said last; what an operator then types and reads is in
// testdata/transcripts, an archive for each. FLOE_TRANSCRIPTS=1 writes them; make golden does not,
// for it would run all of this package's tests.
var scenes = map[string][]status.Report{
	"blocked": {
		{Role: "capture", Instance: "a:1", State: "SYNCING", Epoch: 3, PlacedLSN: 0x2000, Hops: status.Hops{SourceUs: 100_000, KafkaUs: 200_000}, Tables: []status.Table{{Schema: "public", Name: "t", State: "in sync", Loaded: 5, Inserts: 2}}},
		{Role: "applier", Instance: "b:2", State: "BLOCKED", Reason: "constraint-violation", Epoch: 3, AppliedLSN: 0x1000, LatencyUs: 1_500_000, Hops: status.Hops{TargetUs: 1_200_000},
			Detail: `the target refuses an insert of public.t, key (id=3), at 0/14#1: ERROR: new row violates check constraint "small" (SQLSTATE 23514)`, Fix: "change what stands in the way",
			Blocked: &status.Blocked{Epoch: 3, Commit: 0x14, Seq: 1, Table: "public.t", Op: "an insert", Key: "id=3", SQLState: "23514", Message: "new row violates"},
			Tables:  []status.Table{{Schema: "public", Name: "t", State: "in sync", Loaded: 5, Inserts: 1, Error: "2 changes left out, the last at 0/A by u@h: known bad"}}},
	},
	"lasting": {
		{Role: "capture", Instance: "a:1", State: "SYNCING", Epoch: 3},
		{Role: "applier", Instance: "b:2", State: "BLOCKED", Reason: "constraint-violation", Detail: "the target refuses rows of public.t that the load read", Fix: "change what stands in the way",
			Blocked: &status.Blocked{Lasting: "what a load reads cannot be left out"}},
	},
	"going": {
		{Role: "capture", Instance: "a:1", State: "SYNCING", Epoch: 1, Tables: []status.Table{{Schema: "public", Name: "t", State: "in sync"}}},
		{Role: "applier", Instance: "b:2", State: "SYNCING", Epoch: 1, Tables: []status.Table{{Schema: "public", Name: "t", State: "in sync"}}},
	},
	"ready": {
		{Role: "capture", Instance: "a:1", State: "READY", Detail: "its prechecks passed, with warnings: S-LONG-TXN", Fix: "floe start", LatencyUs: -1},
		{Role: "applier", Instance: "b:2", State: "READY", Detail: "its prechecks passed", Fix: "floe start", LatencyUs: -1},
	},
	"alone": {
		{Role: "capture", Instance: "a:1", State: "READY", Detail: "its prechecks passed", Fix: "floe start", LatencyUs: -1},
	},
	"barred": {
		{Role: "capture", Instance: "a:1", State: "READY", Detail: "its prechecks passed", Fix: "floe start", LatencyUs: -1},
		{Role: "applier", Host: "b", Instance: "b:2", State: "PRECHECK_FAILED", Reason: "O-TARGET-EXISTS", Detail: "1 table exists in the target already: public.t", Fix: "rename it", LatencyUs: -1},
	},
	"loading": {
		{Role: "capture", Instance: "a:1", State: "INIT_DATA", Epoch: 1, Tables: []status.Table{{Schema: "public", Name: "big", State: "loading", Estimate: 1000, Loaded: 630}, {Schema: "public", Name: "t", State: "in sync", Loaded: 5}}},
		{Role: "applier", Instance: "b:2", State: "INIT_DATA", Epoch: 1, Tables: []status.Table{{Schema: "public", Name: "big", State: "loading", Loaded: 500}, {Schema: "public", Name: "t", State: "in sync", Loaded: 5}}},
	},
	"wrong": {},
	"waiting": {
		{Role: "capture", Instance: "a:1", State: "RETRYING", Reason: "source-unreachable", Detail: "connect to the source: connection refused", Epoch: 1},
	},
	"halted": {
		{Role: "capture", Instance: "a:1", State: "FAILED", Reason: "slot-missing", Detail: "slot floe_orders_00000000 is gone from the source; changes behind 0/14 are lost to this job", Fix: "stop floe, then `floe job reset`"},
		{Role: "applier", Instance: "b:2", State: "SYNCING", Epoch: 1},
	},
}

// What floe says, where it says it, and how it ends, command by command.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for name, reports := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := play(t, reports)
			retyped(t, filepath.Join("testdata", "transcripts", name+".txtar"), func(typed string) string {
				return transcript(t, addr, typed)
			})
		})
	}
}

// retyped does again what an archive has, entry by entry, and wants what stands there: an entry's name is what
// was typed, its text what came of it.
func retyped(t *testing.T, path string, do func(typed string) string) {
	t.Helper()
	want, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := &txtar.Archive{Comment: want.Comment}
	for _, f := range want.Files {
		got.Files = append(got.Files, txtar.File{Name: f.Name, Data: []byte(do(f.Name))})
	}
	if os.Getenv("FLOE_TRANSCRIPTS") != "" {
		if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(txtar.Format(got), txtar.Format(want)) {
		t.Errorf("%s is otherwise:\n%s", path, txtar.Format(got))
	}
}

// play is a log in which the services have said this; they are heard just now, however long it takes.
func play(t *testing.T, reports []status.Report) (addr string) {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	client, err := kgo.NewClient(broker.Options([]string{b.Addr})...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(client), broker.Control("orders", 1)); err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		r.Job, r.At = "orders", time.Now().Add(time.Hour).UnixMicro()
		value, err := schemas.EncodeStatus(&r)
		if err != nil {
			t.Fatal(err)
		}
		key := map[string]string{"capture": "capture", "applier": "applier/main"}[r.Role]
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: broker.Status("orders"), Key: []byte(key), Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Addr
}

var (
	heard = regexp.MustCompile(`-?[0-9.]+ s ago`)
	who   = regexp.MustCompile(`by \S+@\S+ at [0-9: -]+ UTC`)
	age   = regexp.MustCompile(`"age_seconds":[-+.e0-9]+`)
	took  = regexp.MustCompile(`gave up after [0-9a-z.]+:`)
)

// transcript is one command with what it wrote, standard error marked, and its exit code.
func transcript(t *testing.T, addr, typed string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	args, isFloe := strings.CutPrefix(typed, "floe ")
	if !isFloe {
		t.Fatalf("no command of floe: %s", typed)
	}
	code := run(t.Context(), append([]string{"--job", "orders", "--broker", addr}, words(args)...), &out, &errOut)
	text := out.String()
	for line := range strings.Lines(errOut.String()) {
		text += "! " + line
	}
	text = heard.ReplaceAllString(text, "N s ago")
	text = age.ReplaceAllString(text, `"age_seconds":N`)
	text = who.ReplaceAllString(text, "by WHO at WHEN")
	text = took.ReplaceAllString(text, "gave up after N:")
	return fmt.Sprintf("%sexit %d\n", text, code)
}

// words splits at blanks; quotes keep them.
func words(line string) (out []string) {
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		out = append(out, m[1]+m[2])
	}
	return out
}
