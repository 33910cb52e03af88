package status

import (
	"strings"
	"sync"
)

// Health is what a service says of itself to who asks it over HTTP: the same as in its reports, also where
// the log takes none. A nil Health takes nothing.
type Health struct {
	mu    sync.Mutex
	state string
	why   string
	goes  bool
}

// Take takes what a service would report now. A standby reports nothing: that it waits for its turn is what
// it is for.
func (h *Health) Take(r *Report, standby bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state, h.why, h.goes = r.State, strings.TrimSpace(r.Reason+" "+r.Detail), r.goes()
	if standby && r.State == "WAITING" {
		h.state, h.goes = "STANDBY", true
	}
}

// Says is the state, why it is so, and whether the service does its part by itself. One that said nothing
// yet does not.
func (h *Health) Says() (state, why string, goes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == "" {
		return "STARTING", "", false
	}
	return h.state, h.why, h.goes
}

// goes reports whether a service does its part. Without an epoch it has not begun, whatever its state.
func (r *Report) goes() bool {
	switch r.State {
	case "INIT_STRUCTURE", "INIT_DATA", "CATCHING_UP", "SYNCING":
		return r.Epoch > 0
	}
	return false
}
