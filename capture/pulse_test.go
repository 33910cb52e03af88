package capture

import (
	"testing"
	"time"

	"floe/pkg/event"
)

// What the stream has not come to counts from when it was there, on our clock, however wrong the source's is.
func TestBehindCountsFromTheOldestThatWasNotPassed(t *testing.T) {
	t.Parallel()
	var p pulse
	now := time.Now()
	if p.clock(now) != 0 || p.behind(now) != 0 {
		t.Errorf("before anything was heard: clock %d, behind %s", p.clock(now), p.behind(now))
	}
	for i := range 5 {
		at := now.Add(time.Duration(i) * time.Second)
		p.took(at, at.Add(100*time.Millisecond), at.Add(time.Hour), event.LSN(100*i), "")
	}
	p.passed(99)
	if got := p.behind(now.Add(10 * time.Second)); got != 9*time.Second {
		t.Errorf("behind %s, want 9s: the one of second 1 was not passed", got)
	}
	p.passed(400)
	if got := p.behind(now.Add(10 * time.Second)); got != 0 {
		t.Errorf("behind %s though all was passed", got)
	}
	if got, want := p.clock(now), now.Add(time.Hour-50*time.Millisecond).UnixMicro(); got != want {
		t.Errorf("the source's clock is %d, want %d", got, want)
	}
}

// A stall of a day takes no more memory than one of minutes, and the oldest place is kept.
func TestAStallIsRememberedInBoundedMemory(t *testing.T) {
	t.Parallel()
	var p pulse
	now := time.Now()
	for i := range 10 * mostBeats {
		at := now.Add(time.Duration(i) * time.Second)
		p.took(at, at, at, event.LSN(i), "")
		if len(p.waiting) > mostBeats {
			t.Fatalf("%d places", len(p.waiting))
		}
	}
	if got := p.behind(now.Add(time.Hour)); got != time.Hour {
		t.Errorf("behind %s, want %s", got, time.Hour)
	}
}

// Why nothing is written is said, and no longer once something is.
func TestALesserFigureSaysSo(t *testing.T) {
	t.Parallel()
	var p pulse
	p.took(time.Now(), time.Now(), time.Now(), 1, "permission denied for table h")
	if p.lesser() == "" {
		t.Error("a heartbeat that cannot be written is not told of")
	}
	p.took(time.Now(), time.Now(), time.Now(), 2, "")
	if p.lesser() != "" {
		t.Errorf("%q though it is written", p.lesser())
	}
}
