package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/status"
	"floe/schemas"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// rig is a log that the test writes as capture would, and a target that an applier fills from it. Its
// one table is t(id int primary key, v text, n int).
type rig struct {
	t      *testing.T
	kafka  []kgo.Opt
	client *kgo.Client
	target string
	epoch  uint32
	n      uint64
	next   map[string]uint64 // ordinals by topic
	defs   []catalog.Definition
	shape  *event.Table
	codec  *schemas.Codec
	id     uint32
	resume event.LSN // where the ledger goes on
}

func newRig(t *testing.T, sql ...string) *rig {
	t.Helper()
	return newRigOf(t, "create table t (id int primary key, v text, n int)", sql...)
}

// newRigOf is a rig whose table the source made by other statements, with these columns.
func newRigOf(t *testing.T, source string, sql ...string) *rig {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	r := &rig{t: t, kafka: broker.Options([]string{b.Addr}), target: pgtest.NewDB(t, pgtest.Shared(t), sql...)}
	if r.client, err = kgo.NewClient(append(r.kafka, broker.Producer()...)...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.Close)
	topics := append(broker.Control("j", 1), broker.Topic{Name: "j.public.t", Partitions: 1, Replication: 1, Rows: true})
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(r.client), topics); err != nil {
		t.Fatal(err)
	}
	r.defs = definitionsOf(t, source)
	for _, d := range r.defs {
		if table, ok := d.Body.(*catalog.TableDef); ok {
			r.shape = table.Shape()
		}
	}
	if r.codec, err = schemas.Compile(r.shape); err != nil {
		t.Fatal(err)
	}
	return r
}

// definitionsOf reads the table's definitions from a source.
func definitionsOf(t *testing.T, sql string) []catalog.Definition {
	t.Helper()
	source := pgtest.NewDB(t, pgtest.Shared(t), sql)
	conn, err := pgx.Connect(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	db, err := catalog.Read(t.Context(), conn, func(n ident.Name) bool { return n.Name == "t" })
	if err != nil {
		t.Fatal(err)
	}
	return db.Definitions
}

func (r *rig) produce(topic string, value []byte, headers ...kgo.RecordHeader) int64 {
	r.t.Helper()
	rec := &kgo.Record{Topic: topic, Value: value, Headers: headers}
	if err := r.client.ProduceSync(r.t.Context(), rec).FirstErr(); err != nil {
		r.t.Fatal(err)
	}
	return rec.Offset
}

func (r *rig) entry(e ledger.Entry) {
	r.t.Helper()
	e.Epoch, e.N = r.epoch, r.n
	r.n++
	r.resume = max(r.resume, e.ResumeAt())
	b, err := schemas.EncodeEntry(&e)
	if err != nil {
		r.t.Fatal(err)
	}
	r.produce("j.floe.ledger", b)
}

// records produces values to a topic and returns the span that points at them.
func (r *rig) records(topic string, commit event.LSN, seqs []uint64, values [][]byte) []ledger.Span {
	r.t.Helper()
	if len(values) == 0 { // a span is never empty
		return nil
	}
	span := ledger.Span{Topic: topic, Ordinal: r.next[topic], Count: uint64(len(values)), Offset: -1}
	for i, v := range values {
		h := ledger.Header{Epoch: r.epoch, Ordinal: r.next[topic], Commit: commit, CRC: schemas.CRC(v), Length: uint32(len(v))}
		if seqs != nil {
			h.Seq = seqs[i]
		}
		r.next[topic]++
		offset := r.produce(topic, v, kgo.RecordHeader{Key: ledger.HeaderKey, Value: schemas.AppendHeader(nil, h)})
		if span.Offset < 0 {
			span.Offset = offset
		}
	}
	return []ledger.Span{span}
}

// begin starts an epoch with the table's definition and schema.
func (r *rig) begin(loads ...ledger.LoadState) {
	r.t.Helper()
	r.epoch, r.n, r.next = r.epoch+1, 0, map[string]uint64{}
	r.id = r.epoch<<16 | 1
	r.entry(ledger.Entry{Begin: &ledger.Epoch{Nonce: fmt.Sprint("nonce", r.epoch)}})
	r.entry(ledger.Entry{Mark: &ledger.Mark{End: r.resume}})
	r.entry(ledger.Entry{Selection: &ledger.Selection{}})
	var objects []ledger.Object
	for _, d := range r.defs {
		body, err := catalog.Encode(d)
		if err != nil {
			r.t.Fatal(err)
		}
		objects = append(objects, ledger.Object{Kind: string(d.Kind), Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, Body: body})
	}
	for _, l := range loads {
		body, err := json.Marshal(l)
		if err != nil {
			r.t.Fatal(err)
		}
		objects = append(objects, ledger.Object{Kind: ledger.KindLoad, Schema: "public", Name: "t", OID: r.shape.OID, Body: string(body)})
	}
	r.objects(append(objects, ledger.Object{Kind: ledger.KindAvro, Schema: "public", Name: "t", OID: r.shape.OID, ID: r.id, Body: r.codec.ValueSchema()})...)
}

func (r *rig) objects(objects ...ledger.Object) {
	r.t.Helper()
	var values [][]byte
	for i := range objects {
		v, err := schemas.EncodeObject(&objects[i])
		if err != nil {
			r.t.Fatal(err)
		}
		values = append(values, v)
	}
	r.entry(ledger.Entry{Objects: &ledger.Objects{Spans: r.records("j.floe.objects", 0, nil, values)}})
}

// rows encodes "+1 a 5" (insert), "=1 a 5" (update), "=1>2 a 5" (key move), "-1" (delete), "!" (truncate);
// ~ stands for an unchanged large value.
func (r *rig) rows(commit event.LSN, seq uint64, op event.Op, changes []string) []ledger.Span {
	r.t.Helper()
	var values [][]byte
	var seqs []uint64
	for _, c := range changes {
		row := parse(r.shape, c)
		if op != 0 {
			row.Op = op
		}
		row.Pos = event.Position{Commit: commit, Seq: seq}
		v, err := r.codec.AppendValue(nil, r.id, row)
		if err != nil {
			r.t.Fatal(err)
		}
		values, seqs = append(values, v), append(seqs, seq)
		seq++
	}
	return r.records("j.public.t", commit, seqs, values)
}

func parse(shape *event.Table, change string) *event.Row {
	row := &event.Row{Table: shape, Op: map[byte]event.Op{'+': event.Create, '=': event.Update, '-': event.Delete, '!': event.Truncate}[change[0]]}
	fields := strings.Fields(change[1:])
	if row.Op == event.Truncate {
		return row
	}
	old, key, moved := strings.Cut(fields[0], ">")
	if !moved {
		key = old
	}
	image := func(values ...string) []event.Datum {
		out := make([]event.Datum, len(shape.Columns))
		for i, v := range values {
			switch v {
			case "~":
				out[i].Kind = event.Unchanged
			case "null":
			default:
				out[i] = event.Datum{Kind: event.Value, Text: []byte(v)}
			}
		}
		return out
	}
	if row.Op == event.Delete {
		row.Before = image(key)
		return row
	}
	row.After = image(append([]string{key}, fields[1:]...)...)
	if moved {
		row.Before = image(old)
	}
	return row
}

// txn is one source transaction in an entry of its own.
func (r *rig) txn(commit event.LSN, changes ...string) {
	r.t.Helper()
	r.entry(ledger.Entry{Commit: &ledger.Commit{Transactions: 1, First: commit, Last: commit, End: commit + 1, Spans: r.rows(commit, 0, 0, changes)}})
}

// load places a whole load of the table: one chunk, and Loaded.
func (r *rig) load(rows ...string) {
	r.t.Helper()
	r.chunk(rows...)
	r.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: 1, Table: r.shape.OID}})
}

