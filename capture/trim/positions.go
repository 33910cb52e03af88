package trim

import (
	"context"
	"fmt"

	"floe/capture/readback"
	"floe/schemas"
)

// Positions are how far each applier that ever reported is, as far as it knows to be flushed (A1).
type Positions struct {
	log   readback.Log
	topic string
	next  int64
	last  map[string]position
}

type position struct{ ledger, report int64 } // offset it has applied, and of the report that says so

// OpenPositions begins at the first report that is kept. The log is its own from here on.
func OpenPositions(ctx context.Context, log readback.Log, topic string) (*Positions, error) {
	start, _, err := log.Bounds(ctx, topic, 0)
	if err != nil {
		log.Close()
		return nil, err
	}
	return &Positions{log: log, topic: topic, next: start, last: map[string]position{}}, nil
}

// Read goes on to the end that the topic has now: a report that was not read could say that an applier
// has been set back, or that there is another one.
func (p *Positions) Read(ctx context.Context) error {
	_, end, err := p.log.Bounds(ctx, p.topic, 0)
	if err != nil {
		return err
	}
	for p.next < end {
		records, err := p.log.Read(ctx, p.topic, 0, p.next)
		if err != nil {
			return err
		}
		for _, r := range records {
			p.next = r.Offset + 1
			s, err := schemas.DecodeStatus(r.Value)
			if err != nil {
				return fmt.Errorf("%s offset %d: %w", p.topic, r.Offset, err)
			}
			if s.Role == "applier" {
				p.take(string(r.Key), position{s.LedgerOffset, r.Offset})
			}
		}
	}
	return nil
}

// take puts a report in the place of its applier's last. One that does not know yet how far it is, or
// waits for another to end, takes nothing back.
func (p *Positions) take(name string, at position) {
	if was, ok := p.last[name]; ok && at.ledger < 0 {
		at.ledger = was.ledger
		if was.ledger >= 0 { // the report that says so is the one to keep
			at.report = was.report
		}
	}
	p.last[name] = at
}

// Least is the ledger offset through which every applier has flushed, -1 for nothing, and who is behind.
func (p *Positions) Least() (through int64, who string) {
	if len(p.last) == 0 {
		return -1, "no applier has read it yet; start one"
	}
	through, name := int64(-1), ""
	for k, at := range p.last {
		if name == "" || at.ledger < through {
			through, name = at.ledger, k
		}
	}
	return through, fmt.Sprintf("%s has applied it through ledger offset %d; it goes on as the applier does", name, through)
}

// needed is the offset of the first report that is to be kept.
func (p *Positions) needed(kept int64) int64 {
	first := p.next - kept
	for _, at := range p.last {
		first = min(first, at.report)
	}
	return first
}
