package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"floe/pkg/access"
	"floe/pkg/console/tail"
	"floe/pkg/ident"
	"floe/pkg/registry"
	"floe/schemas"
)

// Bounds of those who watch rows: each holds a client of Kafka and up to a megabyte.
const (
	mostTails = 16
	lastRows  = 20 // of each partition, that are shown at the beginning
	rowsPause = 500 * time.Millisecond
	pageTime  = 3 * time.Second
)

// watched is a table whose rows are asked for, and what of them is not to be shown. A viewer is shown that
// rows change, and no values.
func (s *server) watched(r *http.Request, n ident.Name) (mask tail.Mask, p *access.Problem) {
	if _, ok := s.table(n.Schema, n.Name); !ok {
		return mask, &access.Problem{Status: http.StatusNotFound, Code: "table-unknown", Detail: "the job has no such table", Hint: "names are case-sensitive; GET /api/v1/tables lists them"}
	}
	mask = tail.Mask{All: access.Of(r.Context()) != access.Operator || r.URL.Query().Get("values") == "none", Columns: map[string]bool{}}
	for _, c := range r.URL.Query()["mask"] {
		mask.Columns[c] = true
	}
	return mask, nil
}

// tail opens a reader unless too many are open; free gives its place back.
func (s *server) tail(ctx context.Context, n ident.Name, mask tail.Mask) (t *tail.Tail, free func(), p *access.Problem) {
	select {
	case s.tails <- struct{}{}:
	default:
		return nil, nil, &access.Problem{Status: http.StatusServiceUnavailable, Code: "too-many-streams", Detail: fmt.Sprintf("%d watch rows already", mostTails)}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	t, err := tail.Open(ctx, s.Kafka, ident.Topic(s.Prefix, n), tail.Range{Last: lastRows}, s.schemas.Schema, mask)
	if err != nil {
		<-s.tails
		if errors.Is(err, tail.ErrNoTopic) {
			return nil, nil, &access.Problem{Status: http.StatusConflict, Code: "no-rows", Detail: err.Error()}
		}
		return nil, nil, s.silent(err)
	}
	s.Log.Info("rows are watched", "table", n.String(), "by", access.Of(ctx).String(), "values", !mask.All)
	return t, func() { t.Close(); <-s.tails }, nil
}

// rows tells of a table's rows as they come, until the client goes.
func (s *server) rows(w http.ResponseWriter, r *http.Request) {
	n := ident.Name{Schema: r.PathValue("schema"), Name: r.PathValue("table")}
	mask, p := s.watched(r, n)
	if p != nil {
		p.Write(w)
		return
	}
	t, free, p := s.tail(r.Context(), n, mask)
	if p != nil {
		w.Header().Set("Retry-After", "30")
		p.Write(w)
		return
	}
	defer free()
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	end := time.Now().Add(streamTime)
	for first := true; time.Now().Before(end); first = false {
		events, left, err := s.next(r.Context(), t, beat)
		if r.Context().Err() != nil {
			return
		}
		if err != nil {
			s.Log.Warn("rows are no longer watched", "table", n.String(), "err", err)
			return
		}
		if c.SetWriteDeadline(time.Now().Add(2*beat)) != nil {
			return
		}
		if first || len(events) == 0 {
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil {
				return
			}
		}
		if left > 0 {
			if _, err := fmt.Fprintf(w, "event: left\ndata: %d\n\n", left); err != nil {
				return
			}
		}
		for _, e := range events {
			b, err := json.Marshal(e)
			if err == nil {
				_, err = fmt.Fprintf(w, "event: row\ndata: %s\n\n", b)
			}
			if err != nil {
				return
			}
		}
		if c.Flush() != nil {
			return
		}
		select {
		case <-time.After(rowsPause): // a table that changes fast is not read as fast
		case <-r.Context().Done():
			return
		}
	}
}

// next reads for a while; that nothing came is no error.
func (s *server) next(ctx context.Context, t *tail.Tail, wait time.Duration) ([]tail.Event, int, error) {
	short, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	events, left, err := t.Next(short)
	if short.Err() != nil {
		return nil, 0, ctx.Err()
	}
	return events, left, err
}

// eventsPage shows the last rows of a table; with scripts, those that come.
func (s *server) eventsPage(w http.ResponseWriter, r *http.Request) {
	var b struct {
		Table, Stream, Wrong string
		Tables               []string
		Columns              []masked
		Values               bool // that any are shown
		Events               []tail.Event
	}
	const most = 500
	for _, t := range s.watch.now().sum.Tables {
		if len(b.Tables) < most {
			b.Tables = append(b.Tables, ident.Name{Schema: t.Schema, Name: t.Name}.String())
		}
	}
	b.Table = r.URL.Query().Get("table")
	if b.Table == "" {
		s.show(w, r, http.StatusOK, "events", "Events", false, b)
		return
	}
	n, err := ident.Parse(b.Table)
	if err != nil {
		s.refused(w, r, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()})
		return
	}
	mask, p := s.watched(r, n)
	if p != nil {
		s.refused(w, r, p)
		return
	}
	b.Values, b.Columns = !mask.All, s.columns(n, mask)
	q := r.URL.Query()
	q.Del("table")
	b.Stream = "/api/v1" + tablePath(n.Schema, n.Name) + "/events?" + q.Encode()
	if b.Events, p = s.lastEvents(r.Context(), n, mask); p != nil {
		b.Wrong, b.Stream = p.Detail, ""
	}
	s.show(w, r, http.StatusOK, "events", "Events", false, b)
}

// lastEvents are those that are there, the newest first.
func (s *server) lastEvents(ctx context.Context, n ident.Name, mask tail.Mask) (out []tail.Event, p *access.Problem) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	t, free, p := s.tail(ctx, n, mask)
	if p != nil {
		return nil, p
	}
	defer free()
	for t.Behind() && ctx.Err() == nil {
		events, _, err := s.next(ctx, t, pageTime)
		if err != nil && ctx.Err() == nil {
			return nil, s.silent(err)
		}
		out = append(out, events...)
	}
	slices.SortFunc(out, func(a, b tail.Event) int { // rows of one commit have one time
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Offset, a.Offset))
	})
	return out[:min(len(out), tail.MostEvents)], nil
}

// masked is a column and whether its values are hidden.
type masked struct {
	Name   string
	Masked bool
}

// columns are those of the table's shape now.
func (s *server) columns(n ident.Name, mask tail.Mask) (out []masked) {
	text, ok := s.schemas.Latest(registry.ValueSubject(ident.Topic(s.Prefix, n)))
	if !ok {
		return nil
	}
	c, err := schemas.Parse(text)
	if err != nil {
		return nil
	}
	for _, col := range c.Table().Columns {
		out = append(out, masked{col.Name, mask.Columns[col.Name]})
	}
	return out
}
