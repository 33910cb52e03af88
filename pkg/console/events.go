package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"floe/pkg/access"
)

// A stream tells of news so often at most, says that it lives at least so often, and ends after so long:
// its client comes again, and is asked again who it is.
const (
	notify     = time.Second
	beat       = 10 * time.Second
	streamTime = 5 * time.Minute
)

// events tells of news as they come, until the client goes.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "30")
		access.Problem{Status: http.StatusServiceUnavailable, Code: "too-many-streams", Detail: fmt.Sprintf("%d are open already", mostStreams)}.Write(w)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	end := time.NewTimer(streamTime)
	defer end.Stop()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		news := s.watch.changed()
		b, err := json.Marshal(s.job(time.Now()))
		if err != nil {
			s.Log.Error("event is not written", "err", err)
			return
		}
		if c.SetWriteDeadline(time.Now().Add(2*beat)) != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "event: job\ndata: %s\n\n", b); err != nil || c.Flush() != nil {
			return
		}
		select {
		case <-time.After(notify):
		case <-r.Context().Done():
			return
		}
		select {
		case <-news:
		case <-tick.C:
		case <-end.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}
