package console

import (
	"cmp"
	"slices"
	"time"

	"floe/pkg/overview"
	"floe/pkg/status"
)

// Job is a job at one moment, without its tables.
type Job struct {
	Name   string `json:"name"`
	Source string `json:"source,omitempty"`
	Target string `json:"target,omitempty"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"`
	// LatencySeconds is how far the target is behind; null if unknown.
	LatencySeconds *float64           `json:"latency_seconds"`
	Stages         []Stage            `json:"stages"`
	Flow           Flow               `json:"flow"`
	Tables         Progress           `json:"tables"`
	Structure      int                `json:"structure_differs"`
	Services       []overview.Service `json:"services"`
	// LogError is why nothing new is read from the log.
	LogError string `json:"log_error,omitempty"`
}

// Stage is one of what a job passes through: done, now, halted or waiting.
type Stage struct {
	Name string `json:"name"`
	Is   string `json:"is"`
	// Seconds is how long it took, or takes so far; null if this console did not see it begin.
	Seconds *float64 `json:"seconds"`
}

// Flow is what goes through the job now, and what waits where.
type Flow struct {
	CapturedRows float64 `json:"captured_rows_per_second"`
	AppliedRows  float64 `json:"applied_rows_per_second"`
	Bytes        float64 `json:"bytes_per_second"`
	// ToLog is WAL that is not in the log yet, ToTarget what of the log is not on the target, Kept the WAL
	// that the source must keep; in bytes of WAL.
	ToLog    uint64 `json:"to_log_bytes"`
	ToTarget uint64 `json:"to_target_bytes"`
	Kept     uint64 `json:"wal_kept_bytes"`
	// Limit is how much the source keeps at most: behind it the slot is lost. 0 without a limit.
	Limit uint64 `json:"wal_limit_bytes,omitempty"`
}

// Progress counts a job's tables by their state, and the rows of those that are being loaded.
type Progress struct {
	Total    int    `json:"total"`
	InSync   int    `json:"in_sync"`
	Loading  int    `json:"loading"`
	Waiting  int    `json:"waiting"`
	Blocked  int    `json:"blocked"`
	Loaded   uint64 `json:"loading_rows"`
	Estimate uint64 `json:"loading_rows_estimate"`
}

func (s *server) job(now time.Time) Job {
	m := s.watch.now()
	source, target := places(m.reports)
	j := Job{Name: m.sum.Job, Source: cmp.Or(s.Near.Source, source), Target: cmp.Or(s.Near.Target, target), State: m.sum.State, Reason: m.sum.Reason, Detail: m.sum.Detail,
		Fix: m.sum.Fix, LatencySeconds: m.sum.LatencySeconds, Structure: m.sum.Differing, Services: m.sum.Services, Tables: progress(m.sum.Tables)}
	j.Stages = s.watch.timed(stages(j.State, j.Tables), now)
	j.Flow = flow(m.reports)
	j.Flow.CapturedRows, j.Flow.AppliedRows, j.Flow.Bytes = s.watch.rates(now)
	if m.lost != nil {
		j.LogError = m.lost.Error()
	}
	return j
}

func progress(tables []overview.Table) Progress {
	p := Progress{Total: len(tables)}
	for _, t := range tables {
		switch t.State {
		case "in sync":
			p.InSync++
			continue
		case "blocked":
			p.Blocked++
		case "waiting":
			p.Waiting++
		default:
			p.Loading++
		}
		p.Loaded, p.Estimate = p.Loaded+t.Loaded, p.Estimate+max(t.Estimate, t.Loaded)
	}
	return p
}

// names are the stages of a job, and the states in which it is in each.
var names = []string{"structure", "full load", "catching up", "changes"}

// stageOf is the stage that a job in a state is in, below 0 if the state does not say.
func stageOf(state string) int {
	return slices.Index([]string{"INIT_STRUCTURE", "INIT_DATA", "CATCHING_UP", "SYNCING"}, state)
}

// stages says how far the job has come. One that rests or stands still has come as far as its tables
// say.
func stages(state string, p Progress) []Stage {
	at := stageOf(state)
	is := "now"
	if at < 0 {
		is = "halted"
		switch {
		case p.Total > 0 && p.InSync == p.Total:
			at = len(names) - 1
		case p.Total > 0:
			at = 1
		default:
			at, is = 0, "waiting"
		}
	}
	out := make([]Stage, len(names))
	for i, n := range names {
		out[i] = Stage{Name: n, Is: "waiting"}
		switch {
		case i < at:
			out[i].Is = "done"
		case i == at:
			out[i].Is = is
		}
	}
	return out
}

// flow is what waits between the services, as far as they say where they are.
func flow(reports []*status.Report) (f Flow) {
	var capture *status.Report
	for _, r := range reports {
		if r.Role == "capture" {
			capture = r
			f.Kept, f.Limit = kept(r), uint64(max(0, r.SlotLimit))
			if r.PlacedLSN > 0 && r.SourceLSN > r.PlacedLSN {
				f.ToLog = uint64(r.SourceLSN - r.PlacedLSN)
			}
			continue
		}
		if capture != nil && r.AppliedLSN > 0 && capture.PlacedLSN > r.AppliedLSN {
			f.ToTarget = max(f.ToTarget, uint64(capture.PlacedLSN-r.AppliedLSN))
		}
	}
	return f
}
