package simulation

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/readback"
	names "floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// world is one run.
type world struct {
	rng    *rand.Rand
	source *source
	broker *broker
	target *server

	captures []*capture
	appliers []*applier
	ghosts   []*producer
	ids      int
	steps    int

	refusals, doubles, disorder, lostAnswers float64
	stalls                                   int // how slowly a commit becomes visible, as behind a synchronous standby
	chunk                                    int // keys of a chunk, at most

	broken string // what was broken for good, and when it was
	halted error  // behind that
	wrong  error  // the first violation
	trace  uint64
	counts map[string]int
	tell   func(step int, what string, n []int64) // of what happens; may be nil
}

// Sizes of a run: steps in which things go wrong, and as many as then may pass until all has arrived.
const (
	roughSteps = 2500
	calmSteps  = 60_000
)

// newWorld makes the world of a seed. What goes wrong how often is a matter of chance, too: a world in which
// everything does would hardly come to anything.
func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), counts: map[string]int{}}
	w.source = &source{w: w, at: 1000}
	w.broker = &broker{w: w}
	w.target = newServer(w)
	for _, name := range []string{names.Ledger(prefix), names.Objects(prefix), names.Status(prefix), names.State(prefix)} {
		w.broker.create(name, 1)
	}
	for t := range shapes {
		w.broker.create(ident.Topic(prefix, shapes[t][0].table.Name), partitions)
	}
	for range w.rng.IntN(3) * w.rng.IntN(12) {
		w.source.commit()
	}
	pick := func(values ...float64) float64 { return values[w.rng.IntN(len(values))] }
	w.refusals, w.doubles, w.disorder, w.lostAnswers = pick(0, 0, 0.01, 0.03), pick(0, 0, 0.01, 0.03), pick(0, 0, 0, 0.02), pick(0, 0.01, 0.05)
	w.stalls, w.chunk = []int{3, 3, 40}[w.rng.IntN(3)], []int{1, 3, keys}[w.rng.IntN(3)]
	for range []int{1, 1, 2, 3}[w.rng.IntN(4)] {
		w.captures = append(w.captures, w.newCapture())
	}
	w.appliers = append(w.appliers, w.newApplier())
	return w
}

func (w *world) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// note adds what happened to the trace.
func (w *world) note(what string, n ...int64) {
	h := fnv.New64a()
	fmt.Fprint(h, w.trace, what, n)
	w.trace = h.Sum64()
	w.counts[what]++
	if w.tell != nil {
		w.tell(w.steps, what, n)
	}
}

func (w *world) violated(format string, args ...any) {
	if w.wrong == nil {
		w.wrong = fmt.Errorf("step %d: %w", w.steps, fmt.Errorf(format, args...))
	}
}

// run plays the world to its end and returns what was wrong.
func run(seed uint64, tell func(step int, what string, n []int64)) (w *world, err error) {
	w = newWorld(seed)
	w.tell = tell
	defer w.end()
	fault := -1
	if w.rng.IntN(4) == 0 || os.Getenv(brokenEnv) != "" {
		fault = 300 + w.rng.IntN(roughSteps-600)
	}
	for w.steps = 0; w.steps < roughSteps && w.wrong == nil; w.steps++ {
		if w.steps == fault {
			w.breaks()
		}
		w.step(true)
	}
	w.calm()
	for ; w.steps < roughSteps+calmSteps && w.wrong == nil && !w.finished(); w.steps++ {
		w.step(false)
	}
	if w.wrong == nil && !w.finished() {
		w.violated("nothing goes wrong any more and not all arrives: %s", w.state())
	}
	return w, w.wrong
}

// end kills what still runs.
func (w *world) end() {
	for _, c := range w.captures {
		c.die()
	}
	for _, a := range w.appliers {
		a.die()
	}
}

// calm ends all pauses, and everything that goes wrong.
func (w *world) calm() {
	w.refusals, w.doubles, w.disorder, w.lostAnswers, w.stalls = 0, 0, 0, 0, 3
	for _, c := range w.captures {
		c.paused = 0
	}
	for _, a := range w.appliers {
		a.paused = 0
	}
	if w.broken != "" {
		w.startAgain()
	}
	for len(w.appliers) > 1 { // they would take the checkpoint from each other for ever
		w.appliers[0].die()
		w.appliers = w.appliers[1:]
	}
}

// startAgain ends captures that have not begun, as whoever mends a broken log does: one that has asked where
// the ledger ends waits for what it has lost meanwhile.
func (w *world) startAgain() {
	for i, c := range w.captures {
		if c.ledger == nil {
			c.die()
			w.captures[i] = w.newCapture()
		}
	}
}

// finished: all has arrived, or somebody says why not.
func (w *world) finished() bool {
	if w.halted != nil {
		return true
	}
	db := &w.target.db
	if db.loaded != [chosen]bool{true, true} {
		return false
	}
	now := w.source.now()
	return [chosen][keys]int(now.rows[:chosen]) == db.rows && [chosen]int(now.version[:chosen]) == db.version
}

func (w *world) state() string {
	out := fmt.Sprintf("target %+v, source %+v, WAL ends at %d, slot %+v", w.target.db, w.source.now(), w.source.at, w.source.slot)
	for _, c := range w.captures {
		out += fmt.Sprintf("; capture %d epoch %d", c.id, c.epoch)
	}
	return out
}

