// Package past reads what a job's log says so far, and makes a capture the next to write it: the one that
// holds the slot, found that nothing is missing, and read back an Epoch of its own (design.md L4 to L6).
package past

import (
	"context"
	"fmt"

	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/readback"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// Past is what the ledger says of the epochs before.
type Past struct {
	Resume event.LSN
	Begin  *ledger.Epoch
	// Selected are the tables of the last Selection; nil if there is none.
	Selected map[string]bool
	Loads    load.States
	// Defined are the definitions valid at Resume; nil if there are none.
	Defined *defined.Set
	// parts are the objects of a big transaction that has not ended: an Epoch voids them.
	parts   []ledger.Object
	objects *readback.Objects
	topic   string // of objects
	// Ends are where the rows that entries point at end at least, by topic and partition.
	Ends    map[string]map[int32]int64
	entries int   // valid ones
	BeginAt int64 // the last Epoch's offset
	// place is what the first entry must be; nil if reading begins at the ledger's beginning.
	place *ledger.Place
	// known: what was read is all that is valid. It is not before an Epoch that has everything behind it.
	known bool
}

// Close ends the reading of objects.
func (p *Past) Close() { p.objects.Close() }

func (p *Past) take(ctx context.Context, r readback.Read) error {
	if at := p.place; at != nil {
		if r.Entry.Begin == nil || r.Entry.Epoch != at.Epoch || r.Entry.Begin.Nonce != at.Nonce {
			return errElsewhere
		}
		p.place = nil
	}
	if r.Verdict != ledger.Valid {
		return nil
	}
	p.entries++
	e := r.Entry
	switch {
	case e.Begin != nil:
		p.Begin, p.BeginAt, p.parts = e.Begin, r.Offset, nil
		if !p.known {
			p.Resume, p.Selected = 0, nil
		}
	case p.known:
	case defines(e) && p.Resume != 0 && p.Selected != nil:
		p.known = true
	case e.N != ledger.BeginMark && e.N != ledger.BeginSelection:
		return nil
	}
	return p.valid(ctx, e)
}

// valid takes what counts by itself.
func (p *Past) valid(ctx context.Context, e *ledger.Entry) error {
	p.Resume = max(p.Resume, e.ResumeAt())
	if e.Selection != nil {
		p.Selected = map[string]bool{}
		for _, t := range e.Selection.Tables {
			p.Selected[t] = true
		}
	}
	for _, span := range e.Spans() {
		if p.Ends[span.Topic] == nil {
			p.Ends[span.Topic] = map[int32]int64{}
		}
		at := p.Ends[span.Topic]
		at[span.Partition] = max(at[span.Partition], span.Offset+int64(span.Count))
	}
	if err := p.structure(ctx, e); err != nil {
		return err
	}
	return p.Loads.Take(e)
}

// structure takes the definitions and loads that an entry points at. Those behind an Epoch are complete,
// and take the place of all before.
func (p *Past) structure(ctx context.Context, e *ledger.Entry) error {
	if defines(e) {
		p.Defined = &defined.Set{}
		clear(p.Loads)
	}
	for _, span := range e.Spans() {
		if span.Topic != p.topic {
			continue
		}
		objects, err := p.objects.Read(ctx, e.Epoch, span)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, objects...)
	}
	if e.Commit != nil && e.Commit.Part > 0 && !e.Commit.Final {
		return nil
	}
	for i := range p.parts {
		if err := p.object(&p.parts[i]); err != nil {
			return err
		}
	}
	p.parts = nil
	return nil
}

func (p *Past) object(o *ledger.Object) error {
	switch o.Kind {
	case ledger.KindAvro, ledger.KindAvroKey, ledger.KindSequenceValue:
		return nil
	case ledger.KindLoad:
		return p.Loads.Restore(o.OID, o.Body)
	}
	if p.Defined == nil {
		return fmt.Errorf("%s %s.%s is in the ledger before any definition", o.Kind, o.Schema, o.Name)
	}
	kind := catalog.Kind(o.Kind)
	if o.Body == ledger.Gone || o.Body == ledger.Left {
		p.Defined.Remove(defined.Key{Kind: kind, OID: o.OID})
		if kind == catalog.KindTable {
			delete(p.Loads, o.OID)
		}
		return nil
	}
	d, err := catalog.Decode(kind, o.Body)
	if err != nil {
		return &halt.Error{Code: halt.ForeignRecord, Detail: "a definition in the log", Fix: halt.Reset, Err: err}
	}
	p.Defined.Put(d)
	return nil
}

// defines reports whether the entry holds all that is valid from its epoch on.
func defines(e *ledger.Entry) bool { return e.N == ledger.BeginObjects && e.Objects != nil }
