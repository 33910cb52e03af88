package assemble

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// object is one record of floe.objects within a transaction, under the given ordinal. Body "" is one
// that is gone.
func (s *scene) object(epoch uint32, ordinal uint64, commit event.LSN, seq uint64, o ledger.Object) {
	v, err := schemas.EncodeObject(&o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.put("objects", schemas.AppendHeader(nil, ledger.Header{Epoch: epoch, Ordinal: ordinal, Commit: commit, Seq: seq, CRC: schemas.CRC(v), Length: uint32(len(v))}), v)
}

func table(name, body string) ledger.Object {
	return ledger.Object{Kind: "table", Name: name, OID: 9, Body: body}
}

// wider gives the table one more column; its rows bear another schema from here on.
func (s *scene) wider(name string) ledger.Object {
	shape := *s.codec[name].Table()
	shape.Columns = append(append([]event.Column{}, shape.Columns...), event.Column{Name: fmt.Sprint("w", len(shape.Columns)), Attnum: int16(len(shape.Columns) + 1)})
	c, err := schemas.Compile(&shape)
	if err != nil {
		s.t.Fatal(err)
	}
	s.codec[name], s.id[name] = c, s.id[name]+100
	return ledger.Object{Kind: ledger.KindAvro, Schema: "public", Name: name, OID: shape.OID, ID: s.id[name], Body: c.ValueSchema()}
}

// merged shows every Commit with its rows (number of columns:id) and changes in the source's order.
func (s *scene) merged() (string, error) {
	a := New(s.log, "ledger", "objects", ledger.NewCursor(), 0)
	var out []string
	for {
		e, err := a.Next(s.t.Context())
		if err != nil {
			return strings.Join(out, " | "), err
		}
		if e.Commit == nil {
			continue
		}
		out = append(out, s.order(e))
	}
}

func (s *scene) order(e *Entry) string {
	var words []string
	changes := e.Changes
	change := func() {
		c := &changes[0]
		var names []string
		for _, o := range c.Objects {
			if o.Body == ledger.Gone {
				o.Name = "-" + o.Name
			}
			if o.Kind == ledger.KindAvro && c.Shapes[o.ID] == nil {
				s.t.Errorf("the shape of schema %d is missing", o.ID)
			}
			names = append(names, o.Name)
		}
		words = append(words, fmt.Sprintf("%d.%d{%s}", c.Commit, c.Seq, strings.Join(names, " ")))
		changes = changes[1:]
	}
	for i := range e.Rows {
		r := &e.Rows[i]
		for len(changes) > 0 && (changes[0].Commit < r.Pos.Commit || changes[0].Commit == r.Pos.Commit && changes[0].Seq < r.Pos.Seq) {
			change()
		}
		words = append(words, fmt.Sprintf("%d:%s", len(r.After), r.After[0].Text))
	}
	for len(changes) > 0 {
		change()
	}
	return strings.Join(words, " ")
}

func (s *scene) wantMerged(want string, code halt.Code) {
	s.t.Helper()
	got, err := s.merged()
	if code == "" && errors.Is(err, errEnd) && got == want {
		return
	}
	if h := halt.As(err); got != want || h == nil || h.Code != code {
		s.t.Fatalf("read %q and ended with %v, want %q and %q", got, err, want, code)
	}
}

// spans point at n records of a and m of floe.objects, from these ordinals (which are offsets here) on.
func spans(a, n, objects, m uint64) []ledger.Span {
	return []ledger.Span{{Topic: "a", Offset: int64(a), Ordinal: a, Count: n}, {Topic: "objects", Offset: int64(objects), Ordinal: objects, Count: m}}
}

// begin has placed one record of floe.objects in each of these.
func TestChangesStandBetweenTheRowsOfTheirTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.row("a", 1, 0, 10, 0, "1")
	s.row("a", 1, 1, 20, 0, "2")
	s.object(1, 1, 20, 1, s.wider("a"))
	s.object(1, 2, 20, 1, table("a", "{}"))
	s.row("a", 1, 2, 20, 2, "3")
	s.object(1, 3, 20, 3, table("b", "{}"))
	s.object(1, 4, 20, 4, table("b", ""))
	s.row("a", 1, 3, 20, 5, "4")
	s.row("a", 1, 4, 30, 0, "5")
	s.object(1, 5, 40, 0, s.wider("a"))
	s.row("a", 1, 5, 40, 1, "6")
	s.commit(1, 2, spans(0, 6, 1, 5)...)
	s.wantMerged("2:1 2:2 20.1{a a} 3:3 20.3{b} 20.4{-b} 3:4 3:5 40.0{a} 4:6", "")
}

