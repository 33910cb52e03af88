package schemas

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

// every is a table with one column of each native type.
func every() *event.Table {
	t := &event.Table{Name: ident.Name{Schema: "Sp .x", Name: "a-b"}, OID: 7, Key: []int{1}}
	for i, n := range []event.Native{event.Text, event.Int, event.Long, event.Bool, event.Float, event.Double, event.Bytes, event.Date, event.Time, event.Timestamp, event.TimestampTZ, event.UUID} {
		t.Columns = append(t.Columns, event.Column{Name: string(rune('a'+i)) + " é", Attnum: int16(i + 1), Type: ident.Name{Schema: "pg_catalog", Name: "x"}, SQL: "x", Typmod: -1, Native: n})
	}
	return t
}

func value(s string) event.Datum { return event.Datum{Kind: event.Value, Text: []byte(s)} }

// Whatever the text, what comes out is what went in: natively where that is exact, else as an exception.
func TestValuesComeBackByteForByte(t *testing.T) {
	t.Parallel()
	c, err := Compile(every())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := Parse(c.ValueSchema())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.Table(), parsed.Table()); diff != "" {
		t.Fatal(diff)
	}
	texts := []string{"", "0", "-0", "1", "-1", "2147483648", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "007", "t", "f", "true",
		"1e+20", "1e-05", "0.0001", "123456.79", "1.2345679e+06", "100000", "1e+06", "NaN", "Infinity", "-Infinity", "infinity", "3.3333333333333335", "1.00",
		`\x`, `\x00ff`, `\xFF`, `\xf`, "2024-02-29", "2023-02-29", "0044-03-15 BC", "24:00:00", "23:59:59.999999", "01:02:03.10", "01:02:03.1",
		"2024-01-02 03:04:05", "2024-01-02 03:04:05.000001", "1969-12-31 23:59:59.999999", "2024-01-02 03:04:05+00", "2024-01-02 03:04:05.5+00", "294276-12-31 23:59:59+00", "2024-01-02 03:04:05+05:30",
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "日本 'quoted' \x00"}
	var arena Arena
	for _, text := range texts {
		row := &event.Row{Table: c.Table(), Op: event.Update, Pos: event.Position{Epoch: 3, Commit: 9, Seq: 4}, Xid: 5, CommitTime: 6}
		for range c.Table().Columns {
			row.After = append(row.After, value(text))
			row.Before = append(row.Before, event.Datum{})
		}
		row.Before[2] = value(text)
		row.After[1] = event.Datum{Kind: event.Unchanged}
		b, err := c.AppendValue(nil, 77, row)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Row
		if err := parsed.DecodeValue(b, &got, &arena); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got.Table = row.Table
		if diff := cmp.Diff(row, &got, cmp.Comparer(func(a, b event.Datum) bool {
			return a.Kind == b.Kind && string(a.Text) == string(b.Text)
		})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		for n := range b {
			if parsed.DecodeValue(b[:n], &got, &arena) == nil {
				t.Fatalf("%q: the first %d of %d bytes decode", text, n, len(b))
			}
		}
		if parsed.DecodeValue(append(b, 0), &got, &arena) == nil {
			t.Fatalf("%q: a byte too many decodes", text)
		}
	}
}

