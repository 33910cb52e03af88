package applier

import (
	"fmt"
	"testing"

	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// refusing is a table, settled and empty, that takes no n of 100 and above.
func refusing(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.begin()
	r.load()
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("alter table public.t add check (n < 100)")
	return r
}

// skip sends the command that leaves out what the target refuses at a place.
func (r *rig) skip(epoch uint32, place string) {
	r.t.Helper()
	k := control.Skip{Applier: "main", Reason: "known bad"}
	var err error
	if k.At, k.Whole, err = event.ParsePosition(place); err != nil {
		r.t.Fatal(err)
	}
	k.At.Epoch = epoch
	if _, err := control.Send(r.t.Context(), r.kafka, "j", ledger.VerbSkip, k.Args()...); err != nil {
		r.t.Fatal(err)
	}
}

const skippedQuery = `select coalesce(string_agg(concat_ws(' ', place, table_name, changes, array_length(samples, 1), sqlstate, reason, mended is null), ', ' order by place), '') from floe.skipped`

// The transaction that the operator names is left out, and no other; what was left out is written down
// once, however often the applier starts again.
func TestSkipLeavesOutOneTransaction(t *testing.T) {
	t.Parallel()
	r := refusing(t)
	r.txn(10, "+1 a 1")
	r.txn(20, "+2 b 2", "+3 bad 100")
	r.txn(30, "+4 c 4")
	r.txn(40, "+5 bad 500")
	r.txn(50, "+6 d 6")
	stop := r.apply()
	r.wantHalt("constraint-violation")
	r.skip(r.epoch, "0/14")
	r.wantRows("1 a 1, 4 c 4")
	r.wait(skippedQuery, "0/14 public.t 2 2 23514 known bad t")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.apply()
	r.skip(r.epoch+1, "0/28") // of another epoch: another place
	r.skip(r.epoch, "0/28#0")
	r.wantRows("1 a 1, 4 c 4, 6 d 6")
	r.waitPlaced()
	r.wait(skippedQuery, "0/14 public.t 2 2 23514 known bad t, 0/28#0 public.t 1 1 23514 known bad t")
	// A load that begins behind it reads what was left out.
	r.exec("alter table public.t drop constraint t_n_check")
	r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: 2, Table: r.shape.OID, Mode: ledger.Replace, Rows: 1, Spans: r.rows(0, 0, event.Read, []string{"+3 good 100"})}})
	r.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: 2, Table: r.shape.OID}})
	r.waitPlaced()
	r.wait(skippedQuery, "0/14 public.t 2 2 23514 known bad f, 0/28#0 public.t 1 1 23514 known bad f")
}

// One change alone can be left out of a transaction, and each further one that is refused blocks again.
func TestSkipLeavesOutOneChange(t *testing.T) {
	t.Parallel()
	r := refusing(t)
	r.txn(20, "+2 b 2", "+3 bad 100", "+4 c 4", "+5 bad 200")
	r.skip(r.epoch, "0/14#1")
	r.apply()
	r.wantHalt("constraint-violation")
	r.wantRows("")
	r.wait(skippedQuery, "")
	r.skip(r.epoch, "0/14#3")
	r.wantRows("2 b 2, 4 c 4")
	r.wait(skippedQuery, "0/14#1 public.t 1 1 23514 known bad t, 0/14#3 public.t 1 1 23514 known bad t")
}

// What the target takes by the time the command comes is not left out.
func TestSkipLeavesOutNothingThatTheTargetTakes(t *testing.T) {
	t.Parallel()
	r := refusing(t)
	r.exec("alter table public.t drop constraint t_n_check")
	r.skip(r.epoch, "0/14")
	r.txn(20, "+2 b 2", "+3 bad 100")
	r.apply()
	r.wantRows("2 b 2, 3 bad 100")
	r.wait(skippedQuery, "")
}

// A big transaction can be left out as a whole, whichever part is refused; or a change of it.
func TestSkipOfABigTransaction(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]struct{ rows, skipped string }{
		"0/32":   {"9 z 9", "0/32 public.t 5 3 23514 known bad t"},
		"0/32#2": {"1 a 1, 2 b 2, 4 c 4, 5 d 5, 9 z 9", "0/32#2 public.t 1 1 23514 known bad t"},
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := refusing(t)
			r.part(50, 1, false, 0, "+1 a 1", "+2 b 2")
			r.part(50, 2, false, 2, "+3 bad 100", "+4 c 4")
			r.part(50, 3, true, 4, "+5 d 5")
			r.txn(60, "+9 z 9")
			r.apply()
			r.wantHalt("constraint-violation")
			r.wantRows("")
			r.skip(r.epoch, place)
			r.wantRows(want.rows)
			r.wait(skippedQuery, want.skipped)
		})
	}
}

// The report keeps saying what blocks while it is tried again, and says what came of a command only when
// that is known.
func TestBlockedIsSaidUntilItIsOver(t *testing.T) {
	t.Parallel()
	r := refusing(t)
	r.txn(20, "+3 bad 100")
	r.apply()
	r.wantHalt("constraint-violation")
	at, err := control.Send(t.Context(), r.kafka, "j", ledger.VerbRetry)
	if err != nil {
		t.Fatal(err)
	}
	blocked := false
	for s := range r.reports() {
		if b := s.Blocked; b != nil {
			blocked = true
			if got := fmt.Sprintln(b.Epoch, b.Commit, b.Seq, b.Table, b.Op, b.Key, b.SQLState); got != fmt.Sprintln(r.epoch, "0/14", 0, "public.t", "an insert", "id=3", "23514") {
				t.Fatalf("it says %s", got)
			}
		} else if blocked {
			t.Fatalf("it says %s, %s while the row is refused", s.State, s.Reason)
		}
		if s.Obeyed > at {
			break
		}
	}
	r.exec("alter table public.t drop constraint t_n_check")
	r.wantRows("3 bad 100")
	for s := range r.reports() {
		if s.State == "SYNCING" && s.Blocked == nil && s.Obeyed > at {
			break
		}
	}
}