func TestChangesWithoutRows(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.object(1, 1, 10, 0, table("b", "{}"))
	s.object(1, 2, 20, 0, table("b", ""))
	s.commit(1, 2, ledger.Span{Topic: "objects", Offset: 1, Ordinal: 1, Count: 2})
	s.wantMerged("10.0{b} 20.0{-b}", "")
}

// A middle part of a big transaction may be the one with the change; later parts bear the new shape.
func TestChangeInTheMiddlePartOfABigTransaction(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	part := func(n int, spans ...ledger.Span) {
		s.entry(&ledger.Entry{Epoch: 1, N: uint64(n + 1), Commit: &ledger.Commit{Part: n, Final: n == 3, Spans: spans}})
	}
	s.row("a", 1, 0, 10, 0, "1")
	part(1, ledger.Span{Topic: "a", Count: 1})
	s.row("a", 1, 1, 10, 1, "2")
	s.object(1, 1, 10, 2, s.wider("a"))
	s.row("a", 1, 2, 10, 3, "3")
	part(2, spans(1, 2, 1, 1)...)
	s.row("a", 1, 3, 10, 4, "4")
	part(3, ledger.Span{Topic: "a", Offset: 3, Ordinal: 3, Count: 1})
	s.wantMerged("2:1 | 2:2 10.2{a} 3:3 | 3:4", "")
}

// What a replaced capture left on floe.objects is stepped over, even a schema.
func TestChangesOfAnOldEpochDoNotCount(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.object(1, 1, 10, 0, table("lost", "{}"))
	s.begin(2)
	s.object(1, 2, 10, 1, table("late", "{}")) // a zombie's
	s.object(2, 1, 10, 0, table("kept", "{}"))
	s.entry(&ledger.Entry{Epoch: 1, N: 2, Commit: &ledger.Commit{Transactions: 1, Spans: []ledger.Span{{Topic: "objects", Offset: 1, Ordinal: 1, Count: 1}}}})
	s.commit(2, 2, ledger.Span{Topic: "objects", Offset: 3, Ordinal: 1, Count: 1})
	s.wantMerged("10.0{kept}", "")
}

func TestChangesThatDoNotFitHalt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		write func(*scene)
		count uint64
		code  halt.Code
	}{
		"one is missing":           {func(s *scene) { s.object(1, 1, 10, 0, table("b", "{}")); s.object(1, 3, 10, 1, table("c", "{}")) }, 2, halt.LogGap},
		"of a higher epoch":        {func(s *scene) { s.object(2, 1, 10, 0, table("b", "{}")) }, 1, halt.LogGap},
		"of no transaction":        {func(s *scene) { s.object(1, 1, 0, 0, table("b", "{}")) }, 1, halt.ForeignRecord},
		"a schema of two meanings": {func(s *scene) { o := s.wider("a"); o.ID = 1; s.object(1, 1, 10, 0, o) }, 1, halt.SchemaMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "a")
			s.begin(1)
			c.write(s)
			s.commit(1, 2, ledger.Span{Topic: "objects", Offset: 1, Ordinal: 1, Count: c.count})
			s.wantMerged("", c.code)
		})
	}
}

// Rows of a Commit may have been trimmed when its definitions are read again.
func TestDefinitionsOfACommitAreReadAgainWithoutItsRows(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.object(1, 1, 10, 0, s.wider("a"))
	s.row("a", 1, 0, 10, 1, "1")
	s.commit(1, 2, spans(0, 1, 1, 1)...)
	s.log.topics["a"] = nil
	a := New(s.log, "ledger", "objects", ledger.NewCursor(), 0)
	again := func(offset int64) (*Entry, error) {
		return a.At(t.Context(), &memory{topics: s.log.topics, taken: map[string]int{}}, offset)
	}
	e, err := again(2)
	if err != nil || len(e.Changes) != 1 || len(e.Rows) != 0 || e.Changes[0].Shapes[101] == nil {
		t.Errorf("%+v (%v)", e, err)
	}
	if e, err = again(1); err != nil || len(e.Defs.Objects) != 1 || e.Defs.Shapes[1].Name != (ident.Name{Schema: "public", Name: "a"}) {
		t.Errorf("%+v (%v)", e, err)
	}
	if _, err := again(0); halt.As(err) == nil {
		t.Errorf("an Epoch passes for definitions: %v", err)
	}
}