// step gives somebody his turn.
func (w *world) step(rough bool) {
	x := w.rng.IntN(1000)
	switch {
	case x < 30 && rough:
		if len(w.source.txs) < 60 {
			w.source.commit()
		}
	case x < 60 && rough:
		w.source.at += event.LSN(1 + w.rng.IntN(30))
	case x < 100:
		for _, t := range w.source.txs {
			if !t.visible && w.rng.IntN(w.stalls) == 0 {
				t.visible = true
			}
		}
	case x < 350:
		w.land()
	case x < 700:
		w.stepCapture(rough)
	case x < 980:
		w.stepApplier(rough)
	case rough:
		w.goWrong()
	}
}

func (w *world) land() {
	n := w.rng.IntN(len(w.captures) + len(w.ghosts))
	if n < len(w.captures) {
		if c := w.captures[n]; c.paused == 0 || !c.still {
			for range 1 + w.rng.IntN(4) {
				c.client.land()
			}
		}
		return
	}
	ghost := w.ghosts[n-len(w.captures)]
	ghost.land()
	if len(ghost.waiting()) == 0 {
		w.ghosts = slices.DeleteFunc(w.ghosts, func(p *producer) bool { return p == ghost })
	}
}

func (w *world) stepCapture(rough bool) {
	i := w.rng.IntN(len(w.captures))
	c := w.captures[i]
	if c.paused > 0 && rough {
		c.paused--
		return
	}
	if !c.task.step() {
		return
	}
	w.ends("capture", c.task.err, c.conn != nil && c.conn.alive)
	c.die()
	w.captures[i] = w.newCapture()
}

func (w *world) stepApplier(rough bool) {
	i := w.rng.IntN(len(w.appliers))
	a := w.appliers[i]
	if a.paused > 0 && rough {
		a.paused--
		return
	}
	if !a.step() {
		return
	}
	w.ends("applier", a.loop.err, w.target.db.instance == a.id)
	a.die()
	w.appliers[i] = w.newApplier()
}

// ends judges why a process ended. Nobody who owns the job may halt while nothing is broken.
func (w *world) ends(who string, err error, owner bool) {
	w.note(who)
	h := halt.As(err)
	switch {
	case !owner && w.broken == "" && (who == "applier" || h != nil && h.Code == halt.LogGap):
		// It was replaced and does not know it: the log was trimmed, the target moved on. It changes nothing.
	case h == nil && !expected(err):
		w.violated("a %s ended: %w", who, err)
	case h == nil:
	case w.broken == "":
		w.violated("a %s halts and nothing is broken: %w", who, err)
	default:
		w.halted = err
	}
}

// goWrong lets one thing happen that may happen any time.
func (w *world) goWrong() {
	switch w.rng.IntN(10) {
	case 0:
		i := w.rng.IntN(len(w.captures))
		w.note("kill capture")
		w.captures[i].die()
		w.captures[i] = w.newCapture()
	case 1:
		w.captures[w.rng.IntN(len(w.captures))].pause(5 + w.rng.IntN(80))
	case 2:
		w.source.drop()
	case 3: // a capture that stands still while its slot goes to another one
		c := w.captures[w.rng.IntN(len(w.captures))]
		c.pause(w.rng.IntN(200))
		if c.conn != nil && c.conn.alive {
			w.source.drop()
		}
	case 4:
		i := w.rng.IntN(len(w.appliers))
		w.note("kill applier")
		w.appliers[i].die()
		w.appliers[i] = w.newApplier()
	case 5:
		w.appliers[w.rng.IntN(len(w.appliers))].paused = 5 + w.rng.IntN(80)
	case 6:
		if len(w.appliers) < 3 && w.rng.IntN(3) == 0 {
			w.appliers = append(w.appliers, w.newApplier())
		}
	case 7:
		if w.rng.IntN(3) == 0 {
			w.target.crash()
		}
	case 8:
		w.misplaces()
	case 9:
		if len(w.captures) < 3 && w.rng.IntN(3) == 0 {
			w.captures = append(w.captures, w.newCapture())
		}
	}
}

// misplaces has floe.state name a place where no such Epoch is, or one that is void or not complete.
func (w *world) misplaces() {
	p := w.broker.part(names.Ledger(prefix), 0)
	if p.end() == 0 {
		return
	}
	place := &ledger.Place{Epoch: uint32(w.rng.IntN(60)), Nonce: "of another", Offset: w.rng.Int64N(p.end())}
	right := w.rng.IntN(2) == 0
	for i := range p.records { // rather an Epoch than not: one of them may be void
		if e, err := schemas.DecodeEntry(p.records[i].Value); err == nil && e.Begin != nil && w.rng.IntN(4) == 0 {
			if place.Epoch, place.Offset = e.Epoch, p.records[i].Offset; right {
				place.Nonce = e.Begin.Nonce
			}
		}
	}
	w.broker.append(&kgo.Record{Topic: names.State(prefix), Value: schemas.EncodePlace(place)})
}

// expected are the ends of a process that no halt explains and that may happen.
func expected(err error) bool {
	for _, e := range []error{errKilled, errRefused, errStream, errVanished, errNewEpoch, errConnection, readback.ErrTakenOver, errTakenOver} {
		if errors.Is(err, e) {
			return true
		}
	}
	return gap(err)
}
