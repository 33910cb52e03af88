// Package logbook reads the end of a job's ledger for people: what was placed, and of changes of
// structure which objects. It reads what it is asked for and keeps nothing; the bounds of a Query are
// what it may cost.
package logbook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Bounds of one reading.
const (
	MostEntries = 200
	window      = 20_000 // entries read at once in search of those that are wanted
	mostWindows = 25     // read for one page; the next one goes on
	mostObjects = 20     // named of one entry
	mostRead    = 20_000 // definitions read for their names
)

// Query says which entries are wanted: those below an offset (0 for the end), of some kinds (nil for all).
type Query struct {
	Before int64
	Kinds  []string
	Limit  int
	// Changes leaves out entries that only tell where sequences are: one a second of a busy source.
	Changes bool
}

// Entry is an entry of the ledger as people read it.
type Entry struct {
	Offset int64     `json:"offset"`
	Epoch  uint32    `json:"epoch"`
	N      uint64    `json:"n"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	// Void entries are of a capture that another had replaced; nothing of them is applied.
	Void bool `json:"void,omitempty"`
	// LSN is the last source position that it covers.
	LSN          string   `json:"lsn,omitempty"`
	Transactions int      `json:"transactions,omitempty"`
	Rows         uint64   `json:"rows,omitempty"`
	Text         string   `json:"text,omitempty"`
	Objects      []Object `json:"objects,omitempty"`
	// More counts the objects that are not named.
	More uint64 `json:"more_objects,omitempty"`

	spans []ledger.Span
	idle  bool // it only tells where sequences are
}

// Object is a definition that an entry made valid or ended.
type Object struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Gone bool   `json:"gone,omitempty"`
}

// Page is what a reading found. Next is the Before of the next one, 0 at the ledger's beginning.
type Page struct {
	Entries []Entry `json:"entries"`
	Next    int64   `json:"next,omitempty"`
}

// Read returns the entries of a query, the newest first.
func Read(ctx context.Context, kafka []kgo.Opt, prefix string, q Query) (Page, error) {
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
	if err != nil {
		return Page{}, fmt.Errorf("read the ledger: %w", err)
	}
	defer client.Close()
	topic := broker.Ledger(prefix)
	start, end, err := bounds(ctx, kadm.NewClient(client), topic)
	if err != nil {
		return Page{}, fmt.Errorf("read the ledger: %w", err)
	}
	if q.Before > 0 {
		end = min(end, q.Before)
	}
	q.Limit = min(max(q.Limit, 1), MostEntries)
	page := Page{Entries: []Entry{}}
	for range mostWindows {
		from := max(start, end-window)
		if len(q.Kinds) == 0 {
			from = max(start, end-int64(q.Limit-len(page.Entries)))
		}
		if from >= end {
			break
		}
		all, err := entries(ctx, client, topic, from, end)
		if err != nil {
			return Page{}, fmt.Errorf("read the ledger: %w", err)
		}
		if err := name(ctx, client, broker.Objects(prefix), all); err != nil {
			return Page{}, fmt.Errorf("read definitions: %w", err)
		}
		page.choose(all, q, from, start)
		if page.Next == 0 || len(page.Entries) >= q.Limit {
			break
		}
		end = from
	}
	return page, nil
}

// choose takes the last entries that are wanted, and says where the next page ends.
func (p *Page) choose(all []Entry, q Query, from, start int64) {
	p.Next = from
	for _, e := range slices.Backward(all) {
		if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, e.Kind) || q.Changes && e.idle {
			continue
		}
		if p.Entries = append(p.Entries, e); len(p.Entries) == q.Limit {
			p.Next = e.Offset
			break
		}
	}
	if p.Next <= start {
		p.Next = 0
	}
}

func bounds(ctx context.Context, adm *kadm.Client, topic string) (start, end int64, err error) {
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return 0, 0, err
	}
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	s, _ := starts.Lookup(topic, 0)
	e, _ := ends.Lookup(topic, 0)
	return s.Offset, e.Offset, err
}

// records hands on what a partition holds from one offset up to another.
func records(ctx context.Context, client *kgo.Client, topic string, partition int32, from, end int64, each func(*kgo.Record) error) error {
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(from)}})
	defer client.RemoveConsumePartitions(map[string][]int32{topic: {partition}})
	for from < end {
		f := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, e := range f.Errors() {
			return e.Err
		}
		for r := range f.RecordsAll() {
			if r.Offset < from || r.Offset >= end {
				continue
			}
			from = r.Offset + 1
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func entries(ctx context.Context, client *kgo.Client, topic string, from, end int64) (out []Entry, err error) {
	epoch := uint32(0)
	err = records(ctx, client, topic, 0, from, end, func(r *kgo.Record) error {
		e, err := schemas.DecodeEntry(r.Value)
		if err != nil {
			return fmt.Errorf("offset %d: %w", r.Offset, err)
		}
		x := describe(e)
		x.Offset, x.Void = r.Offset, e.Epoch < epoch
		epoch = max(epoch, e.Epoch)
		out = append(out, x)
		return nil
	})
	return out, err
}
