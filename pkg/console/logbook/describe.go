package logbook

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// The kinds of entries.
const (
	Epoch     = "epoch"
	Commit    = "commit"
	Objects   = "objects"
	Selection = "selection"
	Chunk     = "chunk"
	Loaded    = "loaded"
	Digest    = "digest"
	Mark      = "mark"
	Note      = "note"
)

// Kinds are all of them; Structure those that tell of starts and of structure.
var (
	Kinds     = []string{Epoch, Commit, Objects, Selection, Chunk, Loaded, Digest, Mark, Note}
	Structure = []string{Epoch, Objects, Selection, Loaded, Note}
)

func describe(e *ledger.Entry) Entry {
	x := Entry{Epoch: e.Epoch, N: e.N, At: time.UnixMicro(e.At).UTC(), spans: e.Spans()}
	switch {
	case e.Begin != nil:
		x.Kind, x.Text = Epoch, fmt.Sprintf("capture began with slot %s, timeline %d", e.Begin.Slot, e.Begin.Timeline)
	case e.Commit != nil:
		x.Kind, x.Transactions, x.Rows, x.LSN = Commit, e.Commit.Transactions, count(e.Commit.Spans), lsn(e.Commit.Last)
		if e.Commit.Part > 0 {
			x.Text = fmt.Sprintf("part %d of a big transaction", e.Commit.Part)
		}
	case e.Objects != nil:
		x.Kind = Objects
	case e.Selection != nil:
		x.Kind, x.Text = Selection, some(e.Selection.Tables)
	case e.Chunk != nil:
		x.Kind, x.Rows, x.LSN, x.Text = Chunk, e.Chunk.Rows, lsn(e.Chunk.Until), fmt.Sprintf("%s, table with oid %d", e.Chunk.Mode, e.Chunk.Table)
	case e.Loaded != nil:
		x.Kind, x.Rows, x.Text = Loaded, e.Loaded.Rows, fmt.Sprintf("table with oid %d", e.Loaded.Table)
	case e.Digest != nil:
		x.Kind, x.Rows, x.Text = Digest, e.Digest.Rows, fmt.Sprintf("table with oid %d", e.Digest.Table)
	case e.Mark != nil:
		x.Kind, x.LSN = Mark, lsn(e.Mark.End)
	case e.Note != nil:
		x.Kind, x.Text = Note, e.Note.Text
	}
	return x
}

func lsn(l event.LSN) string {
	if l == 0 {
		return ""
	}
	return l.String()
}

func count(spans []ledger.Span) (n uint64) {
	for _, s := range spans {
		n += s.Count
	}
	return n
}

func some(tables []string) string {
	const most = 10
	if len(tables) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(tables[:most], ", "), len(tables)-most)
	}
	return strings.Join(tables, ", ")
}

// name names the objects that entries made valid. The definitions are read in one go, the newest of them.
func name(ctx context.Context, client *kgo.Client, topic string, all []Entry) error {
	from, end := int64(math.MaxInt64), int64(0)
	for i := range all {
		for _, s := range all[i].objects(topic) {
			from, end = min(from, s.Offset), max(end, s.Offset+int64(s.Count))
		}
	}
	if end == 0 {
		return nil
	}
	start, last, err := bounds(ctx, kadm.NewClient(client), topic)
	if err != nil {
		return err
	}
	from, end = max(from, start, end-mostRead), min(end, last)
	found := map[int64]Object{}
	err = records(ctx, client, topic, 0, from, end, func(r *kgo.Record) error {
		// A part of a definition that is too large for one record is counted, not named.
		if o, err := schemas.DecodeObject(r.Value); err == nil {
			found[r.Offset] = Object{o.Kind, full(o), o.Body == ledger.Gone || o.Body == ledger.Left}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range all {
		all[i].take(topic, found)
	}
	return nil
}

// objects are the definitions that an entry points at.
func (e *Entry) objects(topic string) []ledger.Span {
	if e.Kind != Objects {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(e.spans), func(s ledger.Span) bool { return s.Topic != topic })
}

// take names the first objects of an entry.
func (e *Entry) take(topic string, found map[int64]Object) {
	e.idle = e.Kind == Objects
	for _, s := range e.objects(topic) {
		for at := s.Offset; at < s.Offset+int64(s.Count); at++ {
			o, ok := found[at]
			e.idle = e.idle && ok && o.Kind == ledger.KindSequenceValue
			if !ok || len(e.Objects) == mostObjects {
				e.More++
				continue
			}
			e.Objects = append(e.Objects, o)
		}
	}
}

func full(o *ledger.Object) string {
	if o.Schema == "" {
		return o.Name
	}
	return ident.Name{Schema: o.Schema, Name: o.Name}.String()
}
