package ledger

import "fmt"

// Verdict is what an entry is worth.
type Verdict int

// The verdicts. A Void entry was written by a capture that had been replaced; a Repeated one was sent
// twice by a client that did not hear of the first.
const (
	Valid Verdict = iota
	Void
	Repeated
)

// GapError is an entry that is missing from the ledger.
type GapError struct {
	Offset   int64
	Epoch    uint32
	Want, Is uint64
}

func (e *GapError) Error() string {
	return fmt.Sprintf("epoch %d goes on with entry %d at offset %d where entry %d is due", e.Epoch, e.Is, e.Offset, e.Want)
}

// Cursor decides, entry by entry, what a ledger means. Its zero value is not ready; use NewCursor.
//
//   - An Epoch is valid only if its number is above that of every Epoch before it.
//   - Any other entry is valid only in the last valid epoch, under the number that is due there.
//   - It must begin at the ledger's beginning or at a valid Epoch; or see Within.
type Cursor struct {
	epoch uint32
	nonce string
	next  uint64
	parts bool // a big transaction's parts have begun and not ended
	skim  bool // no Epoch was met yet, and need not be first
}

// NewCursor returns a cursor before the first entry.
func NewCursor() *Cursor { return &Cursor{} }

// Within returns a cursor before the first entry of a ledger that was trimmed: until the first Epoch
// above every entry seen, all is void. It was trimmed by somebody who knew that Epoch to be valid.
func Within() *Cursor { return &Cursor{skim: true} }

// Resume returns a cursor that stands behind entry n of an epoch, whose big transaction had ended.
func Resume(epoch uint32, n uint64) *Cursor { return &Cursor{epoch: epoch, next: n + 1} }

// Epoch is the last valid epoch's number, 0 before the first.
func (c *Cursor) Epoch() uint32 { return c.epoch }

// Nonce is the last valid epoch's nonce.
func (c *Cursor) Nonce() string { return c.nonce }

// OpenParts reports whether a big transaction has begun and is neither final nor voided.
func (c *Cursor) OpenParts() bool { return c.parts }

// Step takes the next entry. An Epoch voids an unfinished big transaction before it.
func (c *Cursor) Step(offset int64, e *Entry) (Verdict, error) {
	if e.Begin != nil {
		if e.Epoch <= c.epoch {
			if e.Epoch == c.epoch && e.Begin.Nonce == c.nonce {
				return Repeated, nil
			}
			return Void, nil
		}
		c.epoch, c.nonce, c.next, c.parts, c.skim = e.Epoch, e.Begin.Nonce, 1, false, false
		return Valid, nil
	}
	switch {
	case c.skim:
		c.epoch = max(c.epoch, e.Epoch)
		return Void, nil
	case e.Epoch < c.epoch:
		return Void, nil
	case e.Epoch > c.epoch:
		return Void, fmt.Errorf("offset %d: an entry of epoch %d, which never began", offset, e.Epoch)
	case e.N < c.next:
		return Repeated, nil
	case e.N > c.next:
		return Void, &GapError{Offset: offset, Epoch: c.epoch, Want: c.next, Is: e.N}
	}
	c.next++
	if e.Commit != nil && e.Commit.Part > 0 {
		c.parts = !e.Commit.Final
	}
	return Valid, nil
}
