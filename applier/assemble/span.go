package assemble

import (
	"context"
	"fmt"
	"slices"

	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

// position is the work on one entry: values that were fetched and wait to be decoded.
type position struct {
	a     *Assembler
	entry *Entry
	runs  []run
}

// run is the whole values of one span, in order; split rows are joined.
type run struct {
	topic  string
	values []value
}

type value struct {
	bytes  []byte
	flags  ledger.Flags
	offset int64
	commit event.LSN
	seq    uint64
}

// fetch reads every span's records.
func (p *position) fetch(ctx context.Context, spans []ledger.Span) error {
	for i := range spans {
		r := run{topic: spans[i].Topic, values: make([]value, 0, spans[i].Count)}
		if err := p.span(ctx, &spans[i], &r); err != nil {
			return err
		}
		p.runs = append(p.runs, r)
	}
	return nil
}

// span takes Count consecutive ordinals of the entry's epoch from one partition. Lower ones and those
// of lower epochs are what a retry or a replaced capture left there: no entry points at them.
func (p *position) span(ctx context.Context, s *ledger.Span, r *run) error {
	want, from := s.Ordinal, s.Offset
	var split split
	for want < s.Ordinal+s.Count {
		rec, err := p.a.records.Next(ctx, s.Topic, s.Partition, from)
		if err != nil {
			return err
		}
		from = rec.Offset + 1
		h, err := schemas.ParseHeader(rec.Header)
		if err != nil {
			return p.foreign(s, rec.Offset, err)
		}
		if h.Epoch < p.entry.Epoch || h.Epoch == p.entry.Epoch && h.Ordinal < want {
			continue
		}
		if h.Epoch != p.entry.Epoch || h.Ordinal != want {
			return halt.New(halt.LogGap, fixReset, "%s partition %d offset %d holds record %d of epoch %d where ledger offset %d needs record %d of epoch %d",
				s.Topic, s.Partition, rec.Offset, h.Ordinal, h.Epoch, p.entry.Offset, want, p.entry.Epoch)
		}
		if sum := schemas.CRC(rec.Value); sum != h.CRC {
			return p.foreign(s, rec.Offset, fmt.Errorf("its checksum is %08x instead of %08x", sum, h.CRC))
		}
		want++
		p.entry.Bytes += len(rec.Value)
		if err := split.join(&rec, &h, r); err != nil {
			return p.foreign(s, rec.Offset, err)
		}
	}
	if split.parts > 0 {
		return p.foreign(s, from-1, fmt.Errorf("a split row has no end"))
	}
	return nil
}

// split is a row whose records are not all read.
type split struct {
	bytes []byte
	parts uint32
}

// join adds a record to its row; a whole row goes to the run.
func (j *split) join(rec *Record, h *ledger.Header, r *run) error {
	if h.Part != j.parts {
		return fmt.Errorf("part %d of a row where part %d is due", h.Part, j.parts)
	}
	v := rec.Value
	if h.Part > 0 {
		v = append(j.bytes, v...)
	}
	if h.Flags&ledger.More != 0 {
		if h.Part == 0 {
			v = append(make([]byte, 0, min(h.Length, maxRow)), v...)
		}
		j.bytes, j.parts = v, h.Part+1
		return nil
	}
	if uint64(len(v)) != uint64(h.Length) {
		return fmt.Errorf("a row of %d bytes instead of %d", len(v), h.Length)
	}
	r.values = append(r.values, value{v, h.Flags, rec.Offset, h.Commit, h.Seq})
	*j = split{}
	return nil
}

// maxRow bounds what a header can make us allocate; PostgreSQL's rows are below 1 GiB, and larger
// slices grow as their parts come.
const maxRow = 256 << 20

func (p *position) foreign(s *ledger.Span, offset int64, err error) error {
	return &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s partition %d offset %d, which ledger offset %d points at", s.Topic, s.Partition, offset, p.entry.Offset),
		Fix: "find who writes to the topic; " + fixReset, Err: err}
}

