package applier

import (
	"context"

	"floe/applier/render"
	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// Under on_existing: proceed a table that the target had before floe holds rows of the target's own, which stay
// unless a change of the source, or a command, takes them.
//
//   - By keys: the first load leaves rows alone whose key is there. Another one (the table was written anew, or left
//     the job and came back) overwrites them, and deletes none: which are the target's own nobody knows by then.
//     Rows that the source deleted unseen stay, too; `floe resync` takes all that the source does not have.
//   - Without a key equal rows are told by nobody. What the table had is kept aside until its first load is over, so
//     that one that begins again begins from that. A later load would have everything twice: it waits until the
//     table's owner has emptied it, but for one that was asked for.

// meeting is how a load's chunk meets the rows that are there.
type meeting struct {
	own   bool
	again target.Again
	mode  ledger.ChunkMode
}

// keeps: rows that are there stay as they are, under on_existing: proceed.
func (m meeting) keeps() bool {
	return m.again == target.First && (m.own || m.mode == ledger.Insert)
}

// equals: what the chunk does not hold of its range goes.
func (m meeting) equals() bool {
	return m.mode == ledger.Replace && (!m.own || m.again == target.Equal)
}

// own reports whether a table may hold the target's own rows.
func (s *session) own(ctx context.Context, table uint32) (bool, error) {
	if !s.Proceed {
		return false, nil
	}
	made, err := structure.Made(ctx, s.db.Tx, s.Job, s.Name, table)
	return !made, err
}

// beginOwn readies a table that holds the target's own rows for a load that begins, and says how that meets them;
// was is what is known of an earlier one.
func (s *session) beginOwn(ctx context.Context, to *render.Table, c *ledger.Chunk, was target.Load, known bool) (target.Again, error) {
	kept := target.KeptName(s.owner, c.Table)
	if !known {
		if len(to.Shape.Key) > 0 {
			return target.First, nil
		}
		return target.First, s.db.Keep(ctx, kept, to.Name)
	}
	unfinished, err := s.db.Kept(ctx, kept)
	if err != nil {
		return "", err
	}
	if unfinished {
		if err := s.db.Exec(ctx, to.Empty()); err != nil {
			return "", err
		}
		return target.First, s.db.PutBack(ctx, kept, to.Name)
	}
	if len(to.Shape.Key) > 0 {
		if was.Again == target.Over {
			s.Log.Warn("a table that the target had is loaded again: rows that the source does not have stay, floe resync takes them out", "table", to.Shape.Name.String())
		}
		return was.Again, nil
	}
	if was.Again != target.Over {
		return was.Again, s.db.Exec(ctx, to.Empty())
	}
	any, err := s.db.HasRows(ctx, to.Name)
	if any {
		err = halt.New(halt.TargetTableExists, "keep rows of your own elsewhere and empty the target's table, floe then goes on by itself and loads it; put yours back when it is loaded",
			"%s is to be loaded again, and has no key by which to tell the target's own rows from those that floe brought", to.Name)
	}
	return target.Equal, err
}

// dropKept drops what is kept of a table's own rows.
func (s *session) dropKept(ctx context.Context, table uint32) error {
	if !s.Proceed {
		return nil
	}
	return s.db.DropKept(ctx, target.KeptName(s.owner, table))
}

// keyedBefore reports whether a table's rows are told apart by a key, before a change.
func (s *session) keyedBefore(table uint32) bool {
	shape := s.shapes[table]
	return shape != nil && len(shape.Key) > 0
}

// again is how a load that begins again meets what the target has, known of the one before it.
func again(l *ledger.LoadState) target.Again {
	if l.Asked {
		return target.Equal
	}
	return target.Over
}
