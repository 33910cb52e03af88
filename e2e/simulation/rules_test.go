package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rule is a sentence of the design, and how the code looks without it.
type rule struct {
	name string
	// broken is what every run breaks; the rule matters nowhere else.
	broken string
	edits  []edit
	// spare is what stands in for the rule when it is left out alone: no run must fail then.
	spare string
}

// edit puts one text in the place of another in a file of the module, where it stands once.
type edit struct{ file, is, becomes string }

func without(name string, edits ...edit) rule { return rule{name: name, edits: edits} }

// when says what must be broken for the rule to matter.
func (r rule) when(broken string) rule { r.broken = broken; return r }

// spared says what stands in for the rule.
func (r rule) spared(by string) rule { r.spare = by; return r }

const (
	sequence  = "capture/publish/sequence.go"
	span      = "capture/publish/span.go"
	grouper   = "capture/group/group.go"
	claim     = "capture/past/claim.go"
	pastFile  = "capture/past/past.go"
	pastRead  = "capture/past/read.go"
	readBack  = "capture/readback/reader.go"
	slotFile  = "capture/source/slot.go"
	trimming  = "capture/trim/entries.go"
	cursor    = "pkg/ledger/cursor.go"
	assembler = "applier/assemble/span.go"
	batcher   = "applier/batch/batcher.go"
	stand     = "applier/batch/stand.go"
	ends      = "applier/feed/end.go"
	model     = "e2e/simulation/target.go"
	starting  = "e2e/simulation/capture.go"
	chunks    = "e2e/simulation/chunk.go"
)

