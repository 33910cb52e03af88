package console

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"floe/pkg/control"
)

func accepts(media string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept", media) }
}

// A console of Kafka finds the job as a connector, pauses it, and tries again what failed; what it cannot do
// it is told in Connect's words.
func TestTheJobIsAConnector(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.busy(t)
	const info = `{"name":"orders","config":{"connector.class":"floe","name":"orders","tasks.max":"2"},"tasks":[{"connector":"orders","task":0},{"connector":"orders","task":1}],"type":"source"}`
	const state = `{"name":"orders","connector":{"state":"FAILED","worker_id":"floe"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"capture/c"},{"id":1,"state":"FAILED","worker_id":"applier/a","trace":"constraint-violation: sales.Orders refuses a row"}],"type":"source"}`
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/connectors", 200, `["orders"]`}, {"GET", "/connectors/orders", 200, info}, {"GET", "/connectors/orders/status", 200, state},
		{"GET", "/connectors?expand=status&expand=info", 200, `{"orders":{"info":` + info + `,"status":` + state + `}}`},
		{"GET", "/connectors?expand=info,status", 200, `{"orders":{"info":` + info + `,"status":` + state + `}}`},
		{"GET", "/connectors?expand=status", 200, `{"orders":{"status":` + state + `}}`},
		{"GET", "/connectors/orders/config", 200, `"connector.class":"floe"`},
		{"GET", "/connectors/orders/tasks", 200, `[{"id":{"connector":"orders","task":0},"config":{"task.class":"floe.capture"}},`},
		{"GET", "/connectors/orders/tasks/1/status", 200, `{"id":1,"state":"FAILED"`}, {"GET", "/connectors/orders/tasks/2/status", 404, `{"error_code":404,"message":"No status`},
		{"GET", "/connectors/orders/topics", 200, `{"orders":{"topics":["orders.`}, {"GET", "/connector-plugins", 200, `[{"class":"floe","type":"source","version":"`},
		{"GET", "/connectors/other/status", 404, `{"error_code":404,"message":"Connector other not found"}`}, {"PUT", "/connectors/other/pause", 404, `"error_code":404`},
		{"POST", "/connectors/orders/restart", 204, ""}, {"POST", "/connectors/orders/restart?includeTasks=true&onlyFailed=true", 202, state}, {"POST", "/connectors/orders/tasks/1/restart", 204, ""},
		{"PUT", "/connectors/orders/pause", 202, ""}, {"PUT", "/connectors/orders/pause", 202, ""}, {"PUT", "/connectors/orders/resume", 202, ""}, {"PUT", "/connectors/orders/stop", 202, ""},
		{"PUT", "/connectors/orders/start", 404, `{"error_code":404,"message":"verb-unknown: `}, {"PUT", "/connectors/orders/config", 405, `{"error_code":405,"message":"a job`},
		{"DELETE", "/connectors/orders", 405, `"error_code":405`}, {"POST", "/connectors", 405, `"error_code":405`},
	} {
		code, h, body := ask(t, c.method, s.url+c.path, "", accepts("application/json"))
		if code != c.status || !strings.Contains(body, c.want) || c.want == "" != (body == "") {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, body)
		}
		if body != "" && (h.Get("Content-Type") != "application/json" || !json.Valid([]byte(body))) {
			t.Errorf("%s %s: %s %s", c.method, c.path, h.Get("Content-Type"), body)
		}
	}
	sent, err := control.Read(t.Context(), s.kafka, "orders")
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for _, c := range sent.Commands() {
		verbs = append(verbs, c.Verb)
	}
	if got := strings.Join(verbs, " "); got != "retry retry retry pause resume stop" {
		t.Errorf("the log has %s", got)
	}
}

// Where Connect's root is asked for it is answered; browsers, and who asks for anything, get the page.
func TestTheRootIsConnectsForWhoAsksForJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	for media, root := range map[string]bool{"application/json": true, "application/json, text/plain, */*": true, "*/*": false, "text/html,application/xhtml+xml,application/json;q=0.9": false} {
		code, _, body := ask(t, "GET", s.url+"/", "", accepts(media))
		var r connectRoot
		if is := json.Unmarshal([]byte(body), &r) == nil && r.Version != "" && r.Commit != "" && r.Cluster != ""; code != 200 || is != root {
			t.Errorf("%s: %d %.200s", media, code, body)
		}
	}
}
