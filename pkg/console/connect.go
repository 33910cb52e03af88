package console

import (
	"encoding/json"
	"net/http"

	"floe/pkg/ledger"
)

// What follows is Kafka Connect's REST interface as far as consoles of Kafka need it to list the job,
// show how it is, and pause it. Its services are the connector's tasks.

type connectorInfo struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []connectorTask   `json:"tasks"`
	Type   string            `json:"type"`
}

type connectorTask struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

type connectorState struct {
	State  string `json:"state"`
	Worker string `json:"worker_id"`
	Trace  string `json:"trace,omitempty"`
}

type taskState struct {
	ID int `json:"id"`
	connectorState
}

type connectError struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

type connectorStatus struct {
	Name      string         `json:"name"`
	Connector connectorState `json:"connector"`
	Tasks     []taskState    `json:"tasks"`
	Type      string         `json:"type"`
}

// connectState is a state in Connect's words.
func connectState(state string) string {
	switch state {
	case "PAUSED", "STOPPED":
		return state
	case "FINISHED":
		return "STOPPED"
	case "FAILED", "BLOCKED", "PRECHECK_FAILED":
		return "FAILED"
	case "NOT RUNNING", "CREATED", "PRECHECKING", "READY":
		return "UNASSIGNED"
	}
	return "RUNNING"
}

func (s *server) connectors(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, []string{s.Job})
}

// ours answers for names that are not the job's.
func (s *server) ours(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("name") == s.Job {
		return true
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(connectError{http.StatusNotFound, "Connector not found"}) // the client has gone
	return false
}

func (s *server) connector(w http.ResponseWriter, r *http.Request) {
	if !s.ours(w, r) {
		return
	}
	c := connectorInfo{Name: s.Job, Config: map[string]string{"name": s.Job, "connector.class": "floe"}, Tasks: []connectorTask{}, Type: "source"}
	for i := range s.watch.now().sum.Services {
		c.Tasks = append(c.Tasks, connectorTask{s.Job, i})
	}
	s.answer(w, http.StatusOK, c)
}

func (s *server) connectorStatus(w http.ResponseWriter, r *http.Request) {
	if !s.ours(w, r) {
		return
	}
	sum := s.watch.now().sum
	c := connectorStatus{Name: s.Job, Connector: connectorState{State: connectState(sum.State), Worker: "floe"}, Tasks: []taskState{}, Type: "source"}
	for i, x := range sum.Services {
		t := taskState{i, connectorState{connectState(x.State), x.Role + "/" + x.Instance, ""}}
		if t.State == "FAILED" {
			t.Trace = x.Reason + ": " + x.Detail
		}
		c.Tasks = append(c.Tasks, t)
	}
	s.answer(w, http.StatusOK, c)
}

func (s *server) connectorVerb(w http.ResponseWriter, r *http.Request) {
	if !s.ours(w, r) {
		return
	}
	verb := r.PathValue("verb")
	if verb == ledger.VerbStart { // Connect has no such verb
		verb = ""
	}
	sum := s.watch.now().sum
	if verb == ledger.VerbResume && sum.State == "STOPPED" { // Connect's resume ends a stop
		verb = ledger.VerbStart
	}
	if _, p := s.run(r.Context(), verb, ""); p != nil {
		p.Write(w)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
