package assemble

import (
	"context"
	"fmt"
	"slices"

	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

// fixReset is the remedy for a log that cannot be read any further.
const fixReset = halt.Reset

// Assembler reads one ledger from a place on. It is used by one goroutine.
type Assembler struct {
	// Admit, if set, waits until there is memory for an entry of this weight. It is asked before the
	// entry is decoded; whoever takes the entry gives its Weight back.
	Admit func(ctx context.Context, weight int64) error

	records Records
	topic   string
	objects string
	cursor  *ledger.Cursor
	next    int64
	codecs  map[uint32]*schemas.Codec
	bodies  map[uint32]string // of every schema, the keys' too
	ahead   []found
	failed  error // what ended the looking ahead
}

// found is a valid entry that is not resolved yet.
type found struct {
	entry  *ledger.Entry
	offset int64
}

// New returns an Assembler that begins at the ledger offset from. cursor says what is valid there: a
// new one at the ledger's beginning, else one that stands behind the entry before from.
func New(records Records, ledgerTopic, objectsTopic string, cursor *ledger.Cursor, from int64) *Assembler {
	return &Assembler{records: records, topic: ledgerTopic, objects: objectsTopic, cursor: cursor, next: from, codecs: map[uint32]*schemas.Codec{}, bodies: map[uint32]string{}}
}

// Next waits for the next valid entry and all that it points at.
func (a *Assembler) Next(ctx context.Context) (*Entry, error) {
	if err := a.look(ctx); err != nil {
		return nil, err
	}
	next := a.ahead[0]
	a.ahead = a.ahead[1:]
	return a.Resolve(ctx, next.entry, next.offset)
}

// window bounds how many entries are looked at before they are resolved. A partition takes a moment to
// be fetched for the first time; in a load of many tables each chunk would wait for that in turn.
const window = 256

// look reads the ledger ahead, as far as it is at hand, and at least to one valid entry. What goes
// wrong behind an entry that is good waits until that one was taken.
func (a *Assembler) look(ctx context.Context) error {
	for len(a.ahead) == 0 || a.failed == nil && len(a.ahead) < window && a.records.Ready(a.topic, 0) {
		if a.failed != nil {
			return a.failed
		}
		e, offset, err := a.valid(ctx)
		if err != nil {
			a.failed = err
			continue
		}
		if e == nil {
			continue
		}
		for _, s := range e.Spans() {
			a.records.Expect(s.Topic, s.Partition, s.Offset)
		}
		a.ahead = append(a.ahead, found{e, offset})
	}
	return nil
}

// valid reads one entry, nil if it is void or a repetition.
func (a *Assembler) valid(ctx context.Context) (*ledger.Entry, int64, error) {
	e, offset, err := a.Read(ctx)
	if err != nil {
		return nil, 0, err
	}
	verdict, err := a.cursor.Step(offset, e)
	if err != nil {
		return nil, 0, &halt.Error{Code: halt.LogGap, Detail: fmt.Sprintf("%s offset %d", a.topic, offset), Fix: fixReset, Err: err}
	}
	if verdict != ledger.Valid {
		return nil, 0, nil
	}
	return e, offset, nil
}

// Read takes the ledger's next record, whatever it is worth.
func (a *Assembler) Read(ctx context.Context) (*ledger.Entry, int64, error) {
	r, err := a.records.Next(ctx, a.topic, 0, a.next)
	if err != nil {
		return nil, 0, err
	}
	e, err := schemas.DecodeEntry(r.Value)
	if err != nil {
		return nil, 0, &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s offset %d is no ledger entry", a.topic, r.Offset),
			Fix: "find who writes to the topic; " + fixReset, Err: err}
	}
	a.next = r.Offset + 1
	return e, r.Offset, nil
}

// Resolve fetches what the entry points at. Schemas among it are known from then on.
func (a *Assembler) Resolve(ctx context.Context, e *ledger.Entry, offset int64) (*Entry, error) {
	return a.resolve(ctx, e, offset, e.Spans())
}

func (a *Assembler) resolve(ctx context.Context, e *ledger.Entry, offset int64, spans []ledger.Span) (*Entry, error) {
	out := &Entry{Entry: e, Offset: offset}
	at := position{a: a, entry: out}
	if err := at.fetch(ctx, spans); err != nil {
		return nil, err
	}
	if a.Admit != nil {
		out.Weight = at.weight()
		if err := a.Admit(ctx, out.Weight); err != nil {
			return nil, err
		}
	}
	return out, at.decode()
}

// Peek waits for the next valid entry and fetches nothing of what it points at.
func (a *Assembler) Peek(ctx context.Context) (*ledger.Entry, int64, error) {
	for {
		if e, offset, err := a.valid(ctx); err != nil || e != nil {
			return e, offset, err
		}
	}
}

// Only fetches of what an entry points at the spans that are wanted.
func (a *Assembler) Only(ctx context.Context, e *ledger.Entry, offset int64, want func(ledger.Span) bool) (*Entry, error) {
	var spans []ledger.Span
	for _, s := range e.Spans() {
		if want(s) {
			spans = append(spans, s)
		}
	}
	return a.resolve(ctx, e, offset, spans)
}

// weight is about what the entry takes when its rows are decoded: their text, a row, and a value for each
// column.
func (p *position) weight() int64 {
	n := 0
	for i := range p.runs {
		n += len(p.runs[i].values)
	}
	return int64(2*p.entry.Bytes + 512*n + 1)
}

// learn takes up a row schema; rows may bear its id from here on. An id that stands for another schema
// already (a registry that was reset gives it again) would have rows read as what they are not.
func (a *Assembler) learn(o *ledger.Object) error {
	if o.Kind != ledger.KindAvro && o.Kind != ledger.KindAvroKey || o.Body == ledger.Gone {
		return nil
	}
	if was, ok := a.bodies[o.ID]; ok && was != o.Body {
		return halt.New(halt.SchemaMismatch, fixReset, "schema id %d stands for another schema from %s.%s on", o.ID, o.Schema, o.Name)
	}
	a.bodies[o.ID] = o.Body
	if o.Kind == ledger.KindAvroKey {
		return nil
	}
	c, err := schemas.Parse(o.Body)
	if err != nil {
		return fmt.Errorf("schema %d of %s.%s: %w", o.ID, o.Schema, o.Name, err)
	}
	a.codecs[o.ID] = c
	return nil
}

// At reads the entry at one offset again with the definitions that it points at, by records of its own;
// the place of Next stays. Rows are left out: those of a Commit may have been trimmed.
func (a *Assembler) At(ctx context.Context, records Records, offset int64) (*Entry, error) {
	other := &Assembler{records: records, topic: a.topic, objects: a.objects, next: offset, codecs: a.codecs, bodies: a.bodies}
	e, at, err := other.Read(ctx)
	if err != nil {
		return nil, err
	}
	spans := slices.DeleteFunc(slices.Clone(e.Spans()), func(s ledger.Span) bool { return s.Topic != a.objects })
	if at != offset || len(spans) == 0 {
		return nil, halt.New(halt.LedgerRewritten, fixReset, "%s offset %d no longer holds the definitions that the target was made by", a.topic, offset)
	}
	return other.resolve(ctx, e, offset, spans)
}
