package applier

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/status"
	"floe/pkg/trouble"
	"floe/schemas"
)

// reporter writes the applier's status to the log, by a client of its own: what goes wrong with the
// session's is to be reported too.
type reporter struct {
	standby bool
	config  Config
	client  *kgo.Client
	metrics *metrics
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu     sync.Mutex
	last   status.Report
	pace   status.Pace
	tables map[uint32]*status.Table
	facts  *status.Structure
	told   time.Time     // when a report bore facts, zero when they are new
	busy   time.Time     // since when a transaction is at work, zero for none
	stuck  time.Time     // since when nothing can be applied, zero while it can
	took   time.Duration // of the last transaction on the target
	// stood is where the target stood when a halt kept it from going on, nil while none does; heard are
	// commands of which nothing is said before what comes of them is known, -1 for none.
	stood *target.Checkpoint
	heard int64
	said  string // of the last replay
	goes  bool   // something was committed since it was last stopped, or started
}

func newReporter(c Config) (*reporter, error) {
	client, err := kgo.NewClient(c.Kafka...)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	ctx, cancel := context.WithCancel(context.Background())
	r := &reporter{config: c, client: client, cancel: cancel, standby: c.Standby, tables: map[uint32]*status.Table{}, heard: -1}
	r.last = status.Report{Role: "applier", Host: host, PID: int64(os.Getpid()), Instance: host + ":" + strconv.Itoa(os.Getpid()),
		Job: c.Job, Place: c.Place, State: "INIT_STRUCTURE", LatencyUs: -1, LedgerOffset: -1}
	r.metrics = newMetrics(c.Metrics, c.Job, r.state, r.working) // last: whoever gathers asks r
	r.done.Go(func() { r.loop(ctx) })
	return r, nil
}

func (r *reporter) close() {
	r.cancel()
	r.done.Wait()
	r.client.Close()
}

func (r *reporter) loop(ctx context.Context) {
	tick := time.NewTicker(status.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.send()
		case <-ctx.Done():
			return
		}
	}
}

// send writes the state as it is, if that is due (status.Pace). One that cannot be sent is out of date
// by the next.
func (r *reporter) send() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, out := time.Now(), r.last
	r.stalled(&out, now)
	if t := trouble.AtDoor(trouble.Target, r.config.Door.Shut(), out.State); t != nil { // who reaches the log still is told
		out.State, out.Reason, out.Detail, out.Fix = t.State, t.Reason, t.Detail, t.Fix
	}
	r.config.Health.Take(&out, r.standby)
	if r.standby {
		return
	}
	out.At, out.Tables, out.Checks = 0, nil, nil
	head, err := schemas.EncodeStatus(&out)
	if err != nil {
		r.config.Log.Error("status is not written", "err", err)
		return
	}
	all := make([]status.Table, 0, len(r.tables))
	for _, oid := range slices.Sorted(maps.Keys(r.tables)) {
		all = append(all, *r.tables[oid])
	}
	var due bool
	if out.Tables, due = r.pace.Due(now, head, all); !due {
		return
	}
	out.At = now.UnixMicro()
	if now.Sub(r.told) >= status.FactsEvery {
		out.Structure, out.Checks, r.told = r.facts, r.last.Checks, now
	}
	value, err := schemas.EncodeStatus(&out)
	if err != nil {
		r.config.Log.Error("status is not written", "err", err)
		return
	}
	r.client.TryProduce(context.Background(), &kgo.Record{Topic: broker.Status(r.config.Prefix), Key: []byte("applier/" + r.config.Name), Value: value}, nil)
}

// silent keeps what a standby says of itself to its log: under the applier's one key it would stand in for
// the active one, and the log would be trimmed by it.
func (r *reporter) silent(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.standby = yes
}

func (r *reporter) waiting(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.State, r.last.Reason, r.last.Detail, r.last.Fix = "WAITING", "", why, ""
}

// rests reports that the job is to rest; one that was started may lack something of capture's.
func (r *reporter) rests(w control.Wanted, lacks string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := &r.last
	l.State, l.Reason, l.Detail, l.Fix, l.Obeyed, l.LatencyUs, r.busy, r.stuck = string(w.Run), "", w.Who(), w.Ends(), w.Next, -1, time.Time{}, time.Time{}
	l.Blocked, l.Checks, r.stood, r.heard, r.goes = nil, nil, nil, -1, false
	if w.Run == control.Ready {
		l.Detail, l.Checks = w.Lacking(r.config.Checked, lacks), r.config.Checks
	}
}

