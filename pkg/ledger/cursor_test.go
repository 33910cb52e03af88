package ledger

import (
	"errors"
	"testing"
)

func begin(epoch uint32, nonce string) *Entry {
	return &Entry{Epoch: epoch, Begin: &Epoch{Nonce: nonce}}
}

func mark(epoch uint32, n uint64) *Entry { return &Entry{Epoch: epoch, N: n, Mark: &Mark{}} }

func part(epoch uint32, n uint64, number int, final bool) *Entry {
	return &Entry{Epoch: epoch, N: n, Commit: &Commit{Part: number, Final: final}}
}

// step is one entry and what it must be worth.
type step struct {
	e    *Entry
	want Verdict
}

func run(t *testing.T, c *Cursor, steps ...step) {
	t.Helper()
	for i, s := range steps {
		got, err := c.Step(int64(i), s.e)
		if err != nil || got != s.want {
			t.Fatalf("step %d: verdict %d (%v), want %d", i, got, err, s.want)
		}
	}
}

// Of two captures at once, the higher epoch counts, whatever the lower one still writes.
func TestLowerEpochIsVoidBehindAHigherOne(t *testing.T) {
	t.Parallel()
	c := NewCursor()
	run(t, c, step{begin(1, "a"), Valid}, step{mark(1, 1), Valid}, step{begin(2, "b"), Valid}, step{mark(1, 2), Void},
		step{mark(2, 1), Valid}, step{begin(2, "c"), Void}, step{begin(1, "d"), Void}, step{mark(2, 2), Valid}, step{begin(7, "e"), Valid}, step{mark(2, 3), Void})
	if c.Epoch() != 7 || c.Nonce() != "e" {
		t.Errorf("epoch %d, nonce %s", c.Epoch(), c.Nonce())
	}
}

func TestEntrySentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	run(t, NewCursor(), step{begin(1, "a"), Valid}, step{begin(1, "a"), Repeated}, step{mark(1, 1), Valid}, step{mark(1, 1), Repeated},
		step{mark(1, 2), Valid}, step{mark(1, 1), Repeated})
}

func TestMissingEntryIsAGap(t *testing.T) {
	t.Parallel()
	c := NewCursor()
	run(t, c, step{begin(1, "a"), Valid}, step{mark(1, 1), Valid})
	_, err := c.Step(9, mark(1, 3))
	var gap *GapError
	if !errors.As(err, &gap) || gap.Want != 2 || gap.Is != 3 || gap.Offset != 9 {
		t.Errorf("got %v", err)
	}
	if _, err := NewCursor().Step(0, mark(1, 1)); err == nil {
		t.Error("an entry of an epoch that never began passes")
	}
}

// An Epoch voids the parts of a big transaction that did not end.
func TestPartsAreOpenUntilFinalOrAnEpoch(t *testing.T) {
	t.Parallel()
	c := NewCursor()
	run(t, c, step{begin(1, "a"), Valid}, step{part(1, 1, 1, false), Valid})
	if !c.OpenParts() {
		t.Error("a first part leaves nothing open")
	}
	run(t, c, step{part(1, 2, 2, true), Valid})
	if c.OpenParts() {
		t.Error("a final part leaves the transaction open")
	}
	run(t, c, step{part(1, 3, 1, false), Valid}, step{begin(2, "b"), Valid})
	if c.OpenParts() {
		t.Error("an epoch leaves another's transaction open")
	}
}

// A reader that goes on behind an entry is as strict as one that read all before it.
func TestResumedCursorExpectsTheNextEntry(t *testing.T) {
	t.Parallel()
	c := Resume(3, 8)
	run(t, c, step{mark(3, 8), Repeated}, step{mark(2, 40), Void}, step{mark(3, 9), Valid})
	if _, err := c.Step(4, mark(3, 11)); err == nil {
		t.Error("a gap passes")
	}
}
