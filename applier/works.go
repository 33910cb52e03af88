package applier

import (
	"context"
	"fmt"

	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// work is a statement with what to do should it touch fewer rows than it must.
type work struct {
	target.Work
	shape *event.Table
	row   *event.Row // the exact path: which row it is
	// instead inserts the rows of an update whose rows were not all there.
	instead *render.Statement
	asks    bool // for those of its new images whose rows are not there
}

// fast folds rows to their net changes and applies those in sets, within the open transaction.
func (s *session) fast(ctx context.Context, rows []*event.Row) error {
	if len(rows) == 0 {
		return nil
	}
	defer s.folder.Reset() // it keeps rows as long as it knows of them
	for _, r := range rows {
		if len(r.Table.Key) == 0 { // s.foldable wants to know how it is
			if _, err := s.table(ctx, r.Table); err != nil {
				return err
			}
		}
		s.folder.Add(r)
	}
	var works []*work
	steps := s.folder.Steps()
	for i := range steps {
		w, err := s.step(ctx, &steps[i], i == len(steps)-1)
		if err != nil {
			return err
		}
		works = append(works, w...)
	}
	_, err := s.run(ctx, works)
	return err
}

// run executes works, and what stands in for those that found fewer rows than are there.
func (s *session) run(ctx context.Context, works []*work) (bad *work, err error) {
	if len(works) == 0 {
		return nil, nil
	}
	plain := make([]*target.Work, len(works))
	for i, w := range works {
		plain[i] = &w.Work
	}
	if i, err := s.db.Run(ctx, plain); err != nil {
		return works[i], err
	}
	var again, missed []*work
	for _, w := range works {
		if w.Least < 0 || w.Touched >= int64(w.Least) {
			continue
		}
		if w.asks {
			missed = append(missed, w)
			continue
		}
		s.report.drift(w.shape, int64(w.Least)-w.Touched)
		if w.instead != nil {
			again = append(again, &work{Work: target.Work{Statement: *w.instead, Rows: w.Rows, Old: w.Old, New: w.New, Least: -1}, shape: w.shape, row: w.row})
		}
	}
	if bad, err := s.run(ctx, again); err != nil {
		return bad, err
	}
	for _, w := range missed { // whatever else the works brought is there by now
		if err := s.missed(ctx, w); err != nil {
			return w, err
		}
	}
	return nil, nil
}

// step turns net changes into statements: deletes, key moves, updates, upserts (A3).
func (s *session) step(ctx context.Context, step *fold.Step, last bool) ([]*work, error) {
	if len(step.Truncate) > 0 {
		return s.truncate(ctx, step.Truncate)
	}
	var works []*work
	for _, t := range step.Tables {
		to, err := s.table(ctx, t.Shape)
		if err != nil {
			return nil, err
		}
		b := tableWorks{s: s, to: to, settled: s.settled(t.Shape.OID), last: last, seen: s.seen[t.Shape.OID]}
		b.deletes(t.Deletes, t.Gone)
		b.moves(t.Moves)
		b.partial(t.Partial)
		b.full(t.Full)
		b.counted(t.Out, t.In)
		if err := b.exact(ctx, t.Exact); err != nil {
			return nil, err
		}
		works = append(works, b.works...)
	}
	return works, nil
}

// tableWorks collects one table's statements in order.
type tableWorks struct {
	s       *session
	to      *render.Table
	settled bool
	last    bool       // nothing comes behind this step
	seen    ident.Name // where the load keeps the keys that it bore, if it does
	works   []*work
}

func (b *tableWorks) add(st render.Statement, n, least int, old, new func(int) []event.Datum) *work {
	w := &work{Work: target.Work{Statement: st, Rows: n, Old: old, New: new, Least: least, Doubtful: b.to}, shape: b.to.Shape}
	b.works = append(b.works, w)
	return w
}

func (b *tableWorks) least(n int) int {
	if b.settled {
		return n
	}
	return -1
}

// ask has a work ask for the rows that it should find and does not.
func (b *tableWorks) ask(w *work, moves bool) {
	if b.s.watched(b.to.Shape.OID, moves) {
		w.Least, w.asks = w.Rows, true
	}
}

func (b *tableWorks) deletes(keys []fold.Key, there int) {
	if len(keys) > 0 {
		b.add(b.to.Delete(), len(keys), b.least(there), func(i int) []event.Datum { return keys[i] }, nil)
	}
}

func (b *tableWorks) moves(rows []*event.Row) {
	for _, g := range group(rows, func(r *event.Row) []event.Datum { return r.After }) {
		sts := b.to.Move(g.present, b.settled)
		for i, st := range sts {
			w := b.add(st, len(g.items), -1, func(i int) []event.Datum { return g.items[i].Before }, func(i int) []event.Datum { return g.items[i].After })
			if i == len(sts)-1 {
				b.ask(w, true)
			}
		}
		b.bear(len(g.items), func(i int) []event.Datum { return g.items[i].After })
	}
}

func (b *tableWorks) partial(list []fold.Partial) {
	for _, g := range group(list, func(p fold.Partial) []event.Datum { return p.Image }) {
		image := func(i int) []event.Datum { return g.items[i].Image }
		if again := b.to.Rewrite(g.present); again.SQL != "" {
			b.add(again, len(g.items), -1, nil, image)
		}
		b.ask(b.add(b.to.Patch(g.present), len(g.items), -1, nil, image), false)
		b.bear(len(g.items), image)
	}
}

// full updates the rows that are known to be there and upserts the others. In a table that is not
// settled nothing is known. Rows that should have been there and were not are inserted when all else
// ran, so this is for the last step only: a TRUNCATE behind it would come before them.
func (b *tableWorks) full(list []fold.Full) {
	if len(list) == 0 {
		return
	}
	update, upsert, stale := b.to.Update(), b.to.Upsert(false), b.to.Stale()
	image := func(i int) []event.Datum { return list[i].Image }
	b.bear(len(list), image)
	if stale.SQL != "" {
		b.add(stale, len(list), -1, nil, image)
	}
	if !b.to.Arbiter {
		if update.SQL != "" {
			b.add(update, len(list), -1, nil, image)
		}
		b.add(upsert, len(list), -1, nil, image)
		return
	}
	var known, others [][]event.Datum
	for i := range list {
		if list[i].Known && b.settled && b.last && update.SQL != "" && stale.SQL == "" {
			known = append(known, list[i].Image)
		} else {
			others = append(others, list[i].Image)
		}
	}
	if len(known) > 0 {
		w := b.add(update, len(known), len(known), nil, func(i int) []event.Datum { return known[i] })
		w.instead = &upsert
	}
	if len(others) > 0 {
		b.add(upsert, len(others), -1, nil, func(i int) []event.Datum { return others[i] })
	}
}

// grouped are items whose images lack the same columns.
type grouped[T any] struct {
	present []bool
	items   []T
}

func group[T any](list []T, image func(T) []event.Datum) []*grouped[T] {
	var out []*grouped[T]
	by := map[string]*grouped[T]{}
	for _, item := range list {
		p := present(image(item))
		sig := fmt.Sprint(p)
		g := by[sig]
		if g == nil {
			g = &grouped[T]{present: p}
			by[sig] = g
			out = append(out, g)
		}
		g.items = append(g.items, item)
	}
	return out
}

func present(image []event.Datum) []bool {
	p := make([]bool, len(image))
	for i := range image {
		p[i] = image[i].Kind != event.Unchanged
	}
	return p
}