// ends reports that the job is deleted, and waits until the log has it; nothing is reported behind that.
func (r *reporter) ends(ctx context.Context, w control.Wanted, removed []string) error {
	r.silent(true)
	r.mu.Lock()
	out := r.last
	r.mu.Unlock()
	out.State, out.Reason, out.Detail, out.Fix, out.Obeyed = string(control.Finished), "", status.Removed(removed), "", w.Next
	out.At, out.LatencyUs, out.Blocked, out.Asked, out.Checks = time.Now().UnixMicro(), -1, nil, nil, nil
	value, err := schemas.EncodeStatus(&out)
	if err != nil {
		return err
	}
	return r.client.ProduceSync(ctx, &kgo.Record{Topic: broker.Status(r.config.Prefix), Key: []byte("applier/" + r.config.Name), Value: value}).FirstErr()
}

// starts reports that a rest is over.
func (r *reporter) starts() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.State, r.last.Reason, r.last.Detail, r.last.Fix, r.last.Checks = "STARTING", "", "", "", nil
}

// obeyed notes up to where commands were taken up. At a start, and in a halt, nothing is said of them before
// what comes next was tried: who sent them wants to know what came of it.
func (r *reporter) obeyed(next int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = next
	if r.goes {
		r.outcome()
	}
}

// says is what became of a replay, until the next one.
func (r *reporter) says(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said, r.last.Detail = text, text
}

// outcome says that what was heard was taken up.
func (r *reporter) outcome() {
	if r.heard >= 0 {
		r.last.Obeyed, r.heard = r.heard, -1
	}
}

// trouble reports what keeps the applier from applying.
func (r *reporter) trouble(err error) {
	t := trouble.Of(trouble.Target, err)
	r.mu.Lock()
	l := &r.last
	l.State, l.Reason, l.Detail, l.Fix, l.Blocked = t.State, t.Reason, t.Detail, t.Fix, nil
	r.stood, r.goes = nil, false
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		l.Blocked, r.stood = refused.blocked, &refused.at
	}
	r.outcome()
	if r.stuck.IsZero() {
		r.stuck = time.Now()
	}
	r.mu.Unlock()
	r.send()
}

// applied takes the session's position after a commit.
func (r *reporter) applied(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.position(s) {
		r.goes = true
		r.outcome()
	}
}

// position takes where the session stands, and reports whether that is past what stopped it.
func (r *reporter) position(s *session) bool {
	l := &r.last
	l.Epoch, l.AppliedLSN, l.SourceClock = s.order.Now.Epoch, s.order.End, max(0, s.order.Now.SourceTime)
	if s.flushed >= 0 {
		l.LedgerOffset = s.flushed
	}
	if !r.busy.IsZero() {
		r.took = time.Since(r.busy)
		r.metrics.seconds.Observe(r.took.Seconds())
	}
	r.busy, l.Asked = time.Time{}, s.asking()
	state := "SYNCING"
	if s.script == nil { // no definition was applied yet
		state = "INIT_STRUCTURE"
	}
	maps.DeleteFunc(r.tables, func(oid uint32, _ *status.Table) bool { return s.shapes[oid] == nil })
	for oid, shape := range s.shapes {
		t := r.tables[oid]
		if t == nil {
			t = &status.Table{}
			r.tables[oid] = t
		}
		t.Schema, t.Name, t.Loaded = shape.Name.Schema, shape.Name.Name, s.loads[oid].Rows
		t.State, t.Error = "in sync", s.leftOutText(oid)
		if !s.loads[oid].Loaded {
			t.State, state = "loading", "INIT_DATA"
		} else if !s.settled(oid) {
			t.State = "settling"
		}
	}
	if at := s.db.At(); r.stood != nil && at.Offset == r.stood.Offset && at.Commit == r.stood.Commit {
		return false
	}
	l.State, l.Reason, l.Detail, l.Fix, l.Blocked, r.stood, r.stuck = state, "", r.said, "", nil, nil, time.Time{}
	r.latency(s)
	return true
}

// resumed takes the position of a session that goes on from a checkpoint. How far that is behind is not
// known before the first entry.
func (r *reporter) resumed(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.position(s) {
		return
	}
	r.last.LatencyUs = -1
	if r.last.State == "SYNCING" {
		r.last.State = "CATCHING_UP"
	}
}

// begins notes that a target transaction with changes is at work.
func (r *reporter) begins() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy = time.Now()
}

// altered counts a change of structure that is true on the target now, or that the target refused.
func (r *reporter) altered(kinds []string, err error) {
	result := "applied"
	if err != nil {
		result = "failed"
	}
	for _, k := range kinds {
		r.metrics.ddl.WithLabelValues(k, result).Inc()
	}
}

// behindAfter is the latency from which on an applier is said to catch up.
const behindAfter = 10 * time.Second

