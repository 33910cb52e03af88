package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/access"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// What follows is Kafka Connect's REST interface as far as consoles of Kafka need it to list the job,
// show how it is, pause it, and try again what failed. Its services are the connector's tasks. Errors
// have Connect's form: these consoles show its message and know no other.

// connectVersion is the release of Connect whose interface this is: consoles ask for it.
const connectVersion = "3.9.0"

// connectClass is what the job is an instance of.
const connectClass = "floe"

type connectRoot struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Cluster string `json:"kafka_cluster_id"`
}

type connectorPlugin struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

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

type connectorTaskInfo struct {
	ID     connectorTask     `json:"id"`
	Config map[string]string `json:"config"`
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

type connectorTopics struct {
	Topics []string `json:"topics"`
}

// expanded is a connector in a list that was asked for with more than names.
type expanded struct {
	Info   *connectorInfo   `json:"info,omitempty"`
	Status *connectorStatus `json:"status,omitempty"`
}

// connect are its routes.
func (s *server) connect() []route {
	out := []route{{pattern: "GET /connectors", rule: access.View, do: s.connectors}, {pattern: "GET /connector-plugins", rule: access.View, do: s.connectorPlugins}}
	for path, do := range map[string]http.HandlerFunc{"": s.connector, "/status": s.connectorStatus, "/config": s.connectorConfig, "/tasks": s.connectorTasks, "/tasks/{task}/status": s.connectorTask, "/topics": s.connectorTopics} {
		out = append(out, route{pattern: "GET /connectors/{name}" + path, rule: access.View, do: s.ours(do)})
	}
	for pattern, do := range map[string]http.HandlerFunc{"PUT /connectors/{name}/{verb}": s.connectorVerb, "POST /connectors/{name}/restart": s.connectorRestart, "POST /connectors/{name}/tasks/{task}/restart": s.connectorRestart,
		"DELETE /connectors/{name}": s.connectorFixed, "PUT /connectors/{name}/config": s.connectorFixed} {
		out = append(out, route{pattern: pattern, rule: access.Operate, do: s.ours(do)})
	}
	return append(out, route{pattern: "POST /connectors", rule: access.Operate, do: s.connectorFixed})
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

func (s *server) connectFault(w http.ResponseWriter, code int, message string) {
	s.answer(w, code, connectError{code, message})
}

func (s *server) connectProblem(w http.ResponseWriter, p *access.Problem) {
	message := p.Code + ": " + p.Detail
	if p.Hint != "" {
		message += "; " + p.Hint
	}
	s.connectFault(w, p.Status, message)
}

// ours answers for names that are not the job's.
func (s *server) ours(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("name"); name != s.Job {
			s.connectFault(w, http.StatusNotFound, "Connector "+name+" not found")
			return
		}
		next(w, r)
	}
}

// first answers who asks for / as for Connect's, else with the page.
func (s *server) first(w http.ResponseWriter, r *http.Request) {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if !strings.Contains(accept, "application/json") || strings.Contains(accept, "text/html") {
		s.overviewPage(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	cluster, err := s.cluster(ctx)
	if err != nil {
		s.connectProblem(w, s.silent(err))
		return
	}
	s.answer(w, http.StatusOK, connectRoot{connectVersion, connectClass, cluster})
}

// cluster is what Kafka calls itself.
func (s *server) cluster(ctx context.Context) (string, error) {
	client, err := kgo.NewClient(s.Kafka...)
	if err != nil {
		return "", err
	}
	defer client.Close()
	m, err := kadm.NewClient(client).BrokerMetadata(ctx)
	return m.Cluster, err
}

func (s *server) connectorPlugins(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, []connectorPlugin{{connectClass, "source", connectVersion}})
}

func (s *server) connectors(w http.ResponseWriter, r *http.Request) {
	var x expanded
	for _, e := range r.URL.Query()["expand"] {
		for part := range strings.SplitSeq(e, ",") {
			switch part {
			case "info":
				i := s.info()
				x.Info = &i
			case "status":
				c := s.state()
				x.Status = &c
			}
		}
	}
	if x == (expanded{}) {
		s.answer(w, http.StatusOK, []string{s.Job})
		return
	}
	s.answer(w, http.StatusOK, map[string]expanded{s.Job: x})
}

func (s *server) config() map[string]string {
	return map[string]string{"name": s.Job, "connector.class": connectClass, "tasks.max": strconv.Itoa(max(1, len(s.watch.now().sum.Services)))}
}

func (s *server) info() connectorInfo {
	c := connectorInfo{Name: s.Job, Config: s.config(), Tasks: []connectorTask{}, Type: "source"}
	for i := range s.watch.now().sum.Services {
		c.Tasks = append(c.Tasks, connectorTask{s.Job, i})
	}
	return c
}

func (s *server) connector(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, s.info())
}

func (s *server) connectorConfig(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, s.config())
}

