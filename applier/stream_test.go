package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"

	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pgtest"
	"floe/schemas"
)

// stream is a log whose source changes: DDL runs on a real server, and what it changed is placed as
// capture would. Rows are the test's.
type stream struct {
	*rig
	source *pgx.Conn
	valid  map[catalog.Ref]catalog.Definition // by kind and oid
	order  []catalog.Ref
	tables map[string]*streamed
	ids    uint32
	mirror bool // rows are written to the source too
}

// streamed is how a table's rows are written.
type streamed struct {
	shape *event.Table
	codec *schemas.Codec
	id    uint32
}

func newStream(t *testing.T, source string, sql ...string) *stream {
	t.Helper()
	s := &stream{rig: newRig(t, sql...), valid: map[catalog.Ref]catalog.Definition{}, tables: map[string]*streamed{}}
	var err error
	if s.source, err = pgx.Connect(t.Context(), pgtest.NewDB(t, pgtest.Shared(t), source)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.source.Close(context.Background()) })
	return s
}

// read returns what changed in the source's catalog since the last read, as records.
func (s *stream) read() []ledger.Object {
	s.t.Helper()
	db, err := catalog.Read(s.t.Context(), s.source, func(ident.Name) bool { return true })
	if err != nil {
		s.t.Fatal(err)
	}
	var out []ledger.Object
	now := map[catalog.Ref]catalog.Definition{}
	old := s.valid
	s.order = nil
	for _, d := range db.Definitions {
		k := catalog.Ref{Kind: d.Kind, OID: d.OID}
		now[k], s.order = d, append(s.order, k)
		if was, ok := old[k]; !ok || encode(s.t, was) != encode(s.t, d) {
			out = append(out, s.object(d)...)
			if d.Kind == catalog.KindTable && !ok && len(old) > 0 {
				out = append(out, s.loadState(d, ledger.LoadState{Load: 1, Complete: true, Loaded: true}))
			}
		}
	}
	for k, d := range old {
		if _, ok := now[k]; !ok {
			out = append(out, ledger.Object{Kind: string(k.Kind), Schema: d.Name.Schema, Name: d.Name.Name, OID: k.OID})
		}
	}
	s.valid = now
	return out
}

func encode(t *testing.T, d catalog.Definition) string {
	body, err := catalog.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// object is a definition's record; a table's row schema comes with it.
func (s *stream) object(d catalog.Definition) []ledger.Object {
	s.t.Helper()
	out := []ledger.Object{{Kind: string(d.Kind), Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, Body: encode(s.t, d)}}
	table, ok := d.Body.(*catalog.TableDef)
	if !ok || table.PartitionOf != nil {
		return out
	}
	to := &streamed{shape: table.Shape(), id: s.epoch<<16 | s.ids}
	var err error
	if to.codec, err = schemas.Compile(to.shape); err != nil {
		s.t.Fatal(err)
	}
	s.ids++
	s.tables[d.Name.Name] = to
	topic := broker.Topic{Name: "j.public." + d.Name.Name, Partitions: 1, Replication: 1, Rows: true}
	if _, err := broker.EnsureTopics(s.t.Context(), kadm.NewClient(s.client), []broker.Topic{topic}); err != nil {
		s.t.Fatal(err)
	}
	return append(out, ledger.Object{Kind: ledger.KindAvro, Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, ID: to.id, Body: to.codec.ValueSchema()})
}

// table is the definition of a table that is valid.
func (s *stream) table(name string) catalog.Definition {
	s.t.Helper()
	for _, d := range s.valid {
		if d.Kind == catalog.KindTable && d.Name.Name == name {
			return d
		}
	}
	s.t.Fatalf("no table %s", name)
	return catalog.Definition{}
}

func (s *stream) loadState(d catalog.Definition, l ledger.LoadState) ledger.Object {
	s.t.Helper()
	body, err := json.Marshal(l)
	if err != nil {
		s.t.Fatal(err)
	}
	return ledger.Object{Kind: ledger.KindLoad, Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, Body: string(body)}
}

// begin starts an epoch with everything that is valid. The first one has every table loaded, empty.
func (s *stream) begin() {
	s.t.Helper()
	first := s.epoch == 0
	s.epoch, s.n, s.next, s.ids = s.epoch+1, 0, map[string]uint64{}, 1
	s.entry(ledger.Entry{Begin: &ledger.Epoch{Nonce: fmt.Sprint("nonce", s.epoch)}})
	s.entry(ledger.Entry{Mark: &ledger.Mark{End: s.resume}})
	s.entry(ledger.Entry{Selection: &ledger.Selection{}})
	if first {
		s.read()
	}
	var objects []ledger.Object
	var tables []uint32
	for _, k := range s.order {
		objects = append(objects, s.object(s.valid[k])...)
		if k.Kind == catalog.KindTable {
			objects = append(objects, s.loadState(s.valid[k], ledger.LoadState{Load: 1, Complete: true, Loaded: !first}))
			tables = append(tables, k.OID)
		}
	}
	s.objects(objects...)
	for _, oid := range tables {
		if first {
			s.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: 1, Table: oid}})
		}
	}
}

