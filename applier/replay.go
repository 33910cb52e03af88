package applier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"floe/applier/assemble"
	"floe/applier/feed"
	"floe/applier/suffix"
	"floe/applier/target"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// replayBytes bounds what is replayed at once: all of it is in memory, and one target transaction.
const replayBytes = 64 << 20

// replays does what commands ask to be replayed, each once: between two transactions, where the target stands
// behind a whole entry. The target is as the source was at that place before and behind it.
func (s *session) replays(ctx context.Context, w *control.Wanted) error {
	for _, r := range w.Replays() {
		if s.replayed[r.ID] {
			continue
		}
		if s.order.Big() || s.db.At().Offset < 0 || s.within == s.db.At().Offset {
			return nil
		}
		if err := s.order.Flush(ctx); err != nil {
			return err
		}
		if err := s.replay(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// replay writes the net of what the log says of the tables, or why it does not.
func (s *session) replay(ctx context.Context, r *control.Replay) error {
	done := &target.Replayed{ID: r.ID, SentBy: r.Command.By, From: r.From, At: s.db.At().Offset}
	err := s.replayTables(ctx, r, done)
	var within *suffix.WithinError
	if errors.As(err, &within) {
		s.within = s.db.At().Offset
		return nil
	}
	if err != nil {
		if rerr := s.db.Rollback(ctx); rerr != nil {
			return errors.Join(err, rerr)
		}
		if pg.Code(err) == "0A000" && !s.emptied { // a foreign key from outside forbids a TRUNCATE
			s.emptied = true
			return s.replay(ctx, r)
		}
		done.Refused, done.Changes = whyNot(err), 0
		if done.Refused == "" { // it passes, and the replay is tried again
			return err
		}
		if err := s.db.Begin(ctx); err != nil {
			return err
		}
		if err := s.db.Replay(ctx, s.owner, done); err != nil {
			return err
		}
		if err := s.Commit(ctx, s.db.At()); err != nil {
			return err
		}
	}
	s.replayed[r.ID] = true
	text := fmt.Sprintf("replay %s: %s from ledger offset %d through %d, %s written", done.ID, done.Tables, done.From, done.At, status.Count(done.Changes, "change"))
	if done.Refused != "" {
		text = fmt.Sprintf("replay %s refused, and nothing was changed: %s", done.ID, done.Refused)
	}
	s.report.says(text)
	s.Log.Info("a replay was taken up", "id", done.ID, "by", done.SentBy, "tables", done.Tables, "from", done.From, "through", done.At, "changes", done.Changes, "refused", done.Refused)
	return nil
}

// whyNot is empty for what passes by itself.
func whyNot(err error) string {
	var no *suffix.RefusedError
	switch h := halt.As(err); {
	case errors.As(err, &no):
		return no.Error()
	case h != nil:
		return fmt.Sprintf("%s: %s: the log does not reach back so far; floe resync reads the table from the source", h.Code, h.Detail)
	case target.Refused(err):
		return fmt.Sprintf("the target refuses what the log says (%s): another row stands in the way; floe resync replaces the whole table", cut(err.Error()))
	}
	return ""
}

func (s *session) replayTables(ctx context.Context, r *control.Replay, done *target.Replayed) error {
	shapes, err := s.replayable(ctx, r.Tables)
	if err != nil {
		return err
	}
	var all [][]*event.Row
	var names []string
	left := replayBytes
	for _, shape := range shapes {
		rows, err := s.changesOf(ctx, shape, r.From, left)
		if err != nil {
			return fmt.Errorf("%s: %w", shape.Name, err)
		}
		all, names = append(all, rows), append(names, shape.Name.String())
		for _, row := range rows {
			left -= size(row)
		}
	}
	done.Tables = strings.Join(names, ", ")
	if err := s.db.Begin(ctx); err != nil {
		return err
	}
	for _, rows := range all {
		if err := s.writeNet(ctx, rows); err != nil {
			return err
		}
		done.Changes += int64(len(rows))
	}
	if err := s.db.Replay(ctx, s.owner, done); err != nil {
		return err
	}
	return s.Commit(ctx, s.db.At())
}

func size(r *event.Row) (n int) {
	for i := range r.After {
		n += len(r.After[i].Text)
	}
	return n
}

// replayable are the shapes of tables of which the log alone says what their rows are.
func (s *session) replayable(ctx context.Context, tables []ident.Name) (out []*event.Table, err error) {
	by := map[ident.Name]*event.Table{}
	for _, oid := range slices.Sorted(maps.Keys(s.shapes)) {
		t := s.shapes[oid]
		if by[t.Name] = t; len(tables) == 0 {
			out = append(out, t)
		}
	}
	for _, n := range tables {
		if by[n] == nil {
			return nil, &suffix.RefusedError{Why: n.String() + " is not in the job"}
		}
		out = append(out, by[n])
	}
	foldable := s.foldable(s.valid)
	for _, t := range out {
		aside, err := s.db.HasAside(ctx, s.owner, t.OID)
		why := ""
		switch {
		case err != nil:
			return nil, err
		case len(t.Key) == 0:
			why = "has no key: nothing tells which of its rows a change is of"
		case !foldable(t):
			why = "has a key of which floe cannot tell when two are equal"
		case !s.settled(t.OID):
			why = "is being loaded"
		case len(s.lost[t.OID]) > 0:
			why = "had changes left out by floe errors skip"
		case aside:
			why = "has rows that are left out because the target's own stand in their way"
		}
		if why != "" {
			return nil, &suffix.RefusedError{Why: t.Name.String() + " " + why}
		}
	}
	return out, nil
}

// changesOf reads one table's changes, by a reading of the log of its own.
func (s *session) changesOf(ctx context.Context, shape *event.Table, from int64, bytes int) ([]*event.Row, error) {
	at := s.db.At()
	if from < s.first {
		return nil, &suffix.RefusedError{Why: fmt.Sprintf("%s: the ledger begins at offset %d", halt.LogGap, s.first), From: s.first}
	}
	if from > at.Offset {
		return nil, &suffix.RefusedError{Why: fmt.Sprintf("the target stands at ledger offset %d, before %d: there is nothing to replay", at.Offset, from)}
	}
	records, err := feed.Open(ctx, s.Kafka, broker.Ledger(s.Prefix))
	if err != nil {
		return nil, err
	}
	defer records.Close()
	cursor := ledger.NewCursor()
	if s.first > 0 {
		cursor = ledger.Within()
	}
	log := assemble.New(records, broker.Ledger(s.Prefix), broker.Objects(s.Prefix), cursor, s.first)
	return suffix.Read(ctx, log, suffix.Request{Shape: shape, Topic: ident.Topic(s.Prefix, shape.Name), Objects: broker.Objects(s.Prefix),
		From: from, Through: at.Offset, Commit: at.Commit, Bytes: bytes})
}

// writeNet writes what the rows are by their last changes, in the open transaction. Nothing is taken for granted
// of what is there: a row that is as it should be is written once more.
func (s *session) writeNet(ctx context.Context, rows []*event.Row) error {
	defer s.folder.Reset()
	for _, r := range rows {
		s.folder.Add(r)
	}
	steps := s.folder.Steps()
	for i := range steps {
		if len(steps[i].Truncate) > 0 {
			works, err := s.truncate(ctx, steps[i].Truncate)
			if err != nil {
				return err
			}
			if _, err := s.run(ctx, works); err != nil {
				return err
			}
			continue
		}
		for _, t := range steps[i].Tables {
			if len(t.Moves)+len(t.Exact)+len(t.Out)+len(t.In) > 0 {
				return &suffix.RefusedError{Why: t.Shape.Name.String() + " has changes of which the log has no net"}
			}
			to, err := s.table(ctx, t.Shape)
			if err != nil {
				return err
			}
			b := tableWorks{s: s, to: to, last: i == len(steps)-1}
			b.deletes(t.Deletes, 0)
			b.partial(t.Partial)
			b.full(t.Full)
			if _, err := s.run(ctx, b.works); err != nil {
				return err
			}
		}
	}
	return nil
}