// rules are those of L1 to L6, A1, A2 and H1 to H2. Those of the target's SQL and of the session are left out of
// their model here; their own tests hold the SQL to it.
var rules = []rule{
	without("L1: an entry waits for its records", edit{sequence, `|| !acknowledged(q.queue[0].spans) {`, `{`}),
	without("L1: one entry at a time", edit{sequence, `if q.sent != nil || len(q.queue)`, `if len(q.queue)`}),
	without("L1: a refused entry ends the epoch", edit{sequence, `	if a.err != nil {
		return fmt.Errorf(`, `	if false {
		return fmt.Errorf(`}),
	without("L1: a refused record ends the epoch",
		edit{span, `	if err != nil {
		p.w.cancel(`, `	if err != nil {
		r.Offset, err = p.end, nil
		p.end--
	}
	if err != nil {
		p.w.cancel(`}, edit{span, `if offset < 0 || ordinal > 0 && offset != p.end {`, `if false {`}),
	without("L1: records stand one behind the other", edit{span, `if offset < 0 || ordinal > 0 && offset != p.end {`, `if false {`}),

	without("L2: positions count a transaction's changes", edit{grouper, `	g.Tx.seq++
	return g.Tx.seq - 1`, `	return g.Tx.seq`}),
	without("L2: what was asked of the catalog is read from the log", edit{starting, `if p.Defined != nil {`, `if p.Defined != nil && false {`},
		edit{starting, `s.before(c.order.Resume).version[t] //`, `s.now().version[t] //`}),
	without("L2: definitions within a transaction are read back", edit{pastFile, `		p.parts = append(p.parts, objects...)`, `		if e.Commit == nil {
			p.parts = append(p.parts, objects...)
		}`}),

	without("L3: void entries move no slot", edit{readBack, `	if r.Verdict != ledger.Valid {
		return 0, nil
	}
	if r.Entry.Epoch`, `	if r.Verdict == ledger.Void {
		return r.Entry.ResumeAt(), nil
	}
	if r.Verdict != ledger.Valid {
		return 0, nil
	}
	if r.Entry.Epoch`}),
	without("L3: the slot moves behind what was read back alone", edit{starting, `	case x < 80:
		return c.report()`, `	case x < 80:
		c.flush = max(c.flush, c.order.Placed)
		return c.report()`}),
	without("L3: a capture that reads a higher epoch ends", edit{readBack, `if r.Entry.Epoch != epoch {`, `if false {`}).
		spared("who lost the slot ends for that, and its entries are void"),

	without("L4: the slot is taken before the log is read", edit{claim, `	if err := steps.Take(ctx); err != nil {
		return nil, nil, err
	}
	r, p, err := j.Read(ctx, loads)
	if err != nil {
		return nil, nil, err
	}
`, `	r, p, err := j.Read(ctx, loads)
	if err != nil {
		return nil, nil, err
	}
	if err := steps.Take(ctx); err != nil {
		return nil, nil, err
	}
`}),
	without("L4: it reads on to its own Epoch", edit{claim, `return j.readTo(ctx, r, p, last+1, steps.Nonce)`, `return nil`}),
	without("L4: another one's Epoch ends a start", edit{claim, `		if epoch >= own {`, `		if false {`}),
	without("L4: an Epoch is known by its nonce", edit{claim, `		if now == nonce {`, `		if _, _ = nonce, now; epoch == own {`}).
		spared("both place the same of the same WAL: no schedule was found that tells them apart"),
	without("L4: an Epoch is above the last", edit{claim, `steps.Append(ctx, last+1)`, `steps.Append(ctx, max(last, 1))`},
		edit{claim, `return j.readTo(ctx, r, p, last+1, steps.Nonce)`, `return j.readTo(ctx, r, p, max(last, 1), steps.Nonce)`}),
	without("L4: an acknowledged Epoch that is gone ends a start", edit{claim, `		if r.At() >= end {`, `		if false {`}).when("the ledger loses its end").
		spared("whoever mends the log starts capture again"),
	without("L4: what had ended at the resume LSN is dropped", edit{grouper, `Skip: commit < g.Resume}`, `Skip: false}`}),
	without("L4: a Commit resumes where its last transaction ends", edit{"pkg/ledger/entry.go", `		return e.Commit.End
`, `		return e.Commit.Last
`}),
	without("L4: void entries say nothing of where to resume", edit{pastFile, `	if r.Verdict != ledger.Valid {
		return nil
	}`, `	if r.Verdict == ledger.Void && r.Entry.Begin == nil {
		p.Resume = max(p.Resume, r.Entry.ResumeAt())
	}
	if r.Verdict != ledger.Valid {
		return nil
	}`}),
	without("L4: marks say where to resume", edit{"pkg/ledger/entry.go", `		return e.Mark.End
`, `		return 0
`}),
	without("L4: a log without a position resumes where the slot stands", edit{grouper, `		resume = held
`, ``}),
	without("L4: no Mark within a transaction", edit{grouper, `if !g.Between() || g.open.transactions > 0 ||`, `if g.open.transactions > 0 ||`},
		edit{grouper, `if g.Between() && end > g.Placed {`, `if end > g.Placed {`}),
	without("L4: no Mark before the open group", edit{grouper, `if !g.Between() || g.open.transactions > 0 ||`, `if !g.Between() ||`}),
	without("L4: a reconnect that lost the slot is a start", edit{starting, `	if c.conn != nil && !c.conn.alive {
		return errStream
	}`, ``}).spared("the slot's next owner appends an Epoch above it"),

	without("L5: a slot ahead of the log halts", edit{slotFile, `case resume != 0 && slot.Confirmed > resume:`, `case false:`}).when("the slot is advanced"),
	without("L5: a slot made anew halts", edit{slotFile, `case resume != 0 && slot.Confirmed > resume:`, `case false:`}).when("the slot is made anew"),
	without("L5: a slot that is gone halts", edit{slotFile, `case slot == nil && resume != 0:`, `case false:`}).when("the slot is dropped").
		spared("a new slot stands ahead of the log"),
	without("L5: neither a slot that is gone nor one ahead halts", edit{slotFile, `case slot == nil && resume != 0:`, `case false:`},
		edit{slotFile, `case resume != 0 && slot.Confirmed > resume:`, `case false:`}).when("the slot is dropped"),
	without("L5: before it halts it looks whether somebody writes", edit{claim, `	if p.entries != was {`, `	if p.entries != was && false {`}).
		spared("who holds the slot and finds it ahead of the log is not its owner any more"),

	without("L6: a missing entry halts", edit{cursor, `	case e.N > c.next:
		return Void,`, `	case false:
		return Void,`}).when("an entry is gone"),
	without("L6: an epoch goes on where the last one ends", edit{batcher, `b.Now.Resume == 0 || e.Mark.End == b.Now.Resume`, `true`}).when("an entry is gone"),
	without("L6: an entry that came twice counts once", edit{cursor, `	case e.N < c.next:
		return Repeated, nil`, `	case e.N < c.next:
		return Valid, nil`}),
	without("L6: entries of lower epochs are void", edit{cursor, `	case e.Epoch < c.epoch:
		return Void, nil`, `	case e.Epoch < c.epoch:
		return Valid, nil`}),
	without("L6: an Epoch that is not above the last is void", edit{cursor, `		if e.Epoch <= c.epoch {`, `		if e.Epoch < c.epoch {`}),
	without("L6: records of lower epochs and ordinals are stepped over", edit{assembler, `		if h.Epoch < p.entry.Epoch || h.Epoch == p.entry.Epoch && h.Ordinal < want {`, `		if false {`}).
		spared("capture points at no records that others stand between"),
	without("L6: a record that is not due halts", edit{assembler, `		if h.Epoch != p.entry.Epoch || h.Ordinal != want {`, `		if false {`}).when("a partition loses its end"),
	without("L6: a checksum that does not fit halts", edit{assembler, `sum != h.CRC {`, `sum != h.CRC && false {`}).when("a record is damaged"),
	without("L6: a partition that ends too early halts", edit{ends, `	case drained:`, `	case drained && false:`}).when("a partition loses its end").
		spared("capture's next start finds the topic shorter than the ledger says"),
	without("L6: a topic made anew halts a start", edit{claim, `			case end < want:`, `			case false:`}).when("a topic is made anew").
		spared("the applier misses the records"),
	without("L6: nobody looks for records that are gone", edit{claim, `			case end < want:`, `			case false:`}, edit{ends, `	case drained:`, `	case drained && false:`},
		edit{ends, `	case b.End < from:`, `	case false:`}, edit{assembler, `		if h.Epoch != p.entry.Epoch || h.Ordinal != want {`, `		if false {`}).when("a topic is made anew"),
	without("L6: everything valid stands behind an Epoch", edit{pastFile, `	case defines(e) && p.Resume != 0 && p.Selected != nil:`, `	case e.N == ledger.BeginMark:`}),
	without("L6: floe.state is looked up in the ledger", edit{pastFile, `		if r.Entry.Begin == nil || r.Entry.Epoch != at.Epoch || r.Entry.Begin.Nonce != at.Nonce {`, `		if r.Entry.Begin == nil {`}).
		spared("only an Epoch that is complete will do, and any such does"),
	without("L6: an Epoch that floe.state names must be complete", edit{pastRead, `		case err == nil && p.known:`, `		case err == nil:`}),
	without("L6: it is trimmed up to an Epoch that is complete", edit{trimming, `		e.mark = entry.Mark != nil
`, `		e.mark = entry.Mark != nil
		base := e.begun
		e.base = &base
`}),
	without("L6: it is trimmed only up to where every applier is", edit{"e2e/simulation/trim.go", `	moved, err := t.entries.Pass(ctx, applied,`, `	moved, err := t.entries.Pass(ctx, c.w.ledger().end()-1,`}),

	without("A1: the fence", edit{model, `if db.instance != s.id || db.place.Offset != s.at.Offset { // the fence`, `if false {`}),
	without("A1: rows and checkpoint in one transaction", edit{model, `	w.judge(*db, tx)
	*db, s.tx = tx, nil`, `	if w.chance(0.02) {
		tx.place, tx.end = db.place, db.end
	}
	w.judge(*db, tx)
	*db, s.tx = tx, nil`}),
	without("A1: only what is flushed is reported for trimming", edit{model, `	if s.at = to; flush {`, `	if s.at = to; true {`}),
	without("A1: the entry at the checkpoint is read again", edit{stand, `	if offset != was.Offset || e.Epoch != was.Epoch || e.N != was.N {`, `	if false {`}).when("the ledger is rewritten"),
	without("A1: the ledger is the one that filled the target", edit{model, `	if db.has && db.topic != topic {`, `	if false {`}).when("the ledger is made anew"),
	without("A1: a new applier begins at a valid Epoch", edit{stand, `		if first > 0 {
			cursor = ledger.Within()
		}`, ``}).when("the target is made anew").spared("a ledger is trimmed up to an Epoch, and an entry of an epoch that did not begin halts"),
	without("A1: a checkpoint before the ledger's beginning halts", edit{stand, `	if was.Offset < first {`, `	if false {`}).when("the ledger's beginning is gone").
		spared("the entry at the checkpoint is read again"),
	without("A1: rows that are applied are not applied again", edit{batcher, `r.Pos.Commit > b.Skip && `, ``}),

	without("A2: a group is made true before a big transaction", edit{batcher, `	if e.Commit.Part == 1 && !b.big {
		if err := b.Flush(ctx); err != nil {
			return err
		}
`, `	if e.Commit.Part == 1 && !b.big {
`}),
	without("A2: a big transaction is one on the target", edit{batcher, `	if !e.Commit.Final {
		return nil
	}
	b.big, b.parts = false, 0
`, `	if !e.Commit.Final {
		if err := b.target.Commit(ctx, b.Now); err != nil {
			return err
		}
		return b.target.Begin(ctx)
	}
	b.big, b.parts = false, 0
`}),
	without("A2: an Epoch rolls an unfinished big transaction back", edit{batcher, `		if err := b.target.Rollback(ctx); err != nil {
			return err
		}
		b.Now = b.target.At()
`, `		if err := b.target.Commit(ctx, b.Now); err != nil {
			return err
		}
`}),
	without("A2: an Epoch takes back what an unfinished big transaction defined", edit{batcher, `		if err := b.target.Void(ctx); err != nil {
			return err
		}
`, ``}).spared("the Epoch's own Objects define everything anew"),
	without("A2: a group is made true before an entry that stands alone", edit{batcher, `do func(context.Context, *assemble.Entry) error) error {
	if err := b.Flush(ctx); err != nil {
		return err
	}
`, `do func(context.Context, *assemble.Entry) error) error {
`}),
	without("A2: parts come in their order", edit{batcher, `	if e.Commit.Part != b.parts+1 {`, `	if false {`}).when("an entry is gone").
		spared("a missing entry halts"),
	without("A2: companions are not applied", edit{batcher, `b.Skip && !r.Companion {`, `b.Skip {`}).spared("no key moves between partitions here"),

	without("H1: what earlier captures placed is seen first", edit{chunks, `return len(c.unknown) > 0 || c.order.Placed < c.since`, `return false`}),
	without("H: a chunk sees what was placed", edit{chunks, `		if !sees[xid] {`, `		if !sees[xid] && false {`}),
	without("H2: a table is settled behind its chunks", edit{"capture/load/state.go", `len(st.Waiting) == 0 && at >= st.Until`, `len(st.Waiting) == 0`}),
	without("H2: a table is loaded once its ranges are all read", edit{"capture/load/state.go", `	return st.Complete && len(st.Waiting)`, `	return len(st.Waiting)`}),
}

