// Package overview is what a client of the log (CLI, console) knows of a job: the last report of each
// service on <job>.floe.status, and what they mean together. overview.go is pure; follow.go reads.
package overview

import (
	"maps"
	"slices"
	"strings"
	"time"

	"floe/pkg/event"
	"floe/pkg/status"
)

// Stale is the age beyond which a report no longer says how its service is: they come every second
// at least.
const Stale = 5 * time.Second

// Overview is a job at one moment.
type Overview struct {
	Capture  *status.Report
	Appliers map[string]*status.Report
	// Heard is when each service was last heard, on this process's clock; of reports that were there
	// before we looked, when they were written, on their writer's.
	Heard map[*status.Report]time.Time
	// paces are what each service did of late, by its key.
	paces map[string]*pace
}

// New is a job of which nothing was heard.
func New() *Overview {
	return &Overview{Appliers: map[string]*status.Report{}, Heard: map[*status.Report]time.Time{}, paces: map[string]*pace{}}
}

// Take puts a report in the place of its service's last. Tables that it leaves out are as the last said
// (status.Pace), unless another process says it.
func (o *Overview) Take(key string, r *status.Report, at time.Time) {
	last := o.Appliers[key]
	if r.Role == "capture" {
		last, o.Capture = o.Capture, r
	} else {
		o.Appliers[key] = r
	}
	if last != nil && last.Instance == r.Instance {
		r.Tables = merge(last.Tables, r.Tables)
		if r.Structure == nil {
			r.Structure = last.Structure
		}
		if r.Checks == nil && r.State == last.State {
			r.Checks = last.Checks
		}
	}
	delete(o.Heard, last)
	o.Heard[r] = at
	if o.paces[key] == nil {
		o.paces[key] = &pace{}
	}
	o.paces[key].take(r)
}

// merge puts the tables of a report that does not bear all in the place of what was said of them.
func merge(last, now []status.Table) []status.Table {
	if len(now) < status.MostTables {
		return now
	}
	at := make(map[[2]string]int, len(last))
	out := slices.Clone(last)
	for i, t := range out {
		at[[2]string{t.Schema, t.Name}] = i
	}
	for _, t := range now {
		if i, ok := at[[2]string{t.Schema, t.Name}]; ok {
			out[i] = t
		} else {
			out = append(out, t)
		}
	}
	return slices.DeleteFunc(out, func(t status.Table) bool { return t.State == status.Left })
}

// Reports returns all reports, capture's first.
func (o *Overview) Reports() []*status.Report {
	var out []*status.Report
	if o.Capture != nil {
		out = append(out, o.Capture)
	}
	for _, k := range slices.Sorted(maps.Keys(o.Appliers)) {
		out = append(out, o.Appliers[k])
	}
	return out
}

// State is the job's state: the worst of its services', with the report that says why (nil if none
// was heard).
func (o *Overview) State(now time.Time) (string, *status.Report) {
	var why *status.Report
	state := "SYNCING"
	barred := Barred(o.Reports())
	for _, r := range o.Reports() {
		s := r.State
		if o.Age(r, now) > Stale && !slices.Contains(barred, r) {
			s = "NOT RUNNING"
		}
		if why == nil || rank(s) > rank(state) {
			state, why = s, r
		}
	}
	switch {
	case why == nil:
		return "CREATED", nil
	case o.Capture == nil || len(o.Appliers) == 0:
		switch {
		case rank("STARTING") > rank(state):
			return "STARTING", why
		case state == ready:
			return prechecking, why
		}
	}
	return state, why
}

// The states before a job's first start.
const (
	prechecking = "PRECHECKING"
	barredState = "PRECHECK_FAILED"
	ready       = "READY"
)

// Barred returns those of a job's reports whose services ended because of their prechecks, which keeps the
// job from its first start. That such a service is silent says nothing new, unless the job began without it.
func Barred(reports []*status.Report) (out []*status.Report) {
	for _, r := range reports {
		switch {
		case r.Role == "capture" && r.Epoch > 0:
			return nil
		case r.State == barredState:
			out = append(out, r)
		}
	}
	return out
}

// Unready says what a job's first start has to wait for; it is empty if both services are ready, or one of
// them is past that.
func (o *Overview) Unready() string {
	for _, r := range o.Reports() {
		switch r.State {
		case ready:
		case prechecking:
			return strings.TrimSpace("the prechecks of " + r.Role + " are not through " + r.Detail)
		default:
			return ""
		}
	}
	switch {
	case o.Capture == nil && len(o.Appliers) == 0:
		return "nothing was heard of its services"
	case o.Capture == nil:
		return "nothing was heard of its capture"
	case len(o.Appliers) == 0:
		return "nothing was heard of an applier"
	}
	return ""
}

// Age is how long ago a report's service was heard.
func (o *Overview) Age(r *status.Report, now time.Time) time.Duration { return now.Sub(o.Heard[r]) }

