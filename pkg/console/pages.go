package console

import (
	"embed"
	"html/template"
	"net/http"
	"time"

	"floe/pkg/access"
	"floe/pkg/overview"
)

//go:embed page.html console.css
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

func (s *server) pages() []route {
	return []route{
		{pattern: "GET /{$}", rule: access.View, page: true, do: s.page},
		{pattern: "GET /static/console.css", rule: access.Open, do: func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "console.css") }},
	}
}

func (s *server) page(w http.ResponseWriter, _ *http.Request) {
	m := s.watch.now()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, view{m.sum, m.lost, time.Now().UTC().Format(time.TimeOnly)}); err != nil {
		s.Log.Debug("page was not sent", "err", err)
	}
}

// view is what the page shows.
type view struct {
	overview.Summary
	Lost error
	At   string
}

// Latency is the latency with its unit.
func (v view) Latency() string {
	if v.LatencySeconds == nil {
		return "unknown"
	}
	return time.Duration(*v.LatencySeconds * float64(time.Second)).Round(time.Millisecond).String()
}
