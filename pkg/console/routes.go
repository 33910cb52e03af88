package console

import (
	"context"
	"net/http"
	"sync"

	"floe/pkg/access"
	"floe/pkg/console/history"
	"floe/pkg/console/logbook"
	"floe/pkg/overview"
	"floe/pkg/registry"
)

// server answers what is asked of a console.
type server struct {
	Config
	life     context.Context
	watch    *watch
	schemas  *registry.Server
	face     *face
	checks   checks
	compared compared
	planned  planned
	board    *board
	maker    *maker        // of a job for services elsewhere
	streams  chan struct{} // holds one for each stream that is open
	tails    chan struct{} // and for each reader of rows

	gone chan error // why the console's job is not there any more: it was deleted, or is to be reset

	handover handover
	looks    sync.Mutex

	mu      sync.Mutex
	over    bool                 // gone was told
	deleted map[string]*deletion // by the prefix of the job's topics
	asked   map[string]*checks   // of jobs that are not this console's, by the prefix of their topics
}

// mostStreams bounds the browsers that are told of news at once.
const mostStreams = 256

func newServer(c Config, schemas *registry.Server) *server {
	s := &server{Config: c, life: context.Background(), watch: newWatch(c), schemas: schemas, streams: make(chan struct{}, mostStreams), tails: make(chan struct{}, mostTails), asked: map[string]*checks{}, gone: make(chan error, 1), deleted: map[string]*deletion{}}
	s.board, s.face = newBoard(c.Kafka, s.watch), &face{c.Gate, c.Log, s.show}
	s.maker = newMaker(Making{Gate: c.Gate, Log: c.Log})
	s.maker.apart, s.maker.draft.Given = &apart{server: s, listed: map[string]listing{}}, c.Near.Kafka
	return s
}

// route is one path and who may ask it.
type route struct {
	pattern string
	rule    access.Rule
	page    bool // people ask for it: without a session they are led to sign in
	do      http.HandlerFunc
	about   about
}

// about is a route of the API as OpenAPI describes it. Takes and gives are values of the types that are
// read and written, nil for none.
type about struct {
	summary string
	query   []param
	takes   any
	gives   any
	status  int // of the answer, 200 if it is 0
	media   string
}

type param struct{ name, kind, text string }

func (s *server) routes() []route {
	return append(append(s.pages(), s.api()...), s.plain()...)
}