func (s *server) connectorTasks(w http.ResponseWriter, _ *http.Request) {
	out := []connectorTaskInfo{}
	for i, x := range s.watch.now().sum.Services {
		out = append(out, connectorTaskInfo{connectorTask{s.Job, i}, map[string]string{"task.class": connectClass + "." + x.Role}})
	}
	s.answer(w, http.StatusOK, out)
}

// state is the job's and its services'.
func (s *server) state() connectorStatus {
	sum := s.watch.now().sum
	c := connectorStatus{Name: s.Job, Connector: connectorState{State: connectState(sum.State), Worker: connectClass}, Tasks: []taskState{}, Type: "source"}
	for i, x := range sum.Services {
		t := taskState{i, connectorState{connectState(x.State), x.Role + "/" + x.Instance, ""}}
		if t.State == "FAILED" {
			t.Trace = x.Reason + ": " + x.Detail
		}
		c.Tasks = append(c.Tasks, t)
	}
	return c
}

func (s *server) connectorStatus(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, s.state())
}

func (s *server) connectorTask(w http.ResponseWriter, r *http.Request) {
	all := s.state().Tasks
	i := slices.IndexFunc(all, func(t taskState) bool { return strconv.Itoa(t.ID) == r.PathValue("task") })
	if i < 0 {
		s.connectFault(w, http.StatusNotFound, "No status found for task "+s.Job+"-"+r.PathValue("task"))
		return
	}
	s.answer(w, http.StatusOK, all[i])
}

// connectorTopics are those of the tables' rows.
func (s *server) connectorTopics(w http.ResponseWriter, _ *http.Request) {
	topics := connectorTopics{[]string{}}
	for _, t := range s.watch.now().sum.Tables {
		topics.Topics = append(topics.Topics, ident.Topic(s.Prefix, ident.Name{Schema: t.Schema, Name: t.Name}))
	}
	s.answer(w, http.StatusOK, map[string]connectorTopics{s.Job: topics})
}

func (s *server) connectorVerb(w http.ResponseWriter, r *http.Request) {
	verb := r.PathValue("verb")
	if verb == ledger.VerbStart { // Connect has no such verb
		verb = ""
	}
	if verb == ledger.VerbResume && s.watch.now().sum.State == "STOPPED" { // Connect's resume ends a stop
		verb = ledger.VerbStart
	}
	if _, p := s.run(r.Context(), verb, ""); p != nil {
		s.connectProblem(w, p)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// connectorRestart tries again what stopped the job. Connect answers with the state where tasks are meant too.
func (s *server) connectorRestart(w http.ResponseWriter, r *http.Request) {
	if _, p := s.retry(r.Context()); p != nil {
		s.connectProblem(w, p)
		return
	}
	if r.URL.Query().Get("includeTasks") == "true" {
		s.answer(w, http.StatusAccepted, s.state())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// connectorFixed refuses what a console of Kafka cannot do to a job.
func (s *server) connectorFixed(w http.ResponseWriter, _ *http.Request) {
	s.connectFault(w, http.StatusMethodNotAllowed, "a job of floe is made, changed and deleted by its own console and command line: floe job apply, floe delete")
}
