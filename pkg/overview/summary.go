package overview

import (
	"maps"
	"slices"
	"strings"
	"time"

	"floe/pkg/event"
	"floe/pkg/status"
)

// Summary is an overview as JSON shows it: `floe status -o json` and GET /api/v1/status.
type Summary struct {
	Job    string `json:"job"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"`
	// LatencySeconds is how far the target is behind; null if unknown.
	LatencySeconds *float64 `json:"latency_seconds"`
	// Hops are the parts of that, of the last change that went each; null if unknown.
	Hops     *Hops     `json:"latency_by_hop"`
	Flow     Flow      `json:"flow"`
	Services []Service `json:"services"`
	Tables   []Table   `json:"tables"`
	// Structure is what of the targets' structure is not as the source's; Differing counts all of it, of
	// which a report names the first.
	Structure []Fact `json:"structure"`
	Differing int    `json:"structure_differs"`
}

// Hops are how long a change waits to be sent by the source, to be in Kafka, and to be on the target, in seconds.
type Hops struct {
	Source float64 `json:"source"`
	Kafka  float64 `json:"kafka"`
	Target float64 `json:"target"`
}

// Fact is an object that is not on a target as it is on the source.
type Fact struct {
	Applier string `json:"applier"`
	Object  string `json:"object"`
	State   string `json:"state"` // failed, left out, …
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Source  string `json:"definition,omitempty"`
}

// Service is one service's last report.
type Service struct {
	Role         string  `json:"role"`
	Instance     string  `json:"instance"`
	Host         string  `json:"host"`
	PID          int64   `json:"pid"`
	State        string  `json:"state"`
	Reason       string  `json:"reason,omitempty"`
	Detail       string  `json:"detail,omitempty"`
	Fix          string  `json:"fix,omitempty"`
	AgeSeconds   float64 `json:"age_seconds"`
	Epoch        uint32  `json:"epoch"`
	SourceLSN    string  `json:"source_lsn,omitempty"`
	PlacedLSN    string  `json:"placed_lsn,omitempty"`
	FlushedLSN   string  `json:"flushed_lsn,omitempty"`
	AppliedLSN   string  `json:"applied_lsn,omitempty"`
	Transactions uint64  `json:"transactions"`
	Rows         uint64  `json:"rows"`
	// Place is where its database is, without credentials.
	Place string `json:"place,omitempty"`
	// Applier is an applier's name, empty for capture.
	Applier string   `json:"applier,omitempty"`
	Blocked *Blocked `json:"blocked,omitempty"`
}

// Name tells the job's services apart.
func (s *Service) Name() string { return strings.TrimSpace(s.Role + " " + s.Applier) }

// Blocked is what the target refuses. Transaction and Change are as `floe errors skip` takes them, empty if
// it cannot be skipped; Lasting says why, or why only the change can.
type Blocked struct {
	Transaction string `json:"transaction,omitempty"`
	Change      string `json:"change,omitempty"`
	Table       string `json:"table,omitempty"`
	Op          string `json:"op,omitempty"`
	Key         string `json:"key,omitempty"`
	SQLState    string `json:"sqlstate,omitempty"`
	Message     string `json:"message,omitempty"`
	Lasting     string `json:"lasting,omitempty"`
}

func blocked(b *status.Blocked) *Blocked {
	if b == nil {
		return nil
	}
	out := &Blocked{Table: b.Table, Op: b.Op, Key: b.Key, SQLState: b.SQLState, Message: b.Message, Lasting: b.Lasting}
	if b.Commit != 0 {
		out.Transaction, out.Change = b.Commit.String(), event.Position{Commit: b.Commit, Seq: b.Seq}.String()
	}
	return out
}

