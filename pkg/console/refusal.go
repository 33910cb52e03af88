package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// Left names what is left out: Place is a transaction or a change as GET /api/v1/errors shows it. A reason
// is wanted: what is left out stays left out.
type Left struct {
	Applier string `json:"applier"`
	Place   string `json:"place"`
	Reason  string `json:"reason"`
}

func (s *server) postRetry(w http.ResponseWriter, r *http.Request) {
	sent, p := s.retry(r.Context())
	s.told(w, sent, p)
}

func (s *server) postSkip(w http.ResponseWriter, r *http.Request) {
	var b Left
	if p := decode(r, &b); p != nil {
		p.Write(w)
		return
	}
	sent, p := s.skip(r.Context(), b)
	s.told(w, sent, p)
}

func (s *server) retry(ctx context.Context) (Sent, *access.Problem) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return s.send(ctx, ledger.VerbRetry, nil)
}

// skip leaves out what an applier's target refuses at this moment, and nothing else: a place that it does
// not refuse is never sent.
func (s *server) skip(ctx context.Context, b Left) (Sent, *access.Problem) {
	if strings.TrimSpace(b.Reason) == "" {
		return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "a reason is wanted", Hint: "what is left out stays left out, and the next one to look wants to know why"}
	}
	if p := fits(b.Reason); p != nil {
		return Sent{}, p
	}
	at, whole, err := event.ParsePosition(b.Place)
	if err != nil {
		return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()}
	}
	m := s.watch.now()
	for i, r := range m.reports {
		if x := r.Blocked; x != nil && m.sum.Services[i].Applier == b.Applier && x.Commit != 0 && x.Commit == at.Commit && (whole || x.Seq == at.Seq) {
			if whole && x.Lasting != "" {
				return Sent{}, &access.Problem{Status: http.StatusConflict, Code: "change-only", Detail: x.Lasting, Hint: "skip the change " + m.sum.Services[i].Blocked.Change}
			}
			at.Epoch = x.Epoch
			k := control.Skip{Applier: b.Applier, At: at, Whole: whole, Reason: b.Reason}
			ctx, cancel := context.WithTimeout(ctx, answerTime)
			defer cancel()
			return s.send(ctx, ledger.VerbSkip, k.Args())
		}
	}
	return Sent{}, &access.Problem{Status: http.StatusConflict, Code: "not-refused", Detail: fmt.Sprintf("no target refuses %s now; nothing was sent", b.Place), Hint: "GET /api/v1/errors shows what is refused"}
}
