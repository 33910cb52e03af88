package console

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/status"
	"floe/schemas"
)

// A job is deleted by who typed its name, once it is stopped and both services are heard; then its services clear
// their sides, its topics go, and everybody sees that. A viewer sees what would go, and no form.
func TestAJobIsDeletedByItsName(t *testing.T) {
	t.Parallel()
	s, d := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, Near{}), describedNow(t)
	s.place(t)
	s.say(t, status.Report{Role: "capture", State: "SYNCING", Tables: []status.Table{{Schema: "sales", Name: odd}}})
	as := bearer(operates)
	get := func() string {
		t.Helper()
		code, h, body := ask(t, "GET", s.url+"/api/v1/jobs/orders/deletion", "", as)
		d.answers(t, "GET", "/api/v1/jobs/{name}/deletion", code, h.Get("Content-Type"), body)
		return body
	}
	until := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			body := get()
			if strings.Contains(body, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %s in %s", want, body)
			}
		}
	}
	post := func(body string, code int, want string) {
		t.Helper()
		got, h, said := ask(t, "POST", s.url+"/api/v1/jobs/orders/delete", body, as)
		d.answers(t, "POST", "/api/v1/jobs/{name}/delete", got, h.Get("Content-Type"), said)
		if got != code || !strings.Contains(said, want) {
			t.Fatalf("%s: %d, want %d and %s: %s", body, got, code, want, said)
		}
	}
	until(`"refused":"the job runs"`)
	post(`{"job":"orders"}`, 409, "floe stop first")
	if _, err := control.Send(t.Context(), s.kafka, "orders", ledger.VerbStop); err != nil {
		t.Fatal(err)
	}
	until(`nothing is heard of job orders's applier`)
	post(`{"job":"orders"}`, 409, "start floe applier")
	for role := range map[string]bool{"capture": true, "applier": true} {
		s.say(t, status.Report{Role: role, State: "STOPPED", Obeyed: 1, Tables: []status.Table{{Schema: "sales", Name: odd}}})
	}
	until(`"stay":1},"running":false`)
	for _, body := range []string{`{}`, `{"job":"Orders"}`, `{"job":"orders "}`} {
		post(body, 409, "not-confirmed")
	}
	page := func(token string) string {
		t.Helper()
		_, _, body := ask(t, "GET", s.url+"/jobs/orders/delete", "", bearer(token))
		return body
	}
	if p := page(views); strings.Contains(p, `name="confirm"`) || !strings.Contains(p, "publication floe_orders") {
		t.Errorf("a viewer sees %s", p)
	}
	if p := page(operates); !strings.Contains(p, `name="confirm"`) {
		t.Errorf("an operator sees %s", p)
	}
	if code, _, body := ask(t, "POST", s.url+"/jobs/orders/delete", "confirm=other", form, as); code != 409 || !strings.Contains(body, "not-confirmed") {
		t.Errorf("%d %s", code, body)
	}
	if code, _, body := ask(t, "POST", s.url+"/jobs/nobody/delete", "confirm=nobody", form, as); code != 404 {
		t.Errorf("a job that is not there: %d %s", code, body)
	}
	if sent, err := control.Read(t.Context(), s.kafka, "orders"); err != nil || sent.Run != control.Stopped {
		t.Fatalf("%v, %+v", err, sent)
	}
	post(`{"job":"orders"}`, 202, `"running":true`)
	post(`{"job":"orders"}`, 202, `"running":true`) // and nothing is done twice
	until(`"sides":[{"role":`)
	s.say(t, status.Report{Role: "capture", State: "FINISHED", Obeyed: 2, Detail: "removed: " + odd})
	until(`"cleared":true`)
	if p := page(operates); strings.Contains(p, "<img src=x") || !strings.Contains(p, "onerror=alert(1)&gt;") || strings.Contains(p, `name="confirm"`) {
		t.Errorf("%s", p)
	}
	sent, err := control.Read(t.Context(), s.kafka, "orders")
	if c := sent.Commands(); err != nil || len(c) != 2 || c[1].Verb != ledger.VerbDelete || !strings.HasPrefix(c[1].By, "operator by console of ") {
		t.Fatalf("%v, %+v", err, c)
	}
	s.say(t, status.Report{Role: "applier", State: "FINISHED", Obeyed: 2})
	until(`"deleted":true`)
	topics, err := kadm.NewClient(s.client).ListTopics(t.Context())
	if err != nil || slices.ContainsFunc(topics.Names(), func(n string) bool { return strings.HasPrefix(n, "orders.") }) {
		t.Errorf("topics left: %v, %v", topics.Names(), err)
	}
	if p := page(operates); !strings.Contains(p, "The job is deleted") || strings.Contains(p, "is not being read") {
		t.Errorf("%s", p)
	}
	// Another job of that name is another one.
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), broker.Control("orders", 1)); err != nil {
		t.Fatal(err)
	}
	again, err := schemas.EncodeStatus(&status.Report{Role: "capture", Job: "orders", State: "READY", At: time.Now().UnixMicro()})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.said["capture"] = again // a client learns at some time that the topic is another one
	delete(s.said, "applier/main")
	s.mu.Unlock()
	until(`"running":false,"sides":[],"deleted":false`)
}