// Summary sums up the job at now.
func (o *Overview) Summary(job string, now time.Time) Summary {
	s := Summary{Job: job, Services: []Service{}, Tables: o.Tables(), Structure: []Fact{}}
	s.Flow = o.flow(s.Tables, now)
	for _, k := range slices.Sorted(maps.Keys(o.Appliers)) {
		if x := o.Appliers[k].Structure; x != nil {
			s.Differing += x.Total
			for _, f := range x.Facts {
				s.Structure = append(s.Structure, Fact{strings.TrimPrefix(k, "applier/"), f.Object, f.State, f.Code, f.Reason, f.Source})
			}
		}
	}
	var why *status.Report
	if s.State, why = o.State(now); why != nil {
		s.Reason, s.Detail, s.Fix = why.Reason, why.Detail, why.Fix
		if s.State == prechecking && why.State == ready { // the other one's are outstanding
			s.Detail, s.Fix = why.Role+" is ready; "+o.Unready(), "start floe "+map[string]string{"capture": "applier", "applier": "capture"}[why.Role]
		}
	}
	for _, r := range o.Reports() {
		x := o.service(r, now)
		for k, of := range o.Appliers {
			if of == r {
				x.Applier = strings.TrimPrefix(k, "applier/")
			}
		}
		s.Services = append(s.Services, x)
	}
	if l, known := o.Latency(now); known {
		seconds := l.Seconds()
		s.LatencySeconds = &seconds
		s.Hops = o.hops(l, now)
	}
	return s
}

// hops are 0 where nothing waits; while capture does not hear its source, or an applier is silent, theirs grow.
func (o *Overview) hops(latency time.Duration, now time.Time) *Hops {
	h := &Hops{}
	if latency == 0 {
		return h
	}
	if c := o.Capture; c != nil {
		h.Source = (time.Duration(c.Hops.SourceUs)*time.Microsecond + o.lag(c, now)).Seconds()
		h.Kafka = (time.Duration(c.Hops.KafkaUs) * time.Microsecond).Seconds()
	}
	for _, r := range o.Appliers {
		took := time.Duration(r.Hops.TargetUs) * time.Microsecond
		if age := o.Age(r, now); age > Stale {
			took += age
		}
		h.Target = max(h.Target, took.Seconds())
	}
	return h
}

// Latency is how far the target that is most behind is behind, and whether that is known. What nobody
// hears of counts as waiting: while a service is silent, or capture does not hear its source, it grows.
// Where something waits, and capture knows the source's clock, it is on that clock alone.
func (o *Overview) Latency(now time.Time) (latency time.Duration, known bool) {
	var silent time.Duration
	if o.Capture != nil {
		silent = o.lag(o.Capture, now)
	}
	for _, r := range o.Appliers {
		if r.LatencyUs < 0 {
			continue
		}
		l := o.lag(r, now) + silent
		if clock := o.clock(r, now); r.LatencyUs > 0 && clock != 0 && r.SourceClock != 0 { // what capture did not hear is newer
			l = max(time.Duration(clock-r.SourceClock)*time.Microsecond, silent)
		}
		latency, known = max(latency, l), true
	}
	return latency, known
}

// clock is what the source's clock showed when a report was written, or shows now if that is out of date; 0
// if capture does not know it. Between two fresh reports, whose writers' clocks may differ, is no more time than reports leave.
func (o *Overview) clock(r *status.Report, now time.Time) int64 {
	c := o.Capture
	if c == nil || c.SourceClock == 0 {
		return 0
	}
	if o.Age(r, now) > Stale || o.Age(c, now) > Stale {
		return c.SourceClock + o.Age(c, now).Microseconds()
	}
	between := o.Heard[r].Sub(o.Heard[c])
	return c.SourceClock + min(max(between, -status.Idle), status.Idle).Microseconds()
}

func (o *Overview) lag(r *status.Report, now time.Time) time.Duration {
	lag := time.Duration(max(0, r.LatencyUs)) * time.Microsecond
	if age := o.Age(r, now); age > Stale {
		lag += age
	}
	return lag
}

func (o *Overview) service(r *status.Report, now time.Time) Service {
	s := Service{Role: r.Role, Instance: r.Instance, Host: r.Host, PID: r.PID, State: r.State, Reason: r.Reason, Detail: r.Detail,
		Fix: r.Fix, AgeSeconds: o.Age(r, now).Seconds(), Epoch: r.Epoch, Transactions: r.Transactions, Rows: r.Rows, Place: r.Place, Blocked: blocked(r.Blocked)}
	if r.Role == "capture" {
		s.SourceLSN, s.PlacedLSN, s.FlushedLSN = r.SourceLSN.String(), r.PlacedLSN.String(), r.FlushedLSN.String()
	} else {
		s.AppliedLSN = r.AppliedLSN.String()
	}
	return s
}
