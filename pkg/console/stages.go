package console

import "time"

// stageClock remembers when stages began and ended, as far as this console saw it.
type stageClock struct {
	at           int // the stage that the job is in; only after seen
	seen         bool
	began, ended [4]time.Time
}

// see takes the stage that the job is in now, below 0 for none; before is the state that it was in. A
// stage whose beginning was not seen has no time: the console may have come long after it.
func (c *stageClock) see(stage int, before string, now time.Time) {
	if stage < 0 || c.seen && stage == c.at {
		return
	}
	fresh := before == "CREATED" || before == "READY" || before == "STARTING"
	if c.seen {
		c.ended[c.at] = now
	}
	for i := stage; i < len(c.began); i++ { // the job may have gone back, for a table that is loaded again
		c.began[i], c.ended[i] = time.Time{}, time.Time{}
	}
	if c.seen || fresh {
		c.began[stage] = now
	}
	c.at, c.seen = stage, true
}

// took is how long a stage took or takes, nil if that is not known.
func (c *stageClock) took(stage int, now time.Time) *float64 {
	end := c.ended[stage]
	if c.seen && stage == c.at {
		end = now
	}
	if c.began[stage].IsZero() || end.IsZero() {
		return nil
	}
	s := end.Sub(c.began[stage]).Seconds()
	return &s
}
