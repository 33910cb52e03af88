package control

import (
	"slices"
	"strconv"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// Skip leaves out what one applier's target refuses. It names a place in the log, so it means that
// transaction or change and no other, however often the command is read.
type Skip struct {
	Applier string
	// At is the change; Whole means all of its transaction, and At.Seq nothing then.
	At     event.Position
	Whole  bool
	Reason string
	// Command is the record that says so, for the audit.
	Command *ledger.Command
}

// Place is where it stands, as messages show it and as the command line takes it.
func (k *Skip) Place() string {
	if k.Whole {
		return k.At.Commit.String()
	}
	return k.At.String()
}

// Args are the command's.
func (k *Skip) Args() []string {
	return []string{k.Applier, strconv.FormatUint(uint64(k.At.Epoch), 10), k.Place(), k.Reason}
}

// readSkip reads Args; what is none skips nothing.
func readSkip(c *ledger.Command) (k Skip, ok bool) {
	epoch, err := strconv.ParseUint(c.Arg(1), 10, 32)
	if err != nil {
		return k, false
	}
	k = Skip{Applier: c.Arg(0), Reason: c.Arg(3), Command: c}
	if k.At, k.Whole, err = event.ParsePosition(c.Arg(2)); err != nil || k.At.Commit == 0 {
		return k, false
	}
	k.At.Epoch = uint32(epoch)
	return k, true
}

// Same reports whether both name the same place of the same applier.
func (k *Skip) Same(o *Skip) bool {
	return k.Applier == o.Applier && k.Whole == o.Whole && k.At == o.At
}

// Skip returns what skips the change for an applier, nil if nothing does: its whole transaction, or it
// alone.
func (w *Wanted) Skip(applier string, at event.Position) *Skip {
	for i := range w.skips {
		k := &w.skips[i]
		if k.Applier == applier && k.At.Epoch == at.Epoch && k.At.Commit == at.Commit && (k.Whole || k.At.Seq == at.Seq) {
			return k
		}
	}
	return nil
}

// Skips are those that were sent, each place once, in their order.
func (w *Wanted) Skips() []Skip { return slices.Clone(w.skips) }

func (w *Wanted) skip(c *ledger.Command) {
	k, ok := readSkip(c)
	if ok && !slices.ContainsFunc(w.skips, func(o Skip) bool { return o.Same(&k) }) {
		w.skips = append(w.skips, k)
	}
}
