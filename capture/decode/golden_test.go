package decode_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/capture/decode"
	"floe/pkg/event"
	"floe/pkg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Each script of testdata has a source's statements and the messages that a real server made of them,
// each as bytes and as what they mean. FLOE_REWRITE=1 writes the meanings anew; where a script has no
// bytes yet, a server is asked for them.
func TestMessagesOfARealServer(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sql, bytes, recorded := strings.Cut(string(text), "\n----\n")
			messages := parse(t, bytes)
			if !recorded {
				messages = record(t, sql)
			}
			want := sql + "\n----\n" + render(t, messages)
			if want == string(text) {
				return
			}
			if os.Getenv("FLOE_REWRITE") != "1" {
				t.Fatalf("the meaning changed (FLOE_REWRITE=1 writes it):\n%s", want)
			}
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// parse reads the bytes back, which stand on the lines that begin with "> ".
func parse(t *testing.T, text string) (messages [][]byte) {
	t.Helper()
	for line := range strings.Lines(text) {
		if s, ok := strings.CutPrefix(strings.TrimSpace(line), "> "); ok {
			b, err := hex.DecodeString(s)
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, b)
		}
	}
	return messages
}

// record runs the statements, one a line; those before the line "slot" set the scene.
func record(t *testing.T, sql string) (messages [][]byte) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.NewDB(t, pgtest.Shared(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var slot string
	if err := conn.QueryRow(t.Context(), `select 'decode_' || pg_backend_pid()`).Scan(&slot); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(sql) {
		line = strings.TrimSpace(line)
		if line == "slot" {
			line = fmt.Sprintf(`create publication p for all tables;; select pg_create_logical_replication_slot('%s', 'pgoutput')`, slot)
		}
		for part := range strings.SplitSeq(line, ";;") { // one message, one transaction
			if _, err := conn.PgConn().Exec(t.Context(), part).ReadAll(); err != nil {
				t.Fatalf("%s: %v", part, err)
			}
		}
	}
	rows, err := conn.Query(t.Context(), `select data from pg_logical_slot_get_binary_changes($1, null, null, 'proto_version', '1', 'publication_names', 'p')`, slot)
	if err != nil {
		t.Fatal(err)
	}
	messages, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `select pg_drop_replication_slot($1)`, slot); err != nil {
		t.Fatal(err)
	}
	return messages
}

func render(t *testing.T, messages [][]byte) string {
	t.Helper()
	var b strings.Builder
	var d decode.Decoder
	for _, data := range messages {
		m, err := d.Decode(data)
		if err != nil {
			t.Fatalf("%x: %v", data, err)
		}
		fmt.Fprintf(&b, "> %x\n%s\n", data, meaning(m))
	}
	return b.String()
}

func meaning(m *decode.Message) string {
	switch m.Kind {
	case decode.Begin:
		return fmt.Sprintf("begin xid %d commit %s at %d", m.Xid, m.CommitLSN, m.Time)
	case decode.Commit:
		return fmt.Sprintf("commit %s end %s at %d", m.CommitLSN, m.EndLSN, m.Time)
	case decode.Relation:
		s := fmt.Sprintf("relation %d %s.%s identity %c:", m.Shape.RelationID, m.Shape.Namespace, m.Shape.RelationName, m.Shape.ReplicaIdentity)
		for _, c := range m.Shape.Columns {
			s += fmt.Sprintf(" %s/%d/%d/%d", c.Name, c.DataType, c.TypeModifier, c.Flags)
		}
		return s
	case decode.Type:
		return fmt.Sprintf("type %d %s.%s", m.TypeName.DataType, m.TypeName.Namespace, m.TypeName.Name)
	case decode.Truncate:
		return fmt.Sprintf("truncate %v cascade %v restart %v", m.Relations, m.Cascade, m.RestartIdentity)
	case decode.Other:
		return "other"
	}
	s := fmt.Sprintf("%c %d", m.Kind, m.RelationID)
	if m.Old != nil {
		s += fmt.Sprintf(" old(full %v) %s", m.Full, image(m.Old))
	}
	if m.New != nil {
		s += " new " + image(m.New)
	}
	return s
}

func image(data []event.Datum) string {
	parts := make([]string, len(data))
	for i, d := range data {
		switch d.Kind {
		case event.Null:
			parts[i] = "null"
		case event.Unchanged:
			parts[i] = "unchanged"
		default:
			parts[i] = fmt.Sprintf("%.40q", d.Text)
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// FuzzDecode: no bytes make the decoder panic, and what decodes is whole.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if s, ok := strings.CutPrefix(strings.TrimSpace(line), "> "); ok && len(s) < 4096 {
				b, err := hex.DecodeString(s)
				if err != nil {
					f.Fatal(err)
				}
				f.Add(b)
				f.Add(b[:len(b)/2])
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d decode.Decoder
		m, err := d.Decode(data)
		if err != nil {
			return
		}
		size := 0
		for _, images := range [][]event.Datum{m.Old, m.New} {
			for _, v := range images {
				size += len(v.Text)
			}
		}
		if size > len(data) {
			t.Fatalf("%d bytes of values out of %d", size, len(data))
		}
		switch m.Kind {
		case decode.Relation:
			if m.Shape == nil {
				t.Fatal("a relation without a shape")
			}
		case decode.Insert, decode.Update:
			if m.New == nil {
				t.Fatal("no new image")
			}
		case decode.Delete:
			if m.Old == nil {
				t.Fatal("no old image")
			}
		}
	})
}

// BenchmarkDecode decodes an update of a row like pgbench_accounts'.
func BenchmarkDecode(b *testing.B) {
	data := []byte{'U', 0, 0, 64, 1, 'N', 0, 4}
	for _, s := range []string{"1234567", "12", "-4711", strings.Repeat(" ", 84)} {
		data = append(data, 't', 0, 0, 0, byte(len(s)))
		data = append(data, s...)
	}
	var d decode.Decoder
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
