package console

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// planTime bounds the making of a plan.
const planTime = 2 * time.Minute

// Planned is the plan that a console made last.
type Planned struct {
	Running bool
	At      *time.Time // when it was made; nil before any was
	Text    string
	Error   string
}

// planned makes plans beside whoever asks for one: both databases are asked, and no page waits for them.
type planned struct {
	mu      sync.Mutex
	last    Planned
	ended   bool
	running sync.WaitGroup
}

// begin begins to make one unless that goes on.
func (p *planned) begin(life context.Context, log *slog.Logger, plan func(context.Context) (string, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.Running || p.ended {
		return
	}
	p.last.Running = true
	p.running.Go(func() {
		ctx, cancel := context.WithTimeout(life, planTime)
		defer cancel()
		text, err := plan(ctx)
		done := time.Now().UTC()
		next := Planned{At: &done, Text: text}
		if err != nil {
			log.Warn("no plan is made", "err", err)
			next.Error = err.Error()
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.last = next
	})
}

func (p *planned) now() Planned {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// end begins none any more, and waits for the one that is being made.
func (p *planned) end() {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.running.Wait()
}