// steps writes a transaction's steps from seq on, and returns what points at them and the next seq. "t +1 a
// 5" is a change of table t, "> ..." is DDL.
func (s *stream) steps(commit event.LSN, seq uint64, steps []string) (spans []ledger.Span, next uint64) {
	s.t.Helper()
	values, seqs := map[string][][]byte{}, map[string][]uint64{}
	add := func(topic string, v []byte, err error) {
		if err != nil {
			s.t.Fatal(err)
		}
		values[topic], seqs[topic] = append(values[topic], v), append(seqs[topic], seq)
	}
	for _, step := range steps {
		if sql, ok := strings.CutPrefix(step, "> "); ok {
			if _, err := s.source.Exec(s.t.Context(), sql); err != nil {
				s.t.Fatal(err)
			}
			for _, o := range s.read() {
				v, err := schemas.EncodeObject(&o)
				add("j.floe.objects", v, err)
			}
		} else {
			name, change, _ := strings.Cut(step, " ")
			to := s.tables[name]
			row := parse(to.shape, change)
			row.Pos = event.Position{Commit: commit, Seq: seq}
			v, err := to.codec.AppendValue(nil, to.id, row)
			add("j.public."+name, v, err)
			if s.mirror {
				s.write(name, row)
			}
		}
		seq++
	}
	for topic := range values {
		spans = append(spans, s.records(topic, commit, seqs[topic], values[topic])...)
	}
	return spans, seq
}

// txn is one of several transactions in an entry.
type txn struct {
	commit event.LSN
	steps  []string
}

// group places whole transactions in one entry.
func (s *stream) group(txns ...txn) {
	s.t.Helper()
	c := &ledger.Commit{Transactions: len(txns), First: txns[0].commit, Last: txns[len(txns)-1].commit, End: txns[len(txns)-1].commit + 1}
	for _, x := range txns {
		spans, _ := s.steps(x.commit, 0, x.steps)
		c.Spans = append(c.Spans, spans...)
	}
	s.entry(ledger.Entry{Commit: c})
}

func (s *stream) txn(commit event.LSN, steps ...string) { s.t.Helper(); s.group(txn{commit, steps}) }

// parts places a big transaction; without an end if it is cut.
func (s *stream) parts(commit event.LSN, cut bool, parts ...[]string) {
	s.t.Helper()
	seq := uint64(0)
	for i, steps := range parts {
		c := &ledger.Commit{Transactions: 1, Part: i + 1, First: commit, Last: commit}
		if c.Final = i == len(parts)-1 && !cut; c.Final {
			c.End = commit + 1
		}
		c.Spans, seq = s.steps(commit, seq, steps)
		s.entry(ledger.Entry{Commit: c})
	}
}

// between places what changed outside any transaction as an entry of its own.
func (s *stream) between(sql string) {
	s.t.Helper()
	if _, err := s.source.Exec(s.t.Context(), sql); err != nil {
		s.t.Fatal(err)
	}
	s.objects(s.read()...)
}

// wantTable waits until a table's rows are these, by its first column.
func (s *stream) wantTable(name, want string) {
	s.t.Helper()
	s.wait("select coalesce(string_agg(translate(t::text, '()', ''), ' ' order by t::text), '') from public."+ident.Quote(name)+" t", want)
}

// write makes a row's change on the source, whose tables' first column is the key.
func (s *stream) write(table string, row *event.Row) {
	s.t.Helper()
	literal := func(d event.Datum) string {
		if d.Kind != event.Value {
			return "NULL"
		}
		return ident.Literal(string(d.Text))
	}
	key := row.After
	if row.Before != nil {
		key = row.Before
	}
	columns := row.Table.Columns
	sql := "DELETE FROM " + ident.Quote(table) + " WHERE " + ident.Quote(columns[0].Name) + " = " + literal(key[0])
	if row.After != nil {
		var values []string
		for _, d := range row.After {
			values = append(values, literal(d))
		}
		sql += "; INSERT INTO " + ident.Quote(table) + " VALUES (" + strings.Join(values, ", ") + ")"
	}
	if _, err := s.source.Exec(s.t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// wantSource waits until the target's tables hold what the source's hold, and no others are there.
func (s *stream) wantSource() {
	s.t.Helper()
	const tables = "select coalesce(string_agg(relname, ' ' order by relname), '') from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
	one := func(sql string) (out string) {
		if err := s.source.QueryRow(s.t.Context(), sql).Scan(&out); err != nil {
			s.t.Fatal(err)
		}
		return out
	}
	names := one(tables)
	s.wait(tables, names)
	for name := range strings.FieldsSeq(names) {
		for _, sql := range []string{
			"select coalesce(string_agg(t::text, ' ' order by t::text), '') from public." + ident.Quote(name) + " t",
			"select coalesce(string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull, ', ' order by attnum), '') from pg_attribute where attnum > 0 and not attisdropped and attrelid = 'public." + name + "'::regclass",
			"select coalesce(string_agg(indexdef, '; ' order by indexname), '') from pg_indexes where tablename = '" + name + "'",
		} {
			s.wait(sql, one(sql))
		}
	}
}
