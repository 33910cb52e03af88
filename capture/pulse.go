package capture

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/load"
	"floe/pkg/event"
)

// pulse is what heartbeats say of the source: what its clock shows, and how long the stream has not come to
// what was there. No clock is compared with another one's: the stream's delay is counted on ours alone.
//
//   - waiting are the places that the stream has not passed, the oldest first, mostBeats at most.
type pulse struct {
	mu      sync.Mutex
	known   bool
	ahead   time.Duration // the source's clock before ours
	refused string        // why nothing can be written
	waiting []beat
}

// beat is where the source's WAL ended when we looked.
type beat struct {
	end event.LSN
	at  time.Time
}

const mostBeats = 512

// took notes what the source said between two moments.
func (p *pulse) took(asked, answered, clock time.Time, end event.LSN, refused string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.refused = true, refused
	p.ahead = clock.Sub(asked.Add(answered.Sub(asked) / 2))
	if len(p.waiting) == mostBeats { // which one is the oldest matters, not how many there are
		kept := p.waiting[:0]
		for i := 0; i < len(p.waiting); i += 2 {
			kept = append(kept, p.waiting[i])
		}
		p.waiting = kept
	}
	p.waiting = append(p.waiting, beat{end, asked})
}

// passed notes how far the stream is.
func (p *pulse) passed(at event.LSN) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.waiting) && p.waiting[n].end <= at {
		n++
	}
	p.waiting = p.waiting[n:]
}

// behind is how long the stream has not come to what the source had.
func (p *pulse) behind(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return 0
	}
	return now.Sub(p.waiting[0].at)
}

// clock is the source's, in microseconds since the Unix epoch; 0 if it is not known.
func (p *pulse) clock(now time.Time) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known {
		return 0
	}
	return now.Add(p.ahead).UnixMicro()
}

// lesser says why heartbeats are not written, empty while they are.
func (p *pulse) lesser() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused == "" {
		return ""
	}
	return "the heartbeat cannot be written (" + p.refused + "): the source's clock is only read, and a source that takes no writes would not show"
}

// leastBeat is how often the source is looked at, at most.
const leastBeat = 100 * time.Millisecond

func (s *session) beatEvery() time.Duration {
	if s.HeartbeatEvery == 0 {
		return time.Second
	}
	return max(s.HeartbeatEvery, leastBeat)
}

// beat writes a heartbeat and looks at the source's clock.
func (s *session) beat(ctx context.Context, conn *pgx.Conn) error {
	asked := time.Now()
	b, err := s.heartbeat.Beat(ctx, conn, s.wal.Received(), s.wal.Flushed(), time.Unix(0, s.report.metrics.heard.Load()))
	if err != nil {
		return err
	}
	end, err := load.Passable(b.End.String())
	if err != nil {
		return err
	}
	s.report.pulse.took(asked, time.Now(), b.Clock, end, b.Refused)
	return nil
}
