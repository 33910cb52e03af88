package control

import (
	"testing"
	"time"

	"floe/pkg/event"
)

// A place is one of three, and nothing is taken for another.
func TestPlacesToReplayFrom(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 2, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"0": "offset 0", "123": "offset 123", "0/10": "0/10", "2026-11-30T02:00:00Z": "2026-11-30T02:00:00Z", "2026-11-30 04:00:00+02:00": "2026-11-30T04:00:00+02:00"} {
		p, err := ParsePlace(text)
		if err != nil || p.String() != want {
			t.Errorf("%s is %s (%v), want %s", text, p, err, want)
		}
	}
	for _, text := range []string{"", "-1", "0/0", "yesterday", "2026-11-30", "2026-11-30T02:00:00", "1.5"} {
		if p, err := ParsePlace(text); err == nil {
			t.Errorf("%q is %s", text, p)
		}
	}
	for _, c := range []struct {
		p    Place
		lsn  event.LSN
		at   time.Time
		want bool
	}{
		{Place{offset: -1, lsn: 0x10}, 0xF, at, false}, {Place{offset: -1, lsn: 0x10}, 0x10, at, true},
		{Place{offset: -1, at: at}, 0xF, at.Add(-time.Microsecond), false}, {Place{offset: -1, at: at}, 0xF, at, true},
	} {
		if got := c.p.before(c.lsn, c.at.UnixMicro()); got != c.want {
			t.Errorf("%s is before %s, %s: %t", c.p, c.lsn, c.at, got)
		}
	}
}
