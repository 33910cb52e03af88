package applier

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/pkg/catalog"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// place is where the ledger goes on.
func (r *rig) place() int64 {
	r.t.Helper()
	ends, err := kadm.NewClient(r.client).ListEndOffsets(r.t.Context(), "j.floe.ledger")
	if err != nil {
		r.t.Fatal(err)
	}
	o, _ := ends.Lookup("j.floe.ledger", 0)
	return o.Offset
}

// replays asks for a replay, and waits until it was taken up.
func (r *rig) replays(id string, from int64) {
	r.t.Helper()
	k := control.Replay{ID: id, From: from, Tables: []ident.Name{{Schema: "public", Name: "t"}}}
	if _, err := control.Send(r.t.Context(), r.kafka, "j", ledger.VerbReplay, k.Args()...); err != nil {
		r.t.Fatal(err)
	}
	r.wait(fmt.Sprintf("select count(*)::text from floe.replayed where id = '%s'", id), "1")
}

// refusal is why a replay was not done, empty if it was.
func (r *rig) refusal(id, says string) {
	r.t.Helper()
	r.wait(fmt.Sprintf("select (refused like '%%%s%%')::text from floe.replayed where id = '%s'", says, id), "true")
}

// A replay puts right what was damaged of the rows that the range touches, in one target transaction; the others
// stay as they are, damaged or not.
func TestReplayPutsRightWhatItsRangeTouches(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1", "+2 b 2", "+3 c 3", "+4 d 4", "+9 z 9")
	from := r.place()
	r.txn(10, "=1 a1 1", "=2 b1 2", "-3", "+5 e 5", "=9 z1 9")
	r.txn(20, "=1 a2 1", "=2>6 b2 2", "=9 ~ 10", "+7 f 7")
	r.begin(ledger.LoadState{Load: 1, Complete: true, Loaded: true}) // a capture began anew
	r.txn(30, "-7", "=5 e1 5", "+3 again 3", "-3")
	r.apply()
	want := "1 a2 1, 4 d 4, 5 e1 5, 6 b2 2, 9 z1 10"
	r.wantRows(want)
	r.waitPlaced()
	r.replays("nothing-wrong", from)
	r.wait("select refused from floe.replayed where id = 'nothing-wrong'", "")
	r.wantRows(want)
	r.exec("update public.t set v = 'damaged'; delete from public.t where id in (5, 6); insert into public.t values (3, 'back', 3), (8, 'own', 8)")
	r.replays("mends", from)
	r.wait("select refused from floe.replayed where id = 'mends'", "")
	r.wantRows("1 a2 1, 4 damaged 4, 5 e1 5, 6 b2 2, 8 own 8, 9 z1 10")
	r.txn(40, "+10 on 10")
	r.wantRows("1 a2 1, 4 damaged 4, 5 e1 5, 6 b2 2, 8 own 8, 9 z1 10, 10 on 10")
}

// Values that change hands meet nothing on the way, for no row is ever what it was.
func TestReplayGoesNotThroughThePast(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, "create table t (id int primary key, v text, n int unique)")
	r.begin()
	r.load("+1 a 1", "+2 b 2")
	from := r.place()
	r.txn(10, "=1 a 3")
	r.txn(20, "=2 b 1")
	r.txn(30, "=1 a 2")
	r.apply()
	r.wantRows("1 a 2, 2 b 1")
	r.waitPlaced()
	r.exec("update public.t set v = 'damaged'")
	r.replays("swapped", from)
	r.wantRows("1 a 2, 2 b 1")
	r.txn(40, "!", "+5 e 5")
	r.txn(50, "+6 f 6")
	r.wantRows("5 e 5, 6 f 6")
	r.waitPlaced()
	r.exec("insert into public.t values (1, 'back', 1); update public.t set v = 'damaged' where id = 5")
	r.replays("emptied", from)
	r.wantRows("5 e 5, 6 f 6")
}

// What the log does not say for sure is refused with its reason and a place to begin, and nothing is changed.
func TestReplayRefusesWhatTheLogDoesNotSay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	before := r.place()
	r.load("+1 a 1", "+2 b 2")
	loaded := r.place()
	r.txn(10, "=1>3 ~ 1")
	moved := r.place()
	r.txn(20, "=2 b1 2")
	r.apply()
	r.wantRows("2 b1 2, 3 a 1")
	r.waitPlaced()
	r.exec("update public.t set n = 77")
	r.replays("load", before)
	r.refusal("load", fmt.Sprintf("a key changed there, and large values that did not change are not in the log; --from %d ", moved))
	r.replays("move", loaded)
	r.refusal("move", "a key changed there")
	r.replays("later", r.place())
	r.refusal("later", "nothing to replay")
	r.wantRows("2 b1 77, 3 a 77")
	r.replays("behind", moved)
	r.wantRows("2 b1 2, 3 a 77")
}

// A load in the range, or another definition of anything, is a place behind which a range may begin.
func TestReplayBeginsBehindLoadsAndDefinitions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1")
	loaded := r.place()
	r.txn(10, "=1 b 1")
	r.apply()
	r.wantRows("1 b 1")
	r.waitPlaced()
	r.replays("load", loaded-2)
	r.refusal("load", fmt.Sprintf("the table is loaded there; --from %d ", loaded))
	mood := catalog.Definition{Kind: "enum", OID: 4242, Name: ident.Name{Schema: "public", Name: "mood"}, Body: &catalog.EnumDef{Labels: []string{"sad"}, OIDs: []uint32{4243}}}
	body, err := catalog.Encode(mood)
	if err != nil {
		t.Fatal(err)
	}
	r.objects(ledger.Object{Kind: "enum", Schema: "public", Name: "mood", OID: 4242, Body: body})
	defined := r.place()
	r.txn(20, "=1 c 1")
	r.wantRows("1 c 1")
	r.waitPlaced()
	r.replays("definitions", loaded)
	r.refusal("definitions", fmt.Sprintf("definitions changed there (enum public.mood); --from %d ", defined))
	r.exec("update public.t set v = 'damaged'")
	r.replays("behind", defined)
	r.wantRows("1 c 1")
}

// Of rows that nothing tells apart nobody knows which one a change made.
func TestReplayRefusesTablesWithoutAKey(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, "create table t (id int, v text, n int)")
	r.begin()
	r.load("+1 a 1")
	from := r.place()
	r.txn(10, "+1 a 1")
	r.apply()
	r.wantRows("1 a 1, 1 a 1")
	r.waitPlaced()
	r.replays("bag", from)
	r.refusal("bag", "has no key")
	r.wantRows("1 a 1, 1 a 1")
}