// rank orders states by how much they need somebody to look.
func rank(state string) int {
	order := []string{"SYNCING", "CATCHING_UP", "INIT_DATA", "INIT_STRUCTURE", "STARTING", ready, "WAITING", prechecking, "RETRYING", "PAUSED", "STOPPED", "FINISHED", "NOT RUNNING", barredState, "BLOCKED", "FAILED"}
	if i := slices.Index(order, state); i >= 0 {
		return i
	}
	return slices.Index(order, "PAUSED")
}

// Obeyed reports whether both services, heard after since, have taken up the commands below an offset.
func (o *Overview) Obeyed(next int64, since time.Time) bool {
	for _, r := range o.Reports() {
		if r.Obeyed < next || !o.Heard[r].After(since) {
			return false
		}
	}
	return o.Capture != nil && len(o.Appliers) > 0
}

// progress are the states that a job passes through, the last first.
var progress = []string{"SYNCING", "CATCHING_UP", "INIT_DATA", "INIT_STRUCTURE"}

// Reached reports whether the job is in a state, or has passed it by. It rests when all of it does.
func (o *Overview) Reached(want string, now time.Time) bool {
	state, _ := o.State(now)
	to := slices.Index(progress, want)
	if to < 0 {
		return state == want && !slices.ContainsFunc(o.Reports(), func(r *status.Report) bool { return r.State != want })
	}
	at := slices.Index(progress, state)
	return at >= 0 && at <= to
}

// Halted returns the report of a service that needs the operator, heard after since, or nil.
func (o *Overview) Halted(since time.Time) *status.Report {
	for _, r := range o.Reports() {
		if (r.State == "FAILED" || r.State == "BLOCKED") && o.Heard[r].After(since) {
			return r
		}
	}
	return nil
}

// Applied reports whether every applier has made true what the source had at lsn.
func (o *Overview) Applied(lsn event.LSN) bool {
	if len(o.Appliers) == 0 {
		return false
	}
	for _, r := range o.Appliers {
		if r.AppliedLSN < lsn {
			return false
		}
	}
	return true
}

// Settled reports whether every table was loaded on both sides, by reports heard after since: one of
// before says nothing of tables that joined in between. An applier that has not come to capture's epoch,
// or does not know a table yet, may report that all it knows is in sync; that is not enough.
func (o *Overview) Settled(since time.Time) bool {
	if o.Capture == nil || len(o.Appliers) == 0 {
		return false
	}
	for _, r := range o.Reports() {
		if r.State != "SYNCING" || !o.Heard[r].After(since) || r.Epoch < o.Capture.Epoch || !synced(o.Capture.Tables, r.Tables) {
			return false
		}
	}
	return true
}

// synced reports whether all of these tables are in sync by a report.
func synced(want, have []status.Table) bool {
	in := make(map[[2]string]bool, len(have))
	for _, t := range have {
		in[[2]string{t.Schema, t.Name}] = t.State == "in sync"
	}
	return !slices.ContainsFunc(want, func(t status.Table) bool { return !in[[2]string{t.Schema, t.Name}] })
}

// Table is one table as both services see it.
type Table struct {
	Schema   string `json:"schema"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Estimate uint64 `json:"estimate"`
	Loaded   uint64 `json:"loaded"`
	Captured Counts `json:"captured"`
	Applied  Counts `json:"applied"`
	Error    string `json:"error,omitempty"`
}

// Counts are the changes of a table that a service saw since its start.
type Counts struct {
	Inserts   uint64 `json:"inserts"`
	Updates   uint64 `json:"updates"`
	Deletes   uint64 `json:"deletes"`
	Truncates uint64 `json:"truncates"`
}

// Tables joins the services' tables by name.
func (o *Overview) Tables() []Table {
	byName := map[[2]string]*Table{}
	for _, r := range o.Reports() {
		for _, t := range r.Tables {
			k := [2]string{t.Schema, t.Name}
			x := byName[k]
			if x == nil {
				x = &Table{Schema: t.Schema, Name: t.Name, State: t.State}
				byName[k] = x
			}
			x.join(r.Role, t)
		}
	}
	keys := slices.SortedFunc(maps.Keys(byName), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	out := make([]Table, len(keys))
	for i, k := range keys {
		out[i] = *byName[k]
	}
	return out
}

func (x *Table) join(role string, t status.Table) {
	c := Counts{t.Inserts, t.Updates, t.Deletes, t.Truncates}
	x.Estimate, x.Error = max(x.Estimate, t.Estimate), x.Error+t.Error
	if role == "capture" {
		x.Captured, x.Loaded, x.State = c, t.Loaded, t.State
		return
	}
	x.Applied = c
	if x.Loaded == 0 { // no capture was heard
		x.Loaded = t.Loaded
	}
	if t.State != "in sync" || x.State == "" {
		x.State = t.State
	}
}
