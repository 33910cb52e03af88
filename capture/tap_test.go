package capture_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/schemas"
)

// tap reads a whole log as any applier must: the ledger in order, valid entries only, each span at
// exactly the records that it names.
type tap struct {
	t       testing.TB
	records map[place][]*kgo.Record
	entries []*ledger.Entry // the valid ones
	voided  int
	last    map[place]uint64 // ordinal behind the last span, of the present epoch
	codecs  map[uint32]*schemas.Codec
	objects []*ledger.Object
}

type place struct {
	topic     string
	partition int32
}

// patience is how long a test waits for what must come. How long it takes says nothing: writers are
// ordinary sessions, and outrun a capture that the race detector makes several times slower.
const patience = 3 * time.Minute

// waitLog reads the ledger until the log is complete up to lsn and every load that began has ended.
func (j *job) waitLog(lsn event.LSN) {
	j.t.Helper()
	j.wait(lsn, j.tables())
}

// waitPlaced waits only for the place.
func (j *job) waitPlaced(lsn event.LSN) {
	j.t.Helper()
	j.wait(lsn, 0)
}

func (j *job) wait(lsn event.LSN, tables int) {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), patience)
	defer cancel()
	topic := broker.Ledger(j.config.Prefix)
	client := j.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))
	var resume event.LSN
	loaded := map[uint32]bool{}
	for resume < lsn || len(loaded) < tables {
		f := client.PollFetches(ctx)
		if ctx.Err() != nil {
			j.t.Fatalf("the log reaches %s of %s, and %d of %d tables are loaded", resume, lsn, len(loaded), tables)
		}
		f.EachRecord(func(r *kgo.Record) {
			e, err := schemas.DecodeEntry(r.Value)
			if err != nil {
				j.t.Fatal(err)
			}
			if os.Getenv("FLOE_TRACE") != "" {
				j.t.Logf("%s %d %s %+v", time.UnixMicro(e.At).Format("05.000"), r.Offset, kind(e), e.Chunk)
			}
			resume = max(resume, e.ResumeAt())
			if e.Loaded != nil {
				loaded[e.Loaded.Table] = true
			}
		})
	}
}

// tables counts what has to be loaded.
func (j *job) tables() (n int) {
	j.t.Helper()
	if j.config.SkipLoad {
		return 0
	}
	err := j.conn.QueryRow(j.t.Context(), `select count(*) from pg_class where relkind in ('r', 'p') and not relispartition
		and relpersistence = 'p' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'floe')`).Scan(&n)
	if err != nil {
		j.t.Fatal(err)
	}
	return n
}

// tap reads everything there is.
func (j *job) tap() *tap {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), patience)
	defer cancel()
	ends, err := kadm.NewClient(j.client()).ListEndOffsets(ctx)
	if err != nil {
		j.t.Fatal(err)
	}
	at, want := map[string]map[int32]kgo.Offset{}, int64(0)
	ends.Each(func(o kadm.ListedOffset) {
		if o.Topic == broker.Status(j.config.Prefix) {
			return
		}
		if at[o.Topic] == nil {
			at[o.Topic] = map[int32]kgo.Offset{}
		}
		at[o.Topic][o.Partition] = kgo.NewOffset().At(0)
		want += o.Offset
	})
	p := &tap{t: j.t, records: map[place][]*kgo.Record{}, last: map[place]uint64{}, codecs: map[uint32]*schemas.Codec{}}
	client := j.client(kgo.ConsumePartitions(at))
	for got := int64(0); got < want; {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			j.t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) {
			p.records[place{r.Topic, r.Partition}] = append(p.records[place{r.Topic, r.Partition}], r)
			got++
		})
	}
	p.readLedger(broker.Ledger(j.config.Prefix))
	return p
}

func (p *tap) readLedger(topic string) {
	p.t.Helper()
	cursor := ledger.NewCursor()
	for _, r := range p.records[place{topic, 0}] {
		e, err := schemas.DecodeEntry(r.Value)
		if err != nil {
			p.t.Fatal(err)
		}
		v, err := cursor.Step(r.Offset, e)
		if err != nil {
			p.t.Fatal(err)
		}
		if v != ledger.Valid {
			p.voided++
			continue
		}
		p.entries = append(p.entries, e)
	}
}

