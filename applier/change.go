package applier

import (
	"context"
	"encoding/json"
	"fmt"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// change is what records of floe.objects say together. Of several of one object the last one counts.
type change struct {
	now    []catalog.Definition
	gone   []catalog.Ref // dropped on the source
	left   []catalog.Ref // no longer selected
	loads  []load
	shapes map[uint32]*event.Table // of rows from here on, by the table's oid
}

// load is the state of a table's load at this place.
type load struct {
	table uint32
	name  ident.Name
	ledger.LoadState
}

// decode reads what an entry points at.
func decode(d *assemble.Definitions, offset int64) (*change, error) {
	c := &change{shapes: map[uint32]*event.Table{}}
	last := map[catalog.Ref]int{}
	for i := range d.Objects {
		last[ref(&d.Objects[i])] = i
	}
	for i := range d.Objects {
		o := &d.Objects[i]
		if last[ref(o)] != i {
			continue
		}
		if err := c.add(o, d.Shapes); err != nil {
			return nil, &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s %s.%s, which ledger offset %d points at", o.Kind, o.Schema, o.Name, offset), Fix: fixReset, Err: err}
		}
	}
	return c, nil
}

// ref tells objects apart: what they are called does not.
func ref(o *ledger.Object) catalog.Ref { return catalog.Ref{Kind: catalog.Kind(o.Kind), OID: o.OID} }

func (c *change) add(o *ledger.Object, shapes map[uint32]*event.Table) error {
	name := ident.Name{Schema: o.Schema, Name: o.Name}
	switch o.Kind {
	case ledger.KindAvro:
		if t := shapes[o.ID]; t != nil {
			c.shapes[o.OID] = t
		}
		return nil
	case ledger.KindAvroKey:
		return nil
	case ledger.KindSequenceValue:
		return fmt.Errorf("a sequence's value among definitions")
	case ledger.KindLoad:
		return c.addLoad(o, name)
	}
	r := catalog.Ref{Kind: catalog.Kind(o.Kind), OID: o.OID, Name: name}
	switch o.Body {
	case ledger.Gone:
		c.gone = append(c.gone, r)
	case ledger.Left:
		c.left = append(c.left, r)
	default:
		d, err := catalog.Decode(r.Kind, o.Body)
		if err != nil {
			return err
		}
		c.now = append(c.now, d)
	}
	return nil
}

func (c *change) addLoad(o *ledger.Object, name ident.Name) error {
	l := load{table: o.OID, name: name}
	if o.Body == ledger.Gone || o.Body == ledger.Left {
		return nil // the table is gone
	}
	if err := json.Unmarshal([]byte(o.Body), &l.LoadState); err != nil {
		return err
	}
	c.loads = append(c.loads, l)
	return nil
}

// reload takes up the loads of an entry, and returns the tables that are loaded from here on.
//
//   - Rows that were loaded before this epoch and that this applier never met are lost: the log began
//     behind them.
//   - A load that begins again makes its table unsettled. Unless it says that it replaces what is there,
//     the table left the job, maybe amid a load or before one, and came back: what happened to its rows meanwhile
//     is nowhere, so the load begins from nothing.
//   - A table that was created within the stream has no rows but those of the stream: it comes loaded.
func (s *session) reload(ctx context.Context, e *assemble.Entry, c *change) (loaded []ident.Name, err error) {
	left, err := s.leftBefore(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, was := range c.loads {
		is, known := s.loads[was.table]
		now := target.Load{}
		if !was.Loaded && was.Load != is.Number { // what an earlier load kept is of no use
			if err := s.dropSeen(ctx, was.table); err != nil {
				return nil, err
			}
		}
		began := was.Loaded || was.Until != 0
		switch {
		case batch.AllValid(e) && began && is.Number != was.Load:
			return nil, halt.New(halt.LogGap, fixReset, "the log no longer holds the rows of %s that were loaded before ledger offset %d", was.name, e.Offset)
		case was.Loaded && !is.Loaded:
			now = target.Load{Table: was.table, Number: was.Load, Loaded: true, Rows: was.Rows}
			loaded = append(loaded, was.name)
		case !was.Loaded && is.Loaded && was.Complete && is.Number == was.Load: // keys of it were asked for
			continue
		case !was.Loaded && is.Loaded && was.Replace:
			now = target.Load{Table: was.table, Number: is.Number, Again: again(&was.LoadState)}
		case left[was.table], !was.Loaded && (is.Loaded || known && !was.Replace && was.Load>>ledger.LoadBits != is.Number>>ledger.LoadBits):
			now = target.Load{Table: was.table, Again: target.Over}
		case known && !was.Loaded && was.Replace && was.Load != is.Number && is.Again == target.First && s.keyedBefore(was.table):
			now = is // it began, and begins again over rows that it brought
			now.Again = again(&was.LoadState)
		default:
			continue
		}
		s.loads[was.table] = now
		if err := s.db.SetLoad(ctx, s.owner, now); err != nil {
			return nil, err
		}
	}
	return loaded, nil
}

// leftBefore are the tables of which a load begins, and that left the job before this applier met a chunk of an
// earlier one: it has rows that changes brought. One without a key has none, for its changes wait until it is read (H5).
func (s *session) leftBefore(ctx context.Context, c *change) (map[uint32]bool, error) {
	var left map[uint32]bool
	for _, l := range c.loads {
		if _, known := s.loads[l.table]; known || l.Loaded || left != nil {
			continue
		}
		var err error
		if left, err = structure.Left(ctx, s.db.Tx, s.Job, s.Name); err != nil {
			return nil, err
		}
	}
	out := map[uint32]bool{}
	for _, l := range c.loads {
		_, known := s.loads[l.table]
		shape := c.shapes[l.table]
		if !known && !l.Loaded && left[l.table] && shape != nil && len(shape.Key) > 0 {
			out[l.table] = true
		}
	}
	return out, nil
}
