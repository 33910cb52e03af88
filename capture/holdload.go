package capture

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/control"
	"floe/pkg/status"
)

// HoldLoad are limits of what the load shares the servers with: while one is passed no further range is read,
// and changes go on. 0 is no limit.
type HoldLoad struct {
	ApplierLag        time.Duration
	SlotBytes         int64
	ActiveSessions    int
	OldestTransaction time.Duration
}

// pressed is what is known of these limits.
//
//   - Before the first look the load rests: what nobody has looked at may be passed.
//   - An applier that is not heard falls behind by the time that it is silent.
type pressed struct {
	mu       sync.Mutex
	limits   HoldLoad
	appliers map[string]lag
	looked   time.Time
	why      string // the load rests, empty if it does not
}

// lag is how far an applier said that it is behind, and when it was heard.
type lag struct {
	behind time.Duration
	heard  time.Time
}

// silentAfter is how long an applier may say nothing without falling behind by it.
const silentAfter = 10 * time.Second

// around is what is there beside the job on the source.
type around struct {
	kept   int64
	active int
	oldest time.Duration
}

// limit sets the limits, which commands may change at any time.
func (p *pressed) limit(l HoldLoad) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limits = l
}

func (p *pressed) limited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limits != HoldLoad{}
}

// limits are those that go now: the file's, and what commands changed of them.
func limits(file HoldLoad, set *control.Settings) HoldLoad {
	return HoldLoad{ApplierLag: control.Or(set.ApplierLag, file.ApplierLag), SlotBytes: control.Or(set.SlotBytes, file.SlotBytes),
		ActiveSessions: control.Or(set.ActiveSessions, file.ActiveSessions), OldestTransaction: control.Or(set.OldestTransaction, file.OldestTransaction)}
}

// hears takes up an applier's report.
func (p *pressed) hears(key string, r *status.Report, now time.Time) {
	if r.Role != "applier" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.appliers == nil {
		p.appliers = map[string]lag{}
	}
	p.appliers[key] = lag{time.Duration(max(0, r.LatencyUs)) * time.Microsecond, now}
}

// judge decides whether the load rests, and returns how long it did since the last look.
func (p *pressed) judge(a around, now time.Time) (rested time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.why != "" && !p.looked.IsZero() {
		rested = now.Sub(p.looked)
	}
	p.looked, p.why = now, ""
	var over []string
	passed := func(is bool, format string, args ...any) {
		if is {
			over = append(over, fmt.Sprintf(format, args...))
		}
	}
	l := p.limits
	for _, key := range slices.Sorted(maps.Keys(p.appliers)) {
		behind := p.appliers[key].behind
		if silent := now.Sub(p.appliers[key].heard); silent > silentAfter {
			behind += silent
		}
		passed(l.ApplierLag > 0 && behind > l.ApplierLag, "%s is %s behind (applier_lag %s)", key, behind.Round(time.Second), l.ApplierLag)
	}
	passed(l.SlotBytes > 0 && a.kept > l.SlotBytes, "the source keeps %d MB of WAL (slot_bytes %d)", a.kept/1_000_000, l.SlotBytes)
	passed(l.ActiveSessions > 0 && a.active > l.ActiveSessions, "%d sessions are at work on the source (active_sessions %d)", a.active, l.ActiveSessions)
	passed(l.OldestTransaction > 0 && a.oldest > l.OldestTransaction, "a transaction is open on the source for %s (oldest_transaction %s)", a.oldest.Round(time.Second), l.OldestTransaction)
	if len(over) > 0 {
		p.why = "the load rests, as hold_load_when says: " + strings.Join(over, ", ")
	}
	return rested
}

// rests says why the load rests, empty if it does not.
func (p *pressed) rests() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limits == (HoldLoad{}) {
		return ""
	}
	if p.looked.IsZero() {
		return "the load rests until it is known whether limits of hold_load_when are passed"
	}
	return p.why
}

// pressure asks the source for what the limits are about.
func (s *session) pressure(ctx context.Context, conn *pgx.Conn, kept int64) error {
	if !s.pressed.limited() {
		return nil
	}
	a := around{kept: kept}
	var oldest float64
	// What another role does is shown to pg_read_all_stats alone; else neither state nor xact_start are there.
	err := conn.QueryRow(ctx, `SELECT count(*) FILTER (WHERE state = 'active'), greatest(coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0),
			(SELECT coalesce(extract(epoch FROM max(clock_timestamp() - prepared)), 0) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()))::float8
		FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND coalesce(application_name, '') !~ '^floe_'`).Scan(&a.active, &oldest)
	if err != nil {
		return fmt.Errorf("look at the source's sessions: %w", err)
	}
	a.oldest = time.Duration(oldest * float64(time.Second))
	before := s.pressed.rests()
	s.report.metrics.throttled.Add(int64(s.pressed.judge(a, time.Now())))
	if why := s.pressed.rests(); why != "" && before == "" && s.loading.Load() {
		s.Log.Info("the load rests", "why", why)
	}
	return nil
}
