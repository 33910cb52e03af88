package overview

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Partner looks, for a service that is ready, at what the services of the other side say of their prechecks: a
// job whose services share nothing but the log begins when those of both sides have passed.
type Partner struct {
	*Follower
	capture bool // who looks
	began   time.Time
}

// OpenPartner opens the log for capture, or for an applier.
func OpenPartner(kafka []kgo.Opt, prefix, role string) (*Partner, error) {
	f, err := Follow(kafka, prefix)
	return &Partner{Follower: f, capture: role == "capture"}, err
}

// glance is how long a look waits for something new; services report each second at least.
const glance = 100 * time.Millisecond

// Lacks says what is still to come from the other side, empty for nothing.
func (p *Partner) Lacks(ctx context.Context) (string, error) {
	if !p.begun {
		if err := p.Refresh(ctx); err != nil {
			return "", err
		}
		p.began = time.Now()
	}
	within, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	for { // what came since the last look
		switch err := p.Refresh(within); {
		case err == nil:
		case within.Err() != nil && ctx.Err() == nil:
			return p.Now.lacks(p.capture, p.began, time.Now()), nil
		default:
			return "", err
		}
	}
}

// lacks judges by reports heard after since: an earlier one may be a process's that is gone. One whose prechecks
// failed ended, and counts until it says otherwise.
func (o *Overview) lacks(capture bool, since, now time.Time) string {
	others, some := "capture", false
	if capture {
		others = "an applier"
	}
	for _, r := range o.Reports() {
		if (r.Role == "capture") == capture {
			continue
		}
		switch heard := o.Heard[r].After(since) && o.Age(r, now) <= Stale; {
		case r.State == barredState:
			return fmt.Sprintf("prechecks of %s failed: %s %s", r.Role, r.Reason, r.Detail)
		case heard && r.State == prechecking:
			return "the prechecks of " + r.Role + " are not through"
		default:
			some = some || heard
		}
	}
	if !some {
		return "nothing was heard of " + others
	}
	return ""
}