// stalled lets the reported latency grow while a transaction is at work, or nothing can be applied.
func (r *reporter) stalled(out *status.Report, now time.Time) {
	since := r.since()
	if out.Hops.TargetUs = r.took.Microseconds(); !since.IsZero() {
		out.Hops.TargetUs = max(0, now.Sub(since).Microseconds())
	}
	if at := now.Sub(since); !since.IsZero() && at > time.Second && out.LatencyUs >= 0 {
		out.LatencyUs += at.Microseconds()
	}
	if out.State == "SYNCING" && out.LatencyUs > behindAfter.Microseconds() {
		out.State = "CATCHING_UP"
	}
}

// working is how long the target takes: for the last transaction, or so far for the one that is at work or
// cannot be.
func (r *reporter) working() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := r.since()
	if since.IsZero() {
		return r.took
	}
	return time.Since(since)
}

// since is when what is at work now began, or nothing could be applied any more; zero if neither.
func (r *reporter) since() time.Time {
	if r.busy.IsZero() || !r.stuck.IsZero() && r.stuck.Before(r.busy) {
		return r.stuck
	}
	return r.busy
}

// latency is 0 when nothing waits, else how old the last applied change is by the source's clock as far
// as ours agrees with it, and never 0. Who reads capture's reports too has it on the source's clock alone.
func (r *reporter) latency(s *session) {
	switch {
	case s.changes.Load() <= 0: // a mark that waits says that the source is idle
		r.last.LatencyUs = 0
	case s.order.Now.SourceTime > 0:
		r.last.LatencyUs = max(1, time.Now().UnixMicro()-s.order.Now.SourceTime)
	}
}

// state is what the metrics say of the applier as it is now.
func (r *reporter) state() (state string, blocked int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tables {
		if r.last.State == "BLOCKED" || r.last.State == "FAILED" || t.State == "blocked" {
			blocked++
		}
	}
	return r.last.State, blocked
}

// rows counts applied changes.
func (r *reporter) rows(rows []*event.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Rows += uint64(len(rows))
	before := r.last.Transactions
	var commit event.LSN
	for _, row := range rows {
		if row.Pos.Commit != commit {
			commit = row.Pos.Commit
			r.last.Transactions++
		}
		r.metrics.rows[row.Op]++
		t := r.tables[row.Table.OID]
		if t == nil {
			continue
		}
		switch row.Op {
		case event.Create:
			t.Inserts++
		case event.Update:
			t.Updates++
		case event.Delete:
			t.Deletes++
		case event.Truncate:
			t.Truncates++
		}
	}
	r.metrics.count(len(rows), r.last.Transactions-before)
}

func (r *reporter) loaded(rows int) { r.metrics.load.Add(float64(rows)) }

func (r *reporter) leftOut(changes int64) { r.metrics.skipped.Add(float64(changes)) }

func (r *reporter) exact() { r.metrics.exact.Inc() }

// drift counts rows that should have been on the target and were not (A4).
func (r *reporter) drift(shape *event.Table, rows int64) {
	r.metrics.drift.Add(float64(rows))
	name := "?"
	if shape != nil {
		name = shape.Name.String()
	}
	r.config.Log.Warn("rows were missing on the target", "table", name, "rows", rows)
}

// skipped says that a row of the source stays away, for one that only the target has is in its way (H4).
func (r *reporter) skipped(shape *event.Table, constraint string) {
	r.metrics.skipped.Inc()
	r.config.Log.Warn("a row of the source is left out: the target's own is in its way", "table", shape.Name.String(), "constraint", constraint)
}

// structure keeps what could not be made on the target.
func (r *reporter) structure(report structure.Report) {
	for _, f := range report.Facts {
		r.config.Log.Warn("structure differs", "object", f.Object, "state", string(f.State), "code", f.Code, "reason", f.Reason)
	}
}

// known takes all that the target's structure differs in.
func (r *reporter) known(facts []structure.Fact) {
	slices.SortStableFunc(facts, func(a, b structure.Fact) int { return cmp.Compare(weight(a.State), weight(b.State)) })
	s := &status.Structure{Total: len(facts)}
	for _, f := range facts[:min(len(facts), status.MostFacts)] {
		s.Facts = append(s.Facts, status.Fact{Object: f.Object, State: string(f.State), Code: f.Code, Reason: cut(f.Reason), Source: cut(f.Source)})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts, r.told = s, time.Time{}
}

// weight puts first what the operator can do something about.
func weight(s structure.State) int {
	switch s {
	case structure.Failed:
		return 0
	case structure.Kept, structure.LeftOut, structure.Changed:
		return 1
	}
	return 2
}

// cut bounds a text of a report; the whole is in floe.object on the target.
func cut(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}