// api are the routes that programs use; GET /api/v1/openapi.json says the same.
func (s *server) api() []route {
	tables := []param{{"search", "string", "part of a name"}, {"state", "string", "a table's state"}, {"sort", "string", "name, state, loaded, captured or applied; with - before it descending"},
		{"limit", "integer", "1 to 1000"}, {"offset", "integer", "where to begin"}}
	log := []param{{"kind", "string", "a kind of entry, or structure for those that tell of starts and structure"}, {"before", "integer", "only entries below this offset"}, {"limit", "integer", "1 to 200"}}
	return []route{
		{"GET /api/v1/status", access.View, false, s.getStatus, about{summary: "All that the services report, as floe status -o json", gives: overview.Summary{}}},
		{"GET /api/v1/job", access.View, false, s.getJob, about{summary: "The job's state, stages, throughput and services", gives: Job{}}},
		{"GET /api/v1/jobs", access.View, false, s.getJobs, about{summary: "Jobs whose topics are on this log", gives: Jobs{}}},
		{"POST /api/v1/jobs/{name}/{verb}", access.Operate, false, s.postJobs, about{summary: "start, pause, resume or stop a job of this log; name is the prefix of its topics", takes: Reason{}, gives: Sent{}, status: http.StatusAccepted}},
		{"GET /api/v1/jobs/{name}/deletion", access.View, false, s.getDeletion, about{summary: "What a deletion of a job removes, what is in its way, and how far the one is that this console was asked for", gives: Deletion{}}},
		{"POST /api/v1/jobs/{name}/delete", access.Operate, false, s.postDeletion, about{summary: "End a stopped job for good, as floe delete: its services clear their sides, then its topics go; the job's name is wanted in the body", takes: Certain{}, gives: Deletion{}, status: http.StatusAccepted}},
		{"GET /api/v1/jobs/{name}/cutover", access.View, false, s.getCutOver, about{summary: "What is in the way of a cut-over, and how far the one is that this console was asked for. A console that is not beside the job's databases, as floe dev's is, answers not-here with the command that does it", gives: CutOver{}}},
		{"POST /api/v1/jobs/{name}/cutover", access.Operate, false, s.postCutOver, about{summary: "Have the target take over and end the job, as floe cutover; what was cut short a further one ends; the job's name is wanted in the body. Else not-here, as with GET", takes: Certain{}, gives: CutOver{}, status: http.StatusAccepted}},
		{"GET /api/v1/jobs/{name}/reset", access.View, false, s.getReset, about{summary: "What a reset of a stopped job removes, what stays, and what is in its way; both databases are asked. A console that is not beside them, as floe dev's is, answers not-here with the command that does it", gives: Reset{}}},
		{"POST /api/v1/jobs/{name}/reset", access.Operate, false, s.postReset, about{summary: "Take a stopped job back to before its first start, as floe job reset, and start it: everything is loaded again. The job's name is wanted in the body, and keep or empty where the target had tables before. The console is away for a moment. Else not-here, as with GET", takes: Anew{}, gives: Reset{}, status: http.StatusAccepted}},
		{"GET /api/v1/tables", access.View, false, s.getTables, about{summary: "Tables: state, rows loaded, changes captured and applied, lag", query: tables, gives: Tables{}}},
		{"GET /api/v1/tables/{schema}/{table}", access.View, false, s.getTable, about{summary: "One table", gives: Table{}}},
		{"GET /api/v1/tables/{schema}/{table}/events", access.View, false, s.rows, about{summary: "Rows of a table as they come, as server-sent events; a viewer is shown no values", query: []param{{"mask", "string", "a column whose values are not shown; may be repeated"}, {"values", "string", "none hides all values"}}, gives: "", media: "text/event-stream"}},
		{"GET /api/v1/errors", access.View, false, s.getErrors, about{summary: "What needs somebody, with its remedy", gives: Troubles{}}},
		{"GET /api/v1/errors/{code}", access.View, false, s.getExplained, about{summary: "What a code means, what floe did and did not do, and what mends it, as floe errors explain", gives: Explained{}}},
		{"POST /api/v1/errors/retry", access.Operate, false, s.postRetry, about{summary: "Try again what stopped the job", gives: Sent{}, status: http.StatusAccepted}},
		{"POST /api/v1/errors/skip", access.Operate, false, s.postSkip, about{summary: "Leave out the transaction or the change that a target refuses now, for good", takes: Left{}, gives: Sent{}, status: http.StatusAccepted}},
		{"GET /api/v1/structure", access.View, false, s.getStructure, about{summary: "Objects that are not on the target as they are on the source", gives: Structure{}}},
		{"GET /api/v1/prechecks", access.View, false, s.getChecks, about{summary: "The last prechecks: those that this console asked for, or that the services reported since", gives: Checks{}}},
		{"POST /api/v1/prechecks", access.Operate, false, s.postChecks, about{summary: "Run the prechecks; they change nothing", gives: Checks{}, status: http.StatusAccepted}},
		{"POST /api/v1/prechecks/ignore", access.Operate, false, s.postIgnore, about{summary: "Take a warning as known, with a reason, as long as this console runs", takes: Known{}, gives: Checks{}}},
		{"GET /api/v1/verify", access.View, false, s.getVerify, about{summary: "The last comparison of both databases that this console made; a viewer is not shown rows", gives: Comparison{}}},
		{"POST /api/v1/verify", access.Operate, false, s.postVerify, about{summary: "Compare every row and column of some tables, or of all; changes nothing", takes: Named{}, gives: Comparison{}, status: http.StatusAccepted}},
		{"POST /api/v1/verify/stop", access.Operate, false, s.postVerifyStop, about{summary: "End the comparison that goes on", gives: Comparison{}, status: http.StatusAccepted}},
		{"GET /api/v1/plan", access.View, false, s.getPlan, about{summary: "What the job makes, loads and leaves out", gives: "", media: "text/plain"}},
		{"GET /api/v1/log", access.View, false, s.getLog, about{summary: "Entries of the ledger, the newest first", query: log, gives: logbook.Page{}}},
		{"GET /api/v1/checkpoints", access.View, false, s.getCheckpoints, about{summary: "How far each service is, and what the log must keep", gives: Checkpoints{}}},
		{"GET /api/v1/commands", access.View, false, s.getCommands, about{summary: "Commands that were sent to the job, the newest first, and what they mean together", gives: Commands{}}},
		{"GET /api/v1/history", access.View, false, s.getHistory, about{summary: "Latency, throughput and WAL over time", query: []param{{"range", "string", "1m, 1h, 6h, 24h or 7d"}}, gives: History{}}},
		{"GET /api/v1/events", access.View, false, s.events, about{summary: "The job's state as server-sent events, once a second at most", gives: "", media: "text/event-stream"}},
		{"GET /api/v1/job/file", access.View, false, s.getFile, about{summary: "The job file that is true now, as floe job export; passwords are references", gives: "", media: "application/yaml"}},
		{"POST /api/v1/job/{verb}", access.Operate, false, s.postVerb, about{summary: "start, pause, resume or stop the job", takes: Reason{}, gives: Sent{}, status: http.StatusAccepted}},
		{"POST /api/v1/job/apply", access.Operate, false, s.postApply, about{summary: "Make a changed job file true of the running job, as far as it can change, as floe job apply; its addresses, passwords and log are not looked at", takes: Changes{}, gives: Applied{}}},
		{"POST /api/v1/tables/{verb}", access.Operate, false, s.postTables, about{summary: "add tables to the job, remove some, or resync: read their rows again", takes: Named{}, gives: Sent{}, status: http.StatusAccepted}},
		{"POST /api/v1/tables/replay", access.Operate, false, s.postReplay, about{summary: "Write to the target again what the log says that rows of some tables, or of all, became since a place", takes: Replayed{}, gives: Sent{}, status: http.StatusAccepted}},
		{"POST /api/v1/settings", access.Operate, false, s.postSettings, about{summary: "Change bounds of the running job; GET /api/v1/commands has them", takes: Changed{}, gives: Sent{}, status: http.StatusAccepted}},
		{"GET /api/v1/openapi.json", access.View, false, s.getOpenAPI, about{}},
	}
}

// Troubles, Structure and History are lists with room for more beside them.
type (
	Troubles struct {
		Errors []Trouble `json:"errors"`
	}
	Structure struct {
		// Differing counts all of them; Objects names the first.
		Differing int             `json:"differing"`
		Objects   []overview.Fact `json:"objects"`
	}
	History struct {
		Range  string          `json:"range"`
		Points []history.Point `json:"points"`
	}
)

// plain are the routes of machines: health, metrics, schemas, and a face that consoles of Kafka know.
func (s *server) plain() []route {
	out := []route{
		{pattern: "GET /readyz", rule: access.Open, do: s.ready},
		{pattern: "GET /metrics", rule: access.View, do: s.metrics().ServeHTTP},
	}
	out = append(out, s.connect()...)
	for _, path := range registry.Paths {
		out = append(out, route{pattern: path, rule: access.View, do: s.schemas.ServeHTTP})
	}
	return out
}
