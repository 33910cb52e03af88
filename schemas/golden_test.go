package schemas

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

const goldenFile = "testdata/format1.txt"

// sample is one thing of the wire, its bytes, and how to read them back.
type sample struct {
	name   string
	bytes  []byte
	value  any
	decode func([]byte) (any, error)
}

// wireSamples are one of everything that the log is made of.
func wireSamples(t testing.TB) (out []sample) {
	t.Helper()
	add := func(name string, value any, b []byte, err error, decode func([]byte) (any, error)) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sample{name, b, value, decode})
	}
	h := ledger.Header{Epoch: 1, Ordinal: 2, Commit: 0x16B374D848, Seq: 3, Part: 4, Flags: ledger.More | ledger.Companion, CRC: CRC([]byte("x")), Length: 5}
	add("header", h, AppendHeader(nil, h), nil, func(b []byte) (any, error) { return ParseHeader(b) })
	for i, e := range entries() {
		b, err := EncodeEntry(e)
		add(fmt.Sprintf("entry %d", i), e, b, err, func(b []byte) (any, error) { return DecodeEntry(b) })
	}
	o := &ledger.Object{Kind: "table", Schema: "public", Name: "t", OID: 1 << 31, ID: 7, Body: `{"a":1}`}
	b, err := EncodeObject(o)
	add("object", o, b, err, func(b []byte) (any, error) { return DecodeObject(b) })
	s := &status.Report{Role: "capture", PID: 4, State: "SYNCING", LatencyUs: -1, SourceLSN: 9, Tables: []status.Table{{Schema: "s", Name: "n", Loaded: 3}}}
	b, err = EncodeStatus(s)
	add("status", s, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	s = &status.Report{Role: "applier", State: "SYNCING", Structure: &status.Structure{Total: 2, Facts: []status.Fact{{Object: "view s.v", State: "failed", Code: "42P01", Reason: "r", Source: "CREATE"}}}}
	b, err = EncodeStatus(s)
	add("status with structure", s, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	asks := &status.Report{Role: "applier", Asked: []status.Asked{{Table: 1 << 31, Key: []string{"1", "x"}, At: 7}}}
	b, err = EncodeStatus(asks)
	add("status that asks", asks, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	told := &status.Report{Role: "applier", State: "BLOCKED", Obeyed: 2, Blocked: &status.Blocked{Epoch: 3, Commit: 0x16B374D848, Seq: 4,
		Table: "public.t", Op: "an insert", Key: "id=1", SQLState: "23514", Message: "m"}}
	b, err = EncodeStatus(told)
	add("status of a blocked job", told, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	clocked := &status.Report{Role: "capture", State: "SYNCING", SourceClock: 1_700_000_000_000_000}
	b, err = EncodeStatus(clocked)
	add("status with the source's clock", clocked, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	placed := &status.Report{Role: "capture", State: "READY", Place: "pc-src:1521/app", Checks: &status.Checks{At: 1_700_000_000_000_000, Result: "warnings",
		Found: []status.Check{{Code: "S-CONN", Severity: "ok", Text: "connect", MS: 12}, {Code: "O-KEY", Severity: "warn", Object: "s.n", Text: "t", Cause: "c", Fix: "f", FixSQL: "ALTER;"}}}}
	b, err = EncodeStatus(placed)
	add("status of a job that is ready", placed, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	limited := &status.Report{Role: "capture", State: "SYNCING", Place: "pc-src:1521/app", SlotLimit: 10 << 30}
	b, err = EncodeStatus(limited)
	add("status with the limit of a slot", limited, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	split := &status.Report{Role: "capture", State: "SYNCING", Hops: status.Hops{SourceUs: 1500, KafkaUs: 300}}
	b, err = EncodeStatus(split)
	add("status with the way's times", split, b, err, func(b []byte) (any, error) { return DecodeStatus(b) })
	place := &ledger.Place{Epoch: 3, Nonce: "nonce", Offset: 1 << 33}
	add("place", place, EncodePlace(place), nil, func(b []byte) (any, error) { return DecodePlace(b) })
	command := &ledger.Command{ID: "id", At: 5, By: "u@h", Verb: "add", Args: []string{"public.t", `"A b".c`}}
	add("command", command, EncodeCommand(command), nil, func(b []byte) (any, error) { return DecodeCommand(b) })
	c, err := Compile(every())
	if err != nil {
		t.Fatal(err)
	}
	add("value schema", c.ValueSchema(), []byte(c.ValueSchema()), nil, func(b []byte) (any, error) { return string(b), nil })
	add("key schema", c.KeySchema(), []byte(c.KeySchema()), nil, func(b []byte) (any, error) { return string(b), nil })
	for i, row := range sampleRows(c.Table()) {
		b, err := c.AppendValue(nil, 0x01020304, row)
		add(fmt.Sprintf("row %d", i), row, b, err, func(b []byte) (any, error) {
			var got event.Row
			err := c.DecodeValue(b, &got, &Arena{})
			return &got, err
		})
	}
	return out
}

func sampleRows(t *event.Table) []*event.Row {
	image := func(texts ...string) []event.Datum {
		out := make([]event.Datum, len(t.Columns))
		for i, s := range texts {
			out[i] = value(s)
		}
		return out
	}
	pos := event.Position{Epoch: 2, Commit: 0x16B374D848, Seq: 9}
	full := image("text é", "-5", "9223372036854775807", "t", "1.5", "-0.1", `\x00ff`, "2024-02-29", "23:59:59.5", "2024-01-02 03:04:05", "2024-01-02 03:04:05+00", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
	odd := image("", "007", "x", "true", "NaN", "Infinity", `\xF`, "infinity", "24:00:00", "0044-03-15 00:00:00 BC", "infinity", "")
	odd[0].Kind, odd[0].Text = event.Unchanged, nil
	return []*event.Row{
		{Table: t, Op: event.Create, Pos: pos, Xid: 7, CommitTime: 1_700_000_000_000_000, After: full},
		{Table: t, Op: event.Update, Pos: pos, Xid: 7, CommitTime: 1, Before: image("", "1"), After: odd},
		{Table: t, Op: event.Delete, Pos: pos, Before: make([]event.Datum, len(t.Columns))},
		{Table: t, Op: event.Read, Pos: event.Position{Epoch: 2}, After: full},
		{Table: t, Op: event.Truncate, Pos: pos, RestartIdentity: true, Leaf: &event.Leaf{Name: ident.Name{Schema: "s", Name: "p1"}, Condition: "(a > 1)"}},
	}
}

// Logs of format 1 lie on brokers: what this test holds is what they are made of. If it fails, deployed
// logs are no longer read or written as they were. FLOE_REWRITE=1 writes the file anew, which is right
// only for something added, never for a line that changes.
func TestFormat1IsAsDeployed(t *testing.T) {
	t.Parallel()
	all := wireSamples(t)
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%s: %s\n", s.name, hex.EncodeToString(s.bytes))
	}
	if os.Getenv("FLOE_REWRITE") == "1" {
		if err := os.WriteFile(goldenFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	if len(lines) != len(all) {
		t.Fatalf("%d lines for %d samples", len(lines), len(all))
	}
	for i, s := range all {
		name, text, _ := strings.Cut(lines[i], ": ")
		if is := hex.EncodeToString(s.bytes); name != s.name || text != is {
			t.Errorf("%s is written as\n%s\ndeployed logs have %s\n%s", s.name, is, name, text)
		}
		deployed, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.decode(deployed)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if diff := cmp.Diff(s.value, got); diff != "" {
			t.Errorf("%s: %s", s.name, diff)
		}
	}
}