func (r *rig) chunk(rows ...string) {
	r.t.Helper()
	r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: 1, Table: r.shape.OID, Mode: ledger.Insert, Rows: uint64(len(rows)), Spans: r.rows(0, 0, event.Read, rows)}})
}

// apply runs an applier until stop is called, which returns what Run returned.
func (r *rig) apply(change ...func(*Config)) (stop func() error) {
	c := Config{Job: "j", Name: "main", Target: pg.Config{URL: r.target}, Prefix: "j", Kafka: r.kafka, BatchRows: 1000, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c) }()
	var err error
	done := false
	stop = func() error {
		if !done {
			cancel()
			err, done = <-ended, true
		}
		return err
	}
	r.t.Cleanup(func() { _ = stop() })
	return stop
}

// patience is how long a test waits for what must come.
const patience = 3 * time.Minute

// wait until the query's one value is want.
func (r *rig) wait(query, want string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.target)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for got := ""; ; {
		err := conn.QueryRow(ctx, query).Scan(&got)
		if err == nil && got == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			r.t.Fatalf("%s gives %q (%v), want %q", query, got, err, want)
		}
	}
}

const rowsQuery = "select coalesce(string_agg(concat_ws(' ', id, v, n), ', ' order by id), '') from public.t"

func (r *rig) wantRows(want string) { r.t.Helper(); r.wait(rowsQuery, want) }

// placed is the ledger's last offset; wait for it to know that all before is applied.
func (r *rig) waitPlaced() {
	r.t.Helper()
	ends, err := kadm.NewClient(r.client).ListEndOffsets(r.t.Context(), "j.floe.ledger")
	if err != nil {
		r.t.Fatal(err)
	}
	o, _ := ends.Lookup("j.floe.ledger", 0)
	r.wait("select max(ledger_offset)::text from floe.checkpoint", fmt.Sprint(o.Offset-1))
}

// reports are the applier's, from the first on. They end with the test's patience, and the test with them.
func (r *rig) reports() iter.Seq[*status.Report] {
	r.t.Helper()
	return func(yield func(*status.Report) bool) {
		ctx, cancel := context.WithTimeout(r.t.Context(), patience)
		defer cancel()
		cl, err := kgo.NewClient(append(r.kafka, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"j.floe.status": {0: kgo.NewOffset().At(0)}}))...)
		if err != nil {
			r.t.Fatal(err)
		}
		defer cl.Close()
		last := ""
		for ctx.Err() == nil {
			for _, rec := range cl.PollFetches(ctx).Records() {
				s, err := schemas.DecodeStatus(rec.Value)
				if err != nil {
					r.t.Fatal(err)
				}
				b, _ := json.Marshal(s)
				last = string(b)
				if !yield(s) {
					return
				}
			}
		}
		r.t.Fatalf("no such report; the last one is %s", last)
	}
}

// wantHalt waits until the applier reports the halt on the status topic.
func (r *rig) wantHalt(code string) {
	r.t.Helper()
	for s := range r.reports() {
		if s.Reason == code {
			if s.Fix == "" {
				r.t.Errorf("halt %s has no remedy", code)
			}
			return
		}
	}
}

func (r *rig) exec(sql string) {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.target)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	if _, err := conn.Exec(r.t.Context(), sql); err != nil {
		r.t.Fatal(err)
	}
}

// ledgerLSN spaces the commits of a loop.
func ledgerLSN(i int) event.LSN { return event.LSN(100 + 10*i) }
