package batch

import (
	"context"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// Topics are the names of the ledger and of floe.objects.
type Topics struct{ Ledger, Objects string }

// Stand places an Assembler behind the checkpoint, which must still be what the ledger holds there (A1).
// Without one it begins at the first Epoch that is kept; first is the ledger's first offset.
func (b *Batcher) Stand(ctx context.Context, records assemble.Records, topics Topics, was *target.Checkpoint, first int64) (*assemble.Assembler, error) {
	if was == nil {
		cursor := ledger.NewCursor()
		if first > 0 {
			cursor = ledger.Within()
		}
		return assemble.New(records, topics.Ledger, topics.Objects, cursor, first), nil
	}
	if was.Offset < first {
		return nil, halt.New(halt.LogGap, fixReset, "the target stands at ledger offset %d, the ledger begins at %d", was.Offset, first)
	}
	log := assemble.New(records, topics.Ledger, topics.Objects, ledger.Resume(was.Epoch, was.N), was.Offset)
	e, offset, err := log.Read(ctx)
	if err != nil {
		return nil, err
	}
	if offset != was.Offset || e.Epoch != was.Epoch || e.N != was.N {
		return nil, halt.New(halt.LedgerRewritten, fixReset, "the target stands behind entry %d of epoch %d at ledger offset %d; there is entry %d of epoch %d at offset %d now",
			was.N, was.Epoch, was.Offset, e.N, e.Epoch, offset)
	}
	b.Now, b.Skip, b.End = *was, was.Commit, max(was.Commit, was.Resume)
	return log, nil
}

// Valid are the definitions of an entry that the checkpoint names which are valid at it: of the entry that it
// stands within, those behind it are not yet.
func Valid(e *assemble.Entry, at target.Checkpoint) []*assemble.Definitions {
	defs := []*assemble.Definitions{&e.Defs}
	for i := range e.Changes {
		if e.Changes[i].Commit <= at.Commit || e.Offset <= at.Offset {
			defs = append(defs, &e.Changes[i].Definitions)
		}
	}
	return defs
}
