package console

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/ledger"
)

// A stopped job is reset by who typed its name and said what becomes of rows that were there before it; whoever runs the
// console is told once.
func TestAJobBeginsAnewByItsName(t *testing.T) {
	t.Parallel()
	plan := Reset{Goes: []Placed{{"source", "slot floe_orders_1"}, {"target", "table " + odd}}, Stays: []Placed{{"target", "table kept of the target was there before the job and stays"}}, Existing: []string{"kept"}, Doubled: []string{"kept"}}
	asked := make(chan string, 9)
	var busy, broken atomic.Bool
	looked, kept := make(chan bool, 99), make(chan bool)
	n := near()
	n.ResetError = "before: " + odd
	n.ResetPlan = func(context.Context) (Reset, error) {
		looked <- true
		switch {
		case busy.Load():
			return Reset{}, &control.ConflictError{Detail: "the job does not rest: applier main is at work", Fix: "floe stop first"}
		case broken.Load():
			return Reset{}, errors.New("connect to the target: refused")
		}
		return plan, nil
	}
	n.Reset = func(existing string) error {
		asked <- existing
		if len(asked) == 1 {
			return errors.New("no room on disk")
		}
		<-kept
		return nil
	}
	s, d := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, n), describedNow(t)
	s.place(t)
	const at, path = "/api/v1/jobs/orders/reset", "/api/v1/jobs/{name}/reset"
	call := func(method, body string, code int, want string) {
		t.Helper()
		got, h, said := ask(t, method, s.url+at, body, bearer(operates))
		d.answers(t, method, path, got, h.Get("Content-Type"), said)
		if got != code || !strings.Contains(said, want) {
			t.Fatalf("%s: %d, want %d and %s: %s", body, got, code, want, said)
		}
	}
	page := func(token string) string {
		t.Helper()
		_, _, body := ask(t, "GET", s.url+"/jobs/orders/reset", "", bearer(token))
		return body
	}
	call("GET", "", 200, `"refused":"the job is not stopped","fix":"floe stop first"`)
	call("POST", `{"job":"orders"}`, 409, "floe stop first")
	if _, err := control.Send(t.Context(), s.kafka, "orders", ledger.VerbStop); err != nil {
		t.Fatal(err)
	}
	busy.Store(true)
	call("POST", `{"job":"orders","existing":"empty"}`, 409, "applier main is at work")
	busy.Store(false)
	broken.Store(true)
	call("GET", "", 503, "database-unreachable")
	broken.Store(false)
	call("GET", "", 200, `"what":"slot floe_orders_1"`)
	for _, body := range []string{`{}`, `{"job":"Orders","existing":"empty"}`} {
		call("POST", body, 409, "not-confirmed")
	}
	call("POST", `{"job":"orders"}`, 409, "undecided")
	call("POST", `{"job":"orders","existing":"keep"}`, 409, "rows-doubled")
	call("POST", `{"job":"orders","existing":"all"}`, 400, "want keep or empty")
	if p := page(views); strings.Contains(p, `name="confirm"`) || !strings.Contains(p, "slot floe_orders_1") || strings.Contains(p, "<img src=x") {
		t.Errorf("a viewer sees %s", p)
	}
	if p := page(operates); !strings.Contains(p, `name="confirm"`) || !strings.Contains(p, `value="empty"`) || strings.Contains(p, `value="keep"`) || !strings.Contains(p, "was not begun anew as a whole") {
		t.Errorf("an operator sees %s", p)
	}
	if code, _, body := ask(t, "GET", s.url+"/", "", bearer(views)); code != 200 || !strings.Contains(body, "was not begun anew as a whole") {
		t.Errorf("the overview does not say that: %d %s", code, body)
	}
	if code, _, body := ask(t, "POST", s.url+"/jobs/orders/reset", "confirm=other", form, bearer(operates)); code != 409 || !strings.Contains(body, "not-confirmed") {
		t.Errorf("%d %s", code, body)
	}
	if len(asked) != 0 {
		t.Fatal("it is reset before anybody said so")
	}
	call("POST", `{"job":"orders","existing":"empty"}`, 500, "nothing was changed")
	for len(looked) > 0 {
		<-looked
	}
	answers := make(chan string, 2) // two at once are one
	for range 2 {
		go func() {
			_, _, body := ask(t, "POST", s.url+at, `{"job":"orders","existing":"empty"}`, bearer(operates))
			answers <- body
		}()
		<-looked
	}
	close(kept)
	if one, two := <-answers, <-answers; strings.Contains(one, `"begun":true`) == strings.Contains(two, `"begun":true`) || !strings.Contains(one+two, "is being reset, or deleted, already") && !strings.Contains(one+two, "resetting") {
		t.Errorf("two at once are answered with %s and %s", one, two)
	}
	if code, _, body := ask(t, "GET", s.url+"/", "", bearer(views)); code != 503 || !strings.Contains(body, "it is loaded anew") {
		t.Errorf("from then on one sees %d %s", code, body)
	}
	if one, two := <-asked, <-asked; one != "empty" || two != "empty" || len(asked) > 0 {
		t.Errorf("asked for %q, %q and %d more", one, two, len(asked))
	}
}

// While a job is being reset its console says so, to who may look.
func TestAConsoleRestsWhileItsJobIsReset(t *testing.T) {
	t.Parallel()
	gate, err := access.New(access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := Open(l, gate, func(err error) { t.Error(err) })
	t.Cleanup(func() {
		if err := front.Close(); err != nil {
			t.Error(err)
		}
	})
	Rest(front, gate, slog.New(slog.DiscardHandler))
	url := "http://" + l.Addr().String()
	for _, c := range []struct {
		method, path, token string
		status              int
		want                string
	}{
		{"GET", "/", views, 503, "it is loaded anew"}, {"GET", "/tables", views, 503, "it is loaded anew"}, {"GET", "/", "", 303, ""}, {"GET", "/healthz", "", 200, "ok"}, {"GET", "/readyz", "", 503, ""},
		{"GET", "/api/v1/job", views, 503, `"code":"resetting"`}, {"GET", "/api/v1/job", "", 401, ""}, {"POST", "/api/v1/job/pause", operates, 503, `"code":"resetting"`}, {"POST", "/api/v1/job/pause", views, 403, ""},
	} {
		code, h, body := ask(t, c.method, url+c.path, "", func(r *http.Request) {
			if c.token != "" {
				bearer(c.token)(r)
			}
		})
		if code != c.status || !strings.Contains(body, c.want) || c.want == "it is loaded anew" && !strings.HasPrefix(h.Get("Refresh"), "1") {
			t.Errorf("%s %s as %q: %d %s", c.method, c.path, c.token, code, body)
		}
	}
}
