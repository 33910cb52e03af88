package route

import (
	"errors"
	"strconv"
	"testing"

	"github.com/jackc/pglogrepl"

	"floe/capture/decode"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/schemas"
)

func text(s string) event.Datum { return event.Datum{Kind: event.Value, Text: []byte(s)} }

func relation(t *testing.T) *Relation {
	t.Helper()
	shape := &event.Table{Name: ident.Name{Schema: "s", Name: "t"}, Key: []int{0, 1}, Columns: []event.Column{{Name: "a"}, {Name: "b"}, {Name: "doc"}}}
	r, err := Bind(&Table{Shape: shape}, &pglogrepl.RelationMessage{Columns: []*pglogrepl.RelationMessageColumn{{Name: "a"}, {Name: "b"}, {Name: "doc"}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A key column stored out of line comes in the old image only: the server sends the old key because of
// it, and leaves it out of the new image because it did not change.
func TestALargeKeyIsInTheNewImage(t *testing.T) {
	t.Parallel()
	var row event.Row
	left := event.Datum{Kind: event.Unchanged}
	m := &decode.Message{Kind: decode.Update, Old: []event.Datum{text("large"), text("1"), {}}, New: []event.Datum{left, text("1"), left}}
	if err := relation(t).Fill(&row, m); err != nil {
		t.Fatal(err)
	}
	if row.Before != nil || string(row.After[0].Text) != "large" || row.After[2].Kind != event.Unchanged {
		t.Errorf("before %v after %v", row.Before, row.After)
	}
	m.New[1] = text("2")
	if err := relation(t).Fill(&row, m); err != nil {
		t.Fatal(err)
	}
	if row.Before == nil || string(row.After[0].Text) != "large" || string(row.Before[0].Text) != "large" {
		t.Errorf("moved: before %v after %v", row.Before, row.After)
	}
}

// A restart gives the key's schema another id; the key's rows must stay on their partition.
func TestAKeyStaysOnItsPartition(t *testing.T) {
	t.Parallel()
	shape := &event.Table{Name: ident.Name{Schema: "s", Name: "t"}, Key: []int{0}, Columns: []event.Column{{Name: "a"}}}
	codec, err := schemas.Compile(shape)
	if err != nil {
		t.Fatal(err)
	}
	hit := map[int32]bool{}
	for i := range 100 {
		row := &event.Row{Table: shape, Op: event.Create, After: []event.Datum{text(strconv.Itoa(i))}}
		var at [2]int32
		for n, id := range []uint32{1<<16 | 2, 2<<16 | 2} {
			table := &Table{Shape: shape, Codec: codec, KeyID: id, Partitions: 7}
			if at[n], err = NewEncoder(nil).Partition(table, row); err != nil {
				t.Fatal(err)
			}
		}
		if at[0] != at[1] {
			t.Fatalf("key %d is on partition %d, and on %d after a restart", i, at[0], at[1])
		}
		hit[at[0]] = true
	}
	if len(hit) != 7 {
		t.Errorf("100 keys are on %d of 7 partitions", len(hit))
	}
}

// An old row that is not whole would be looked for with NULLs: a delete would find no row, an update leave two.
func TestOldRowsOfATableWithoutAKeyAreWhole(t *testing.T) {
	t.Parallel()
	table := &Table{Shape: &event.Table{Name: ident.Name{Schema: "s", Name: "t"}, Columns: []event.Column{{Name: "a"}, {Name: "b"}}}}
	m := pglogrepl.RelationMessage{ReplicaIdentity: 'i', Columns: []*pglogrepl.RelationMessageColumn{{Name: "a", Flags: 1}, {Name: "b"}}}
	if _, err := Bind(table, &m); !errors.Is(err, ErrShape) {
		t.Errorf("an index of the source tells the rows apart: %v", err)
	}
	m.Columns[0].Flags = 0
	r, err := Bind(table, &m)
	if err != nil {
		t.Fatal(err)
	}
	var row event.Row
	if err := r.Fill(&row, &decode.Message{Kind: decode.Insert, New: []event.Datum{text("1"), text("2")}}); err != nil {
		t.Errorf("an insert: %v", err)
	}
	old := &decode.Message{Kind: decode.Delete, Old: []event.Datum{text("1"), {}}}
	if h := halt.As(r.Fill(&row, old)); h == nil || h.Code != halt.StructureChanged {
		t.Errorf("a delete by some columns: %v", h)
	}
	if old.Full = true; r.Fill(&row, old) != nil {
		t.Error("a delete by all columns is refused")
	}
}
