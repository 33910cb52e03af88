package control

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"floe/pkg/job"
)

// Settings are fields of the job file that commands changed since, nil where none did. What they bound may
// change while a job runs.
type Settings struct {
	LoadRows, LoadMBps, ApplyRows, ApplyMBps, BatchRows *int
	BatchWait                                           *time.Duration
	// What the load shares the servers with: the fields of throttle.hold_load_when.
	ApplierLag, OldestTransaction *time.Duration
	SlotBytes                     *int64
	ActiveSessions                *int
}

// Keys are the fields, as in the job file.
var Keys = []string{"throttle.load_rows", "throttle.load_mbps", "throttle.apply_rows", "throttle.apply_mbps", "apply.batch_rows", "apply.batch_wait",
	holdLoad + "applier_lag", holdLoad + "slot_bytes", holdLoad + "active_sessions", holdLoad + "oldest_transaction"}

const holdLoad = "throttle.hold_load_when."

// Set takes KEY=VALUE.
func (s *Settings) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%s: want KEY=VALUE", text)
	}
	switch key {
	case "throttle.load_rows":
		return number(&s.LoadRows, key, value, 0, 1<<31-1)
	case "throttle.load_mbps":
		return number(&s.LoadMBps, key, value, 0, 100_000)
	case "throttle.apply_rows":
		return number(&s.ApplyRows, key, value, 0, 1<<31-1)
	case "throttle.apply_mbps":
		return number(&s.ApplyMBps, key, value, 0, 100_000)
	case "apply.batch_rows":
		return number(&s.BatchRows, key, value, 1, 1_000_000)
	case "apply.batch_wait":
		return duration(&s.BatchWait, key, value, time.Minute, "5ms")
	case holdLoad + "applier_lag":
		return duration(&s.ApplierLag, key, value, 24*time.Hour, "30s")
	case holdLoad + "oldest_transaction":
		return duration(&s.OldestTransaction, key, value, 24*time.Hour, "10m")
	case holdLoad + "active_sessions":
		return number(&s.ActiveSessions, key, value, 0, 100_000)
	case holdLoad + "slot_bytes":
		var size job.Size
		if err := size.Set(value); err != nil {
			return fmt.Errorf("%s: %w, not %q", key, err, value)
		}
		n := int64(size)
		s.SlotBytes = &n
		return nil
	}
	return fmt.Errorf("%s cannot be set while a job runs; %s can", key, strings.Join(Keys, ", "))
}

// Values are the fields that commands changed, by key, as Set takes them.
func (s *Settings) Values() map[string]string {
	out := map[string]string{}
	for key, n := range map[string]*int{"throttle.load_rows": s.LoadRows, "throttle.load_mbps": s.LoadMBps, "throttle.apply_rows": s.ApplyRows,
		"throttle.apply_mbps": s.ApplyMBps, "apply.batch_rows": s.BatchRows, holdLoad + "active_sessions": s.ActiveSessions} {
		if n != nil {
			out[key] = strconv.Itoa(*n)
		}
	}
	for key, d := range map[string]*time.Duration{"apply.batch_wait": s.BatchWait, holdLoad + "applier_lag": s.ApplierLag, holdLoad + "oldest_transaction": s.OldestTransaction} {
		if d != nil {
			out[key] = d.String()
		}
	}
	if s.SlotBytes != nil {
		size := job.Size(*s.SlotBytes)
		out[holdLoad+"slot_bytes"] = size.String()
	}
	return out
}

func duration(to **time.Duration, key, value string, most time.Duration, like string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > most {
		return fmt.Errorf("%s: want a time from 0s to %s, like %s, not %q", key, most, like, value)
	}
	*to = &d
	return nil
}

func number(to **int, key, value string, least, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return fmt.Errorf("%s: want a whole number from %d to %d, not %q", key, least, most, value)
	}
	*to = &n
	return nil
}

// Or is a setting, or what the file says where no command changed it.
func Or[T any](set *T, file T) T {
	if set != nil {
		return *set
	}
	return file
}
