package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// A job that runs is cut over by who typed its name; how far that is, and what the target refused, everybody sees. What
// failed is done again by the same request; a job that somebody stopped is not.
func TestTheTargetTakesOverByTheJobsName(t *testing.T) {
	t.Parallel()
	steps, fails := make(chan string), make(chan error)
	n := near()
	n.CutOver = func(_ context.Context, by string, step func(string)) (TakenOver, error) {
		if !strings.HasPrefix(by, "operator by console of ") {
			t.Errorf("it is asked for by %q", by)
		}
		for x := range steps {
			if x == "" {
				break
			}
			step(x)
		}
		return TakenOver{Made: 3, Sequences: 2, Wanting: []overview.Fact{{Object: "trigger " + odd, State: "failed", Code: "42883", Reason: odd}}, Behind: odd}, <-fails
	}
	s, d := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, n), describedNow(t)
	s.place(t)
	s.say(t, status.Report{Role: "capture", State: "SYNCING"})
	const at, path = "/api/v1/jobs/orders/cutover", "/api/v1/jobs/{name}/cutover"
	until := func(want string) string {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			code, h, body := ask(t, "GET", s.url+at, "", bearer(views))
			d.answers(t, "GET", path, code, h.Get("Content-Type"), body)
			if strings.Contains(body, want) {
				return body
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %s in %s", want, body)
			}
		}
	}
	post := func(body string, code int, want string) {
		t.Helper()
		got, h, said := ask(t, "POST", s.url+at, body, bearer(operates))
		d.answers(t, "POST", path, got, h.Get("Content-Type"), said)
		if got != code || !strings.Contains(said, want) {
			t.Fatalf("%s: %d, want %d and %s: %s", body, got, code, want, said)
		}
	}
	page := func(token string) string {
		t.Helper()
		_, _, body := ask(t, "GET", s.url+"/jobs/orders/cutover", "", bearer(token))
		return body
	}
	send := func(verb string, args ...string) {
		t.Helper()
		if _, err := control.Send(t.Context(), s.kafka, "orders", verb, args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, body := range []string{`{}`, `{"job":"Orders"}`, `{"job":"orders "}`} {
		post(body, 409, "not-confirmed")
	}
	post(`{"jobs":"orders"}`, 400, "unknown field")
	if p := page(views); strings.Contains(p, `name="confirm"`) || !strings.Contains(p, "sequences go on where") {
		t.Errorf("a viewer sees %s", p)
	}
	send(ledger.VerbPause)
	post(`{"job":"orders"}`, 409, "floe resume")
	if p := page(operates); strings.Contains(p, `name="confirm"`) || !strings.Contains(p, "paused by") {
		t.Errorf("of a job that is paused one sees %s", p)
	}
	send(ledger.VerbStop, control.CutOver) // a cut-over of before that did not come to its end
	if p := page(operates); !strings.Contains(p, `name="confirm"`) {
		t.Errorf("an operator sees %s", p)
	}
	post(`{"job":"orders"}`, 202, `"running":true`)
	post(`{"job":"orders"}`, 202, `"running":true`) // and nothing is done twice
	for _, x := range []string{StepDrain, StepStop, StepTake} {
		steps <- x
		until(`"step":"` + x + `"`)
	}
	if p := page(operates); !strings.Contains(p, `aria-current="step"`) || strings.Contains(p, `name="confirm"`) {
		t.Errorf("while it goes on one sees %s", p)
	}
	steps <- ""
	fails <- errors.New("the source has 1 change " + odd)
	until(`"error":"the source has 1 change`)
	if p := page(operates); !strings.Contains(p, `name="confirm"`) || !strings.Contains(p, "the source has 1 change") || strings.Contains(p, "<img src=x") {
		t.Errorf("when it failed one sees %s", p)
	}
	post(`{"job":"orders"}`, 202, `"running":true`)
	steps <- ""
	send(ledger.VerbFinish)
	fails <- nil
	if body := until(`"done":true`); !strings.Contains(body, `"finished":true`) || !strings.Contains(body, `"made":3,"sequences":2`) || strings.Contains(body, `"error"`) {
		t.Errorf("in the end: %s", body)
	}
	if p := page(operates); !strings.Contains(p, "The target has taken over") || !strings.Contains(p, "42883") || strings.Contains(p, "<img src=x") {
		t.Errorf("in the end one sees %s", p)
	}
	if code, _, body := ask(t, "POST", s.url+"/api/v1/job/cutover", "", bearer(operates)); code != 404 || !strings.Contains(body, "POST /api/v1/jobs/{name}/cutover") {
		t.Errorf("%d %s", code, body)
	}
	if code, _, body := ask(t, "POST", s.url+"/jobs/orders/cutover", "confirm=other", form, bearer(operates)); code != 409 || !strings.Contains(body, "not-confirmed") {
		t.Errorf("%d %s", code, body)
	}
}

// Where a console is not beside the databases it says which command does what needs them.
func TestWhatNeedsTheDatabasesIsSaidWithItsCommand(t *testing.T) {
	t.Parallel()
	s, d := start(t), describedNow(t)
	s.place(t)
	for verb, want := range map[string]string{"cutover": "floe cutover -f job.yaml", "reset": "floe job reset -f job.yaml"} {
		for _, method := range []string{"GET", "POST"} {
			code, h, body := ask(t, method, s.url+"/api/v1/jobs/orders/"+verb, "")
			d.answers(t, method, "/api/v1/jobs/{name}/"+verb, code, h.Get("Content-Type"), body)
			if code != 409 || !strings.Contains(body, `"code":"not-here"`) || !strings.Contains(body, want) {
				t.Errorf("%s %s: %d %s", method, verb, code, body)
			}
		}
		if code, _, body := ask(t, "GET", s.url+"/jobs/orders/"+verb, ""); code != 200 || !strings.Contains(body, want) || strings.Contains(body, `name="confirm"`) {
			t.Errorf("the page of %s: %d %s", verb, code, body)
		}
		if code, _, _ := ask(t, "GET", s.url+"/jobs/nobody/"+verb, ""); code != 404 {
			t.Errorf("%s of a job that is not there: %d", verb, code)
		}
	}
}
