package logbook

import (
	"context"
	"fmt"
	"strings"
	"time"

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

// lookUp names the objects of the newest entries that made some valid.
func (p *Page) lookUp(ctx context.Context, kafka []kgo.Opt) error {
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
	if err != nil {
		return fmt.Errorf("read definitions: %w", err)
	}
	defer client.Close()
	looked := 0
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.Kind != Objects || len(e.spans) == 0 {
			continue
		}
		if looked++; looked > mostLooked {
			e.More = count(e.spans)
			continue
		}
		if err := e.name(ctx, client); err != nil {
			return fmt.Errorf("read definitions: %w", err)
		}
	}
	return nil
}

// name reads the first records that an entry points at.
func (e *Entry) name(ctx context.Context, client *kgo.Client) error {
	for _, s := range e.spans {
		seen := uint64(0)
		end := s.Offset + int64(min(s.Count, mostObjects))
		err := records(ctx, client, s.Topic, s.Partition, s.Offset, end, func(r *kgo.Record) error {
			o, err := schemas.DecodeObject(r.Value)
			if err != nil {
				return nil // a part of a definition that is too large for one record: counted, not named
			}
			seen++
			e.Objects = append(e.Objects, Object{o.Kind, full(o), o.Body == ledger.Gone || o.Body == ledger.Left})
			return nil
		})
		if err != nil {
			return err
		}
		e.More += s.Count - seen
	}
	return nil
}

func full(o *ledger.Object) string {
	if o.Schema == "" {
		return o.Name
	}
	return ident.Name{Schema: o.Schema, Name: o.Name}.String()
}
