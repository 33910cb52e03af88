package control

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Settings are fields of the job file that commands changed since, nil where none did. What they bound may
// change while a job runs.
type Settings struct {
	LoadRows, LoadMBps, ApplyRows, ApplyMBps, BatchRows *int
	BatchWait                                           *time.Duration
}

// Keys are the fields, as in the job file.
var Keys = []string{"throttle.load_rows", "throttle.load_mbps", "throttle.apply_rows", "throttle.apply_mbps", "apply.batch_rows", "apply.batch_wait"}

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
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 || d > time.Minute {
			return fmt.Errorf("%s: want a time from 0s to 1m0s, like 5ms, not %q", key, value)
		}
		s.BatchWait = &d
		return nil
	}
	return fmt.Errorf("%s cannot be set while a job runs; %s can", key, strings.Join(Keys, ", "))
}

// Values are the fields that commands changed, by key, as Set takes them.
func (s *Settings) Values() map[string]string {
	out := map[string]string{}
	for key, n := range map[string]*int{"throttle.load_rows": s.LoadRows, "throttle.load_mbps": s.LoadMBps, "throttle.apply_rows": s.ApplyRows,
		"throttle.apply_mbps": s.ApplyMBps, "apply.batch_rows": s.BatchRows} {
		if n != nil {
			out[key] = strconv.Itoa(*n)
		}
	}
	if s.BatchWait != nil {
		out["apply.batch_wait"] = s.BatchWait.String()
	}
	return out
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
