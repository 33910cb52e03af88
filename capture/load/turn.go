package load

import (
	"floe/capture/publish"
)

// turn is a part's place among those that read one table at once. What an entry points at must stand
// together in each partition, or readers would have to go back to the rows between: so one part at a time
// produces. Whoever reads meanwhile keeps its records until the turn is its own.
type turn struct {
	shared bool // another part of the round reads the same table
	mine   bool
	kept   []publish.Record
}

// share tells parts of one table of each other.
func share(parts []*part) {
	n := map[*version]int{}
	for _, p := range parts {
		n[p.t]++
	}
	for _, p := range parts {
		p.turn = turn{shared: n[p.t] > 1}
	}
}

// produce sends a record, or keeps it while another part has the turn.
func (p *part) produce(spans *publish.Spans, rec *publish.Record) error {
	if p.turn.shared && !p.turn.mine {
		if !p.t.turn.TryLock() {
			p.turn.kept = append(p.turn.kept, *rec)
			return nil
		}
		p.turn.mine = true
		if err := p.produceKept(spans); err != nil {
			return err
		}
	}
	p.orphans = true
	return p.loader.Writer.Produce(spans, rec)
}

func (p *part) produceKept(spans *publish.Spans) error {
	for i := range p.turn.kept {
		p.orphans = true
		if err := p.loader.Writer.Produce(spans, &p.turn.kept[i]); err != nil {
			return err
		}
	}
	p.turn.kept = nil
	return nil
}

// takeTurn waits for the turn, and produces what was kept.
func (p *part) takeTurn(spans *publish.Spans) error {
	if p.turn.shared && !p.turn.mine {
		p.t.turn.Lock()
		p.turn.mine = true
	}
	return p.produceKept(spans)
}

// passTurn lets the next part produce.
func (p *part) passTurn() {
	if p.turn.mine {
		p.turn.mine = false
		p.t.turn.Unlock()
	}
}

// room is for a large record: it waits for the turn, since of those that are kept there may not be many.
func (p *part) room(spans func() *publish.Spans) func(int) error {
	return func(bytes int) error {
		if err := p.takeTurn(spans()); err != nil {
			return err
		}
		return p.loader.Writer.Room(bytes)
	}
}
