package status

import (
	"bytes"
	"time"
)

// Every is how often a service may report, Idle how often it does when nothing changes: who waits for a
// job to be in sync waits for a report that was written since.
const (
	Every = 250 * time.Millisecond
	Idle  = time.Second
)

// MostTables bounds a report: a job of ten thousand tables must fit into the broker's messages. A report
// that bears fewer bears all that there are.
const MostTables = 1000

// Left is the state of a table that the job no longer has, told once where reports do not bear all.
const Left = "left"

// Pace decides when a service reports, and which tables a report bears: those that changed, and in turn
// all others. A reader keeps of each service what the report before said of tables that this one leaves
// out (package overview).
type Pace struct {
	head []byte
	at   time.Time
	sent map[[2]string]Table
	next int
}

// Due returns the tables of the report that is due now, and whether one is. Head is the report without
// tables and time, encoded.
func (p *Pace) Due(now time.Time, head []byte, all []Table) ([]Table, bool) {
	changed := 0
	for i := range all {
		if p.differs(&all[i]) {
			changed++
		}
	}
	if changed == 0 && bytes.Equal(head, p.head) && now.Sub(p.at) < Idle {
		return nil, false
	}
	p.head, p.at = append(p.head[:0], head...), now
	return p.choose(all), true
}

func (p *Pace) differs(t *Table) bool {
	was, ok := p.sent[[2]string{t.Schema, t.Name}]
	return !ok || was != *t
}

// choose takes what changed first, and then goes on where it ended the last time.
func (p *Pace) choose(all []Table) []Table {
	if p.sent == nil {
		p.sent = map[[2]string]Table{}
	}
	if len(all) < MostTables {
		clear(p.sent)
		for _, t := range all {
			p.sent[[2]string{t.Schema, t.Name}] = t
		}
		return all
	}
	out := p.left(all)
	add := func(t Table) {
		out = append(out, t)
		p.sent[[2]string{t.Schema, t.Name}] = t
	}
	start := p.next
	for i := range all {
		if t := all[(start+i)%len(all)]; len(out) < MostTables && p.differs(&t) {
			add(t)
			p.next = (start + i + 1) % len(all)
		}
	}
	for i := 0; len(out) < MostTables && i < len(all); i++ {
		add(all[p.next%len(all)])
		p.next = (p.next + 1) % len(all)
	}
	return out
}

// left are the tables that were told of and are there no more.
func (p *Pace) left(all []Table) (out []Table) {
	there := make(map[[2]string]bool, len(all))
	for i := range all {
		there[[2]string{all[i].Schema, all[i].Name}] = true
	}
	for k := range p.sent {
		if !there[k] && len(out) < MostTables {
			out = append(out, Table{Schema: k[0], Name: k[1], State: Left})
			delete(p.sent, k)
		}
	}
	return out
}