// root is the module's folder.
const root = "../.."

// apply returns the rule's files as they are without it.
func (r rule) apply() (map[string]string, error) {
	files := map[string]string{}
	for _, e := range r.edits {
		text, ok := files[e.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		if n := strings.Count(text, e.is); n != 1 {
			return nil, fmt.Errorf("%s: %s has %d times:\n%s", r.name, e.file, n, e.is)
		}
		files[e.file] = strings.Replace(text, e.is, e.becomes, 1)
	}
	return files, nil
}

// The list of rules is true to the code: each text that is left out stands where the list says, once.
func TestRulesAreWhereTheListSays(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		if _, err := r.apply(); err != nil {
			t.Error(err)
		}
		if r.broken != "" && !slices.ContainsFunc(breakages, func(b breakage) bool { return b.name == r.broken }) {
			t.Errorf("%s: nothing is broken that is called %q", r.name, r.broken)
		}
	}
}

// Without any one of the rules some schedule makes the target differ, or the job stand still with nothing
// broken; one with a spare fails none. FLOE_RULES is how many seeds are tried for each, FLOE_RULE a part of the
// names of those that are tried.
func TestEveryRuleIsNeeded(t *testing.T) {
	seeds := setting(t, "FLOE_RULES", 0)
	if seeds == 0 {
		t.Skip("takes an hour: make rules")
	}
	for _, r := range rules {
		if !strings.Contains(r.name, os.Getenv("FLOE_RULE")) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			out, failed := r.leftOut(t, seeds)
			switch {
			case failed && r.spare != "":
				t.Errorf("although %s:\n%s", r.spare, out)
			case !failed && r.spare == "":
				t.Errorf("%d seeds from 1 on do not need it", seeds)
			case failed:
				t.Log(out)
			default:
				t.Log("not needed:", r.spare)
			}
		})
	}
}

// leftOut runs the simulation without the rule.
func (r rule) leftOut(t *testing.T, seeds uint64) (out string, failed bool) {
	t.Helper()
	files, err := r.apply()
	if err != nil {
		t.Fatal(err)
	}
	dir, overlay := t.TempDir(), map[string]map[string]string{"Replace": {}}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		to := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][filepath.Join(top, name)] = to
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "simulation.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", file, "-o", bin, ".")
	if b, err := build.CombinedOutput(); err != nil {
		t.Fatalf("it does not build: %v\n%s", err, b)
	}
	run := exec.CommandContext(t.Context(), bin, "-test.run", "^TestNoScheduleMakesTheTargetDiffer$")
	run.Env = append(os.Environ(), "FLOE_SEED=1", fmt.Sprint("FLOE_SEEDS=", seeds), "FLOE_WRONG=1", brokenEnv+"="+r.broken)
	b, err := run.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(b[:min(len(b), 600)]), err != nil
}