// What floe writes by hand is what its schema says to any Avro reader.
func TestAvroReadersUnderstand(t *testing.T) {
	t.Parallel()
	c, err := Compile(every())
	if err != nil {
		t.Fatal(err)
	}
	row := &event.Row{Table: c.Table(), Op: event.Truncate, Leaf: &event.Leaf{Name: c.Table().Name, Condition: "true"}}
	for range c.Table().Columns {
		row.After = append(row.After, value("1"))
	}
	b, err := c.AppendValue(nil, 1, row)
	if err != nil {
		t.Fatal(err)
	}
	var any any
	if err := avro.Unmarshal(avro.MustParse(c.ValueSchema()), b[5:], &any); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries() {
		b, err := EncodeEntry(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := avro.Unmarshal(avro.MustParse(ledgerSchema), b[10:], &any); err != nil {
			t.Fatal(err)
		}
		got, err := DecodeEntry(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Error(diff)
		}
		for n := range b {
			if _, err := DecodeEntry(b[:n]); err == nil {
				t.Fatalf("the first %d of %d bytes decode", n, len(b))
			}
		}
	}
}

func entries() []*ledger.Entry {
	span := []ledger.Span{{Topic: "t", Partition: 1, Offset: 2, Ordinal: 3, Count: 4}}
	return []*ledger.Entry{
		{Epoch: 1, Begin: &ledger.Epoch{Nonce: "n", SystemID: "s", Timeline: 1, Slot: "x", Selection: "h"}},
		{Epoch: 1, N: 1, At: 5, Commit: &ledger.Commit{Transactions: 2, First: 1, Last: 2, End: 3, Time: 4, Spans: span, Moved: []ledger.Moved{{Table: 1, Key: [][]byte{[]byte("k"), nil, {}}}}, Many: []uint32{3, 1 << 31}}},
		{Epoch: 1, N: 2, Chunk: &ledger.Chunk{Load: 1, Table: 2, Mode: ledger.Insert, Through: [][]byte{{}}, Snapshot: "1:2:", Until: 3, Rows: 4, Spans: span}},
		{Epoch: 1, N: 3, Chunk: &ledger.Chunk{Mode: ledger.Replace, Keys: [][][]byte{{[]byte("a")}}}},
		{Epoch: 1, N: 4, Chunk: &ledger.Chunk{Mode: ledger.Insert, Splits: [][][]byte{{[]byte("a"), {}}, {[]byte("b"), []byte("c")}}}},
		{Epoch: 1, N: 4, Loaded: &ledger.Loaded{Load: 1, Table: 2, Rows: 3}},
		{Epoch: 1, N: 5, Mark: &ledger.Mark{End: 9, Time: 8}},
		{Epoch: 1, N: 6, Selection: &ledger.Selection{Tables: []string{"a", "b"}}},
	}
}

func TestStatusComesBack(t *testing.T) {
	t.Parallel()
	s := &status.Report{Role: "applier", PID: 4, State: "SYNCING", LatencyUs: -1, Tables: []status.Table{{Schema: "s", Name: "n", Loaded: 3}}}
	b, err := EncodeStatus(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeStatus(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got); diff != "" {
		t.Error(diff)
	}
	var any any
	if err := avro.Unmarshal(avro.MustParse(bare.schema()), b[10:], &any); err != nil {
		t.Fatal(err)
	}
	s.Structure = &status.Structure{Total: 2, Facts: []status.Fact{{Object: "view s.v", State: "failed"}}}
	if b, err = EncodeStatus(s); err != nil {
		t.Fatal(err)
	}
	if err := avro.Unmarshal(avro.MustParse(full.schema()), b[10:], &any); err != nil {
		t.Fatal(err)
	}
	for _, s.Checks = range []*status.Checks{{Result: "warnings", Found: []status.Check{{Code: "O-KEY", Severity: "warn", MS: 3}}}, nil} {
		s.Place = "host:5432/app"
		if b, err = EncodeStatus(s); err != nil {
			t.Fatal(err)
		}
		if err := avro.Unmarshal(avro.MustParse(placed.schema()), b[10:], &any); err != nil {
			t.Fatal(err)
		}
		if got, err = DecodeStatus(b); err != nil || !cmp.Equal(s, got) {
			t.Error(err, cmp.Diff(s, got))
		}
	}
	for _, s.Place = range []string{s.Place, ""} {
		s.SlotLimit = 1 << 40
		if b, err = EncodeStatus(s); err != nil {
			t.Fatal(err)
		}
		if err := avro.Unmarshal(avro.MustParse(limited.schema()), b[10:], &any); err != nil {
			t.Fatal(err)
		}
		if got, err = DecodeStatus(b); err != nil || !cmp.Equal(s, got) {
			t.Error(err, cmp.Diff(s, got))
		}
	}
	for _, s.SlotLimit = range []int64{s.SlotLimit, 0} {
		s.Hops = status.Hops{SourceUs: 5, KafkaUs: 6, TargetUs: 7}
		if b, err = EncodeStatus(s); err != nil {
			t.Fatal(err)
		}
		if err := avro.Unmarshal(avro.MustParse(split.schema()), b[10:], &any); err != nil {
			t.Fatal(err)
		}
		if got, err = DecodeStatus(b); err != nil || !cmp.Equal(s, got) {
			t.Error(err, cmp.Diff(s, got))
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	c, row := benchRow(b)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = c.AppendValue(dst[:0], 1, row)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecode(b *testing.B) {
	c, row := benchRow(b)
	v, _ := c.AppendValue(nil, 1, row)
	var got event.Row
	var a Arena
	b.ReportAllocs()
	for b.Loop() {
		a.Reset()
		if err := c.DecodeValue(v, &got, &a); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// benchRow is a row of pgbench_accounts.
func benchRow(b *testing.B) (*Codec, *event.Row) {
	t := &event.Table{Name: ident.Name{Schema: "public", Name: "pgbench_accounts"}, Key: []int{0}}
	for i, n := range []event.Native{event.Int, event.Int, event.Int, event.Text} {
		t.Columns = append(t.Columns, event.Column{Name: string(rune('a' + i)), Native: n})
	}
	c, err := Compile(t)
	if err != nil {
		b.Fatal(err)
	}
	return c, &event.Row{Table: t, Op: event.Update, Pos: event.Position{Epoch: 1, Commit: 123456789, Seq: 3}, Xid: 77, CommitTime: 1_700_000_000_000_000,
		After: []event.Datum{value("1234567"), value("12"), value("-4711"), value("                                                                                    ")}}
}