// record is one whole record that a span points at, its parts joined.
type record struct {
	ledger.Header
	topic     string
	partition int32
	key       []byte
	value     []byte
}

// resolve gives the records of an entry.
func (p *tap) resolve(e *ledger.Entry) (out []record) {
	p.t.Helper()
	if e.Begin != nil {
		clear(p.last)
	}
	for _, s := range e.Spans() {
		at := place{s.Topic, s.Partition}
		if s.Ordinal < p.last[at] {
			p.t.Fatalf("entry %d of epoch %d: span %+v goes back behind ordinal %d", e.N, e.Epoch, s, p.last[at])
		}
		p.last[at] = s.Ordinal + s.Count
		out = append(out, p.span(e, s)...)
	}
	return out
}

func (p *tap) span(e *ledger.Entry, s ledger.Span) (out []record) {
	p.t.Helper()
	records, next, open := p.records[place{s.Topic, s.Partition}], s.Ordinal, false
	for i := int(s.Offset); next < s.Ordinal+s.Count; i++ {
		if i >= len(records) {
			p.t.Fatalf("entry %d of epoch %d: span %+v ends behind the partition's end", e.N, e.Epoch, s)
		}
		h := p.header(records[i])
		if h.Epoch < e.Epoch || h.Epoch == e.Epoch && h.Ordinal < next {
			continue
		}
		if h.Epoch > e.Epoch || h.Ordinal != next {
			p.t.Fatalf("entry %d of epoch %d: at offset %d of span %+v is ordinal %d of epoch %d", e.N, e.Epoch, i, s, h.Ordinal, h.Epoch)
		}
		next++
		if open {
			last := &out[len(out)-1]
			last.value = append(last.value[:len(last.value):len(last.value)], records[i].Value...)
		} else {
			out = append(out, record{h, s.Topic, s.Partition, records[i].Key, records[i].Value})
		}
		if open = h.Flags&ledger.More != 0; !open && len(out[len(out)-1].value) != int(h.Length) {
			p.t.Fatalf("a row of %d bytes where the header says %d", len(out[len(out)-1].value), h.Length)
		}
	}
	if open {
		p.t.Fatalf("span %+v ends within a row", s)
	}
	return out
}

func (p *tap) header(r *kgo.Record) ledger.Header {
	p.t.Helper()
	if len(r.Headers) != 1 || r.Headers[0].Key != ledger.HeaderKey {
		p.t.Fatalf("%s offset %d: headers %v", r.Topic, r.Offset, r.Headers)
	}
	h, err := schemas.ParseHeader(r.Headers[0].Value)
	if err != nil {
		p.t.Fatal(err)
	}
	if schemas.CRC(r.Value) != h.CRC {
		p.t.Fatalf("%s offset %d: the CRC does not match", r.Topic, r.Offset)
	}
	return h
}

// parsed are the codecs by their schemas: a test looks at the same log many times, and making one is dear.
var parsed sync.Map

func (p *tap) parse(schema string) *schemas.Codec {
	p.t.Helper()
	if c, ok := parsed.Load(schema); ok {
		return c.(*schemas.Codec)
	}
	c, err := schemas.Parse(schema)
	if err != nil {
		p.t.Fatal(err)
	}
	parsed.Store(schema, c)
	return c
}

// read counts the rows of all chunks.
func (p *tap) read() (rows uint64) {
	for _, e := range p.entries {
		if e.Chunk != nil {
			rows += e.Chunk.Rows
		}
	}
	return rows
}

// String is the ledger for people and for comparison: the kinds of entries, equal neighbours once.
func (p *tap) String() string {
	var kinds []string
	for _, e := range p.entries {
		k := kind(e)
		if len(kinds) == 0 || kinds[len(kinds)-1] != k {
			kinds = append(kinds, k)
		}
	}
	return strings.Join(kinds, " ")
}

func kind(e *ledger.Entry) string {
	switch {
	case e.Begin != nil:
		return fmt.Sprintf("epoch%d", e.Epoch)
	case e.Commit != nil && e.Commit.Part > 0:
		return "part"
	case e.Commit != nil:
		return "commit"
	case e.Objects != nil:
		return "objects"
	case e.Selection != nil:
		return "selection"
	case e.Chunk != nil:
		return "chunk"
	case e.Loaded != nil:
		return "loaded"
	case e.Mark != nil:
		return "mark"
	}
	return "other"
}