// decode turns the fetched values into rows and objects. Rows of several partitions are merged by
// commit and number within the transaction: that is the source's order.
func (p *position) decode() error {
	n := 0
	for i := range p.runs {
		n += len(p.runs[i].values)
	}
	rows := make([]event.Row, 0, n)
	var arena schemas.Arena
	for {
		i := p.first()
		if i < 0 {
			break
		}
		v := &p.runs[i].values[0]
		p.runs[i].values = p.runs[i].values[1:]
		if p.runs[i].topic == p.a.objects {
			if err := p.object(v); err != nil {
				return p.damaged(&p.runs[i], v, err)
			}
			continue
		}
		rows = rows[:len(rows)+1]
		if err := p.row(&rows[len(rows)-1], v, &arena); err != nil {
			return p.damaged(&p.runs[i], v, err)
		}
	}
	p.entry.Rows = rows
	p.runs = nil
	return nil
}

// first is the run whose next value is first in the source's order, -1 when all are empty. Entries span
// few partitions; a look at each head is cheaper than a heap.
func (p *position) first() int {
	p.runs = slices.DeleteFunc(p.runs, func(r run) bool { return len(r.values) == 0 })
	best := -1
	for i := range p.runs {
		v := &p.runs[i].values[0]
		// An object change stands before the row change of the same number.
		if best < 0 || before(v, &p.runs[best].values[0]) || p.runs[i].topic == p.a.objects && !before(&p.runs[best].values[0], v) {
			best = i
		}
	}
	return best
}

func before(a, b *value) bool {
	return a.commit < b.commit || a.commit == b.commit && a.seq < b.seq
}

func (p *position) object(v *value) error {
	o, err := schemas.DecodeObject(v.bytes)
	if err != nil {
		return err
	}
	to, err := p.definitions(v)
	if err != nil {
		return err
	}
	to.Objects = append(to.Objects, *o)
	if err := p.a.learn(o); err != nil || o.Kind != ledger.KindAvro || o.Body == ledger.Gone {
		return err
	}
	if to.Shapes == nil {
		to.Shapes = map[uint32]*event.Table{}
	}
	to.Shapes[o.ID] = p.a.codecs[o.ID].Table()
	return nil
}

// definitions is what an object's record belongs to: the entry, or within a Commit the change at the
// record's place. Values come in the source's order, so that place is the last one or a new one.
func (p *position) definitions(v *value) (*Definitions, error) {
	e := p.entry
	if e.Commit == nil {
		return &e.Defs, nil
	}
	if v.commit == 0 {
		return nil, fmt.Errorf("it belongs to no transaction, but stands within a Commit")
	}
	if n := len(e.Changes); n == 0 || e.Changes[n-1].Commit != v.commit || e.Changes[n-1].Seq != v.seq {
		e.Changes = append(e.Changes, Change{Commit: v.commit, Seq: v.seq})
	}
	return &e.Changes[len(e.Changes)-1].Definitions, nil
}

func (p *position) row(row *event.Row, v *value, arena *schemas.Arena) error {
	id, err := schemas.SchemaID(v.bytes)
	if err != nil {
		return err
	}
	c := p.a.codecs[id]
	if c == nil {
		return fmt.Errorf("its schema %d is nowhere in the log before it", id)
	}
	if err := c.DecodeValue(v.bytes, row, arena); err != nil {
		return err
	}
	if row.Pos.Commit != v.commit || row.Pos.Seq != v.seq {
		return fmt.Errorf("it says that it stands at %s where its header says %s", row.Pos, event.Position{Commit: v.commit, Seq: v.seq})
	}
	row.Pos.Epoch = p.entry.Epoch
	row.Companion = v.flags&ledger.Companion != 0
	return nil
}

func (p *position) damaged(r *run, v *value, err error) error {
	if halt.As(err) != nil {
		return err
	}
	return &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s offset %d, which ledger offset %d points at", r.topic, v.offset, p.entry.Offset), Fix: fixReset, Err: err}
}
