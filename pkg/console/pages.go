package console

import (
	"cmp"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"floe/pkg/access"
	"floe/pkg/guide"
	"floe/pkg/ident"
	zh "floe/pkg/precheck/chinese"
)

//go:embed pages static
var files embed.FS

// drawn are the pages, by language and name. They are parsed once, when the first is asked for: of floe's
// processes only one has pages. A fault in one ends every test that looks at a page.
var drawn = sync.OnceValue(func() map[string]*template.Template {
	out := map[string]*template.Template{}
	for _, lang := range languages {
		layout := template.Must(template.New("layout.html").Funcs(functions(lang)).ParseFS(files, "pages/layout.html", "pages/parts.html"))
		for _, name := range []string{"overview", "tables", "table", "errors", "structure", "log", "checks", "settings", "login", "result", "endpoints", "kafka", "objects", "init", "precheck", "starting", "verify", "events", "jobs", "job", "await", "delete", "cutover", "reset"} {
			out[lang+name] = template.Must(template.Must(layout.Clone()).ParseFS(files, "pages/"+name+".html"))
		}
	}
	return out
})

func functions(lang string) template.FuncMap {
	return template.FuncMap{"t": func(text string) string { return translate(lang, text) }, "num": num, "bytes": size, "rate": rate, "latency": latency,
		"ago": func(s float64) string { return duration(max(0, s)) }, "counts": counts, "clock": clock, "icon": icon, "tone": tone, "tablePath": tablePath,
		"cap": capital, "many": many(lang), "rows": rows(lang), "object": object(lang), "service": part(lang), "dots": func(key string) []string { return strings.SplitAfter(key, ".") }, "explain": explain(lang), "finding": finding(lang), "own": own(lang), "entry": entry(lang), "lang": func() string { return lang }, "item": func(code string) string { return checkItems[code] }, "ops": func() map[string]string { return operations }, "op": func(letter string) string { return cmp.Or(operations[letter], letter) }, "themes": func() []item {
			return []item{{Title: "System", Value: "system"}, {Title: "Light", Value: "light"}, {Title: "Dark", Value: "dark"}}
		}}
}

// explain and finding say what codes mean, and what the prechecks found, in a language.
func explain(lang string) func(code string) *guide.Page {
	if lang == "zh" {
		return guide.Chinese
	}
	return guide.Of
}

func finding(lang string) func(text string) string {
	if lang == "zh" {
		return zh.Of
	}
	return func(text string) string { return text }
}

// own reports whether a text is what a server or a service says itself, in another language than the page.
func own(lang string) func(text string) bool {
	said := finding(lang)
	return func(text string) bool {
		return lang == "zh" && said(text) == text && strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' })
	}
}

// entry says in a language what an entry of the ledger is about; names are in it as they are.
func entry(lang string) func(text string) string {
	return func(text string) string {
		if lang == "zh" {
			for _, f := range entryForms {
				if f.english.MatchString(text) {
					return f.english.ReplaceAllString(text, f.chinese)
				}
			}
		}
		return text
	}
}

// object says in a language of which kind an object is; its name is as it is.
func object(lang string) func(text string) string {
	return func(text string) string {
		kind, name, ok := strings.Cut(text, " ")
		if word, known := wordsOfLog[kind]; lang == "zh" && ok && known {
			return word + " " + name
		}
		return text
	}
}

// part says in a language which service it is; the name of an applier is as it is.
func part(lang string) func(text string) string {
	return func(text string) string {
		role, name, ok := strings.Cut(text, "/")
		if ok {
			name = "/" + name
		}
		return translate(lang, role) + name
	}
}

func tablePath(schema, name string) string {
	return "/tables/" + pathEscape(schema) + "/" + pathEscape(name)
}

// frame is what every page shows around its own Body.
type frame struct {
	Title, Lang, Theme, Back, At string
	Said                         string // what a form that led here did
	Job                          *Job   // nil while nobody is signed in
	Nav                          []item
	Live, CanAct, Session        bool
	Polls                        bool // what is live is told by no news of the job
	Body                         any
}

// item is something to choose.
type item struct {
	Title, Path, Value string
	Current            bool
	Count              int
}

// navigation are the pages of a job.
var navigation = []item{{Title: "Jobs", Path: "/jobs"}, {Title: "Overview", Path: "/"}, {Title: "Tables", Path: "/tables"}, {Title: "Structure", Path: "/structure"}, {Title: "Errors", Path: "/errors"}, {Title: "Events", Path: "/events"},
	{Title: "Verify", Path: "/verify"}, {Title: "Prechecks", Path: "/checks"}, {Title: "Log", Path: "/log"}, {Title: "Settings", Path: "/settings"}}

// framed is a page's frame for who asks.
func framed(r *http.Request, title string, live bool, body any) *frame {
	return &frame{Title: title, Lang: language(r), Theme: theme(r), Back: back(r), Live: live, Body: body, Said: said[r.URL.Query().Get("said")], At: time.Now().UTC().Format(time.TimeOnly),
		CanAct: access.Of(r.Context()) == access.Operator}
}

// show writes a page of the job.
func (s *server) show(w http.ResponseWriter, r *http.Request, code int, name, title string, live bool, body any) {
	f := framed(r, title, live, body)
	f.Polls = slices.Contains([]string{"jobs", "job", "await", "checks", "delete", "cutover"}, name)
	if role := access.Of(r.Context()); role != access.Nobody {
		j := s.job(time.Now())
		f.Job, f.Session = &j, s.Gate.Asks()
		f.Nav = slices.Clone(navigation)
		for i := range f.Nav {
			n := &f.Nav[i]
			n.Current = n.Path == r.URL.Path || n.Path == "/jobs" && strings.HasPrefix(r.URL.Path, "/new") || n.Path != "/" && strings.HasPrefix(r.URL.Path, n.Path+"/")
			if n.Path == "/errors" {
				n.Count = len(troubles(s.watch.now()))
			}
		}
	}
	s.face.paint(w, code, name, f)
}

// pages are the routes that people use.
func (s *server) pages() []route {
	look := func(pattern string, do http.HandlerFunc) route {
		return route{pattern: pattern, rule: access.View, page: true, do: do}
	}
	out := []route{look("GET /{$}", s.first), look("GET /tables", s.tablesPage), look("GET /tables/{schema}/{table}", s.tablePage), look("GET /errors", s.errorsPage),
		look("GET /structure", s.structurePage), look("GET /log", s.logPage), look("GET /checks", s.checksPage), look("GET /settings", s.settingsPage),
		look("GET /jobs", s.jobsPage), look("GET /jobs/{name}", s.jobPage), {pattern: "POST /jobs/{name}/checks", rule: access.Operate, page: true, do: s.checksOfAgain}, {pattern: "POST /jobs", rule: access.Operate, page: true, do: s.actOnJob},
		look("GET /jobs/{name}/delete", s.deletionPage), {pattern: "POST /jobs/{name}/delete", rule: access.Operate, page: true, do: s.deleteFrom},
		look("GET /jobs/{name}/cutover", s.cutOverPage), {pattern: "POST /jobs/{name}/cutover", rule: access.Operate, page: true, do: s.cutOverFrom},
		look("GET /jobs/{name}/reset", s.resetPage), {pattern: "POST /jobs/{name}/reset", rule: access.Operate, page: true, do: s.resetFrom},
		look("GET /events", s.eventsPage), look("GET /verify", s.verifyPage), {pattern: "POST /verify", rule: access.Operate, page: true, do: s.verifyAgain},
		{pattern: "POST /do", rule: access.Operate, page: true, do: s.act},
		{pattern: "POST /checks", rule: access.Operate, page: true, do: s.checksAgain}}
	if s.maker != nil {
		out = append(out, s.maker.pages()...)
	}
	return append(out, s.face.routes()...)
}

// back is the page that a form leads back to: the one that shows it.
func back(r *http.Request) string {
	if r.Method != http.MethodGet {
		return access.Within(r.PostFormValue("back"))
	}
	u := *r.URL
	q := u.Query()
	q.Del("said")
	u.RawQuery = q.Encode()
	return access.Within(u.RequestURI())
}

// sqlName is a name as a command takes it.
func sqlName(schema, name string) string { return ident.Name{Schema: schema, Name: name}.SQL() }
