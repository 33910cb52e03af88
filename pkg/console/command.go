package console

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/overview"
)

// Reason is kept with a command and shown by the status.
type Reason struct {
	Reason string `json:"reason,omitempty"`
}

// Named are tables as in SQL, quoted where SQL would quote.
type Named struct {
	Tables []string `json:"tables"`
}

// Changed are bounds of the job, each KEY=VALUE as in the job file.
type Changed struct {
	Settings []string `json:"settings"`
}

// Sent is a command that the log has, or that was so already; Offset is where it stands.
type Sent struct {
	Verb   string `json:"verb"`
	Sent   bool   `json:"sent"`
	Offset int64  `json:"offset,omitempty"`
	Text   string `json:"text"`
}

// Commands is what was sent to the job.
type Commands struct {
	Run      string    `json:"run"` // RUNNING, PAUSED, STOPPED or FINISHED
	Who      string    `json:"who,omitempty"`
	Settings []Setting `json:"settings"` // what may change while the job runs
	Commands []Command `json:"commands"`
}

// Setting is a bound of the job; Value is empty where the job file's goes.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Command is one of them.
type Command struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Verb string    `json:"verb"`
	Args []string  `json:"args"`
}

// Bounds of what a command bears.
const (
	mostReason  = 500
	mostNamed   = 200
	mostHistory = 200
)

// elsewhere are verbs of the command line that need more than a console has that knows the log alone.
var elsewhere = map[string]*access.Problem{
	"reset":   {Status: http.StatusConflict, Code: "not-here", Detail: "a job is begun anew with both of its databases at hand, while none of its services works", Hint: "floe stop, end its services, then floe job reset -f job.yaml where the job file is"},
	"cutover": {Status: http.StatusConflict, Code: "not-here", Detail: "the cut-over works on both of the job's databases", Hint: "floe cutover -f job.yaml where the job file is"},
}

// elsewhere is why a verb is none of those that say whether a job is to work.
func (s *server) elsewhere(prefix, verb string) *access.Problem {
	can := map[string]bool{"cutover": s.Near.CutOver != nil, "reset": s.Near.Reset != nil}
	if verb == "delete" || can[verb] && prefix == s.Prefix {
		return &access.Problem{Status: http.StatusNotFound, Code: "path-unknown", Detail: "what ends a job is done by the prefix of its topics, and its name", Hint: "POST /api/v1/jobs/{name}/" + verb}
	}
	return elsewhere[verb]
}

var verbs = []string{ledger.VerbStart, ledger.VerbPause, ledger.VerbResume, ledger.VerbStop}

func isJSON(header string) bool {
	media, _, err := mime.ParseMediaType(header)
	return err == nil && media == "application/json"
}

func (s *server) postVerb(w http.ResponseWriter, r *http.Request) {
	var b Reason
	if p := decode(r, &b); p != nil {
		p.Write(w)
		return
	}
	sent, p := s.run(r.Context(), r.PathValue("verb"), b.Reason)
	s.told(w, sent, p)
}

func (s *server) postTables(w http.ResponseWriter, r *http.Request) {
	var b Named
	if p := decode(r, &b); p != nil {
		p.Write(w)
		return
	}
	sent, p := s.selects(r.Context(), r.PathValue("verb"), b.Tables)
	s.told(w, sent, p)
}

func (s *server) told(w http.ResponseWriter, sent Sent, p *access.Problem) {
	s.tell(w, http.StatusAccepted, sent, p)
}

// run says whether the job is to work, unless that is so already.
func (s *server) run(ctx context.Context, verb, reason string) (Sent, *access.Problem) {
	return s.runAt(ctx, s.Prefix, verb, reason)
}

// runAt says it of the job whose topics begin with a prefix.
func (s *server) runAt(ctx context.Context, prefix, verb, reason string) (Sent, *access.Problem) {
	if p := s.elsewhere(prefix, verb); p != nil {
		return Sent{}, p
	}
	if !slices.Contains(verbs, verb) {
		return Sent{}, &access.Problem{Status: http.StatusNotFound, Code: "verb-unknown", Detail: "want " + strings.Join(verbs, ", ")}
	}
	if p := fits(reason); p != nil {
		return Sent{}, p
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	sent, err := control.Read(ctx, s.Kafka, prefix)
	if err != nil {
		return Sent{}, s.silent(err)
	}
	nothing, err := sent.Judge(verb)
	var conflict *control.ConflictError
	if errors.As(err, &conflict) {
		return Sent{}, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: conflict.Detail, Hint: conflict.Fix}
	}
	if verb == ledger.VerbStart && !sent.Started && prefix == s.Prefix {
		if by := overview.Barred(s.watch.now().reports); len(by) > 0 {
			return Sent{}, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: "the prechecks of " + by[0].Role + " failed: " + by[0].Reason + " " + by[0].Detail, Hint: by[0].Fix}
		}
	}
	if nothing {
		return Sent{Verb: verb, Text: "nothing to do, it is so already"}, nil
	}
	var args []string
	if reason != "" {
		args = append(args, reason)
	}
	return s.sendTo(ctx, prefix, verb, args)
}

func (s *server) postSettings(w http.ResponseWriter, r *http.Request) {
	var b Changed
	if p := decode(r, &b); p != nil {
		p.Write(w)
		return
	}
	sent, p := s.set(r.Context(), b.Settings)
	s.told(w, sent, p)
}

// set changes bounds of the job.
func (s *server) set(ctx context.Context, texts []string) (Sent, *access.Problem) {
	var check control.Settings
	for _, text := range texts {
		if err := check.Set(text); err != nil {
			return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()}
		}
	}
	if len(texts) == 0 || len(texts) > len(control.Keys) {
		return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "want one KEY=VALUE at least, and each key once: " + strings.Join(control.Keys, ", ")}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return s.send(ctx, ledger.VerbSet, texts)
}

// settings are the bounds as they go now.
func settings(set control.Settings) []Setting {
	now, out := set.Values(), make([]Setting, len(control.Keys))
	for i, key := range control.Keys {
		out[i] = Setting{Key: key, Value: now[key]}
	}
	return out
}

// fits refuses a reason that the status could not show.
func fits(reason string) *access.Problem {
	if len(reason) > mostReason || !utf8.ValidString(reason) || strings.ContainsAny(reason, "\r\n\x00") {
		return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: fmt.Sprintf("a reason is one line of %d bytes at most", mostReason)}
	}
	return nil
}

// selects adds tables to the job, or removes some.
func (s *server) selects(ctx context.Context, verb string, tables []string) (Sent, *access.Problem) {
	if verb != ledger.VerbAdd && verb != ledger.VerbRemove && verb != ledger.VerbResync {
		return Sent{}, &access.Problem{Status: http.StatusNotFound, Code: "verb-unknown", Detail: "want add, remove or resync"}
	}
	if len(tables) == 0 || len(tables) > mostNamed {
		return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: fmt.Sprintf("want 1 to %d tables", mostNamed)}
	}
	names, p := s.named(tables, verb == ledger.VerbResync)
	if p != nil {
		return Sent{}, p
	}
	args := make([]string, len(names))
	for i, n := range names {
		args[i] = n.SQL()
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if verb == ledger.VerbAdd && s.Near.Present != nil {
		if err := s.Near.Present(ctx, names); err != nil {
			return Sent{}, &access.Problem{Status: http.StatusConflict, Code: "table-unknown", Detail: err.Error()}
		}
	}
	return s.send(ctx, verb, args)
}

// Replayed are tables, none for all, and from where on: a ledger offset, an LSN of the source, or a time on
// the source's clock.
type Replayed struct {
	From   string   `json:"from"`
	Tables []string `json:"tables,omitempty"`
}

func (s *server) postReplay(w http.ResponseWriter, r *http.Request) {
	var b Replayed
	if p := decode(r, &b); p != nil {
		p.Write(w)
		return
	}
	sent, p := s.replay(r.Context(), b)
	s.told(w, sent, p)
}

// replay writes again what the log says. What becomes of it, the appliers say.
func (s *server) replay(ctx context.Context, b Replayed) (Sent, *access.Problem) {
	place, err := control.ParsePlace(b.From)
	if err != nil {
		return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "from " + err.Error()}
	}
	if len(b.Tables) > mostNamed {
		return Sent{}, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: fmt.Sprintf("want %d tables at most; none are all", mostNamed)}
	}
	names, p := s.named(b.Tables, true)
	if p != nil {
		return Sent{}, p
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	from, err := place.Offset(ctx, s.Kafka, s.Prefix)
	if conflict := (*control.ConflictError)(nil); errors.As(err, &conflict) {
		return Sent{}, &access.Problem{Status: http.StatusConflict, Code: "place-unknown", Detail: conflict.Detail, Hint: conflict.Fix}
	}
	if err != nil {
		return Sent{}, s.silent(err)
	}
	k := control.NewReplay(from, names)
	sent, p := s.send(ctx, ledger.VerbReplay, k.Args())
	if p == nil {
		sent.Text = "it is in the log as replay " + k.ID + "; the detail of each applier in GET /api/v1/status tells what becomes of it"
	}
	return sent, p
}

// named reads names of tables as in SQL; known refuses those that the job does not have.
func (s *server) named(tables []string, known bool) ([]ident.Name, *access.Problem) {
	names := make([]ident.Name, len(tables))
	for i, t := range tables {
		n, err := ident.Parse(t)
		if err != nil {
			return nil, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error(), Hint: "names are written as in SQL: schema.table"}
		}
		if _, ok := s.table(n.Schema, n.Name); !ok && known {
			return nil, &access.Problem{Status: http.StatusConflict, Code: "table-unknown", Detail: "the job does not replicate " + n.String(), Hint: "GET /api/v1/tables lists those that it does; a partition comes with its root"}
		}
		names[i] = n
	}
	return names, nil
}

// send appends a command. Who sent it stands in it for ever, and in our log.
func (s *server) send(ctx context.Context, verb string, args []string) (Sent, *access.Problem) {
	return s.sendTo(ctx, s.Prefix, verb, args)
}

func (s *server) sendTo(ctx context.Context, prefix, verb string, args []string) (Sent, *access.Problem) {
	by := s.sender(ctx)
	at, err := control.SendBy(ctx, s.Kafka, prefix, by, verb, args...)
	if err != nil {
		return Sent{}, s.silent(err)
	}
	s.Log.Info("command sent", "job", prefix, "verb", verb, "by", by, "offset", at)
	return Sent{verb, true, at, "it is in the log; the services take it up at once"}, nil
}

func (s *server) silent(err error) *access.Problem {
	s.Log.Warn("the log does not answer", "err", err)
	return &access.Problem{Status: http.StatusServiceUnavailable, Code: "log-unreachable", Detail: "the job's log does not answer; whether a command that was sent arrived is not known", Hint: "GET /api/v1/commands tells, once it answers"}
}

func (s *server) getCommands(w http.ResponseWriter, r *http.Request) {
	c, err := s.commands(r.Context())
	if err != nil {
		s.unreachable(w, err)
		return
	}
	s.answer(w, http.StatusOK, c)
}

func (s *server) commands(ctx context.Context) (Commands, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	sent, err := control.Read(ctx, s.Kafka, s.Prefix)
	if err != nil {
		return Commands{}, err
	}
	out := Commands{Run: string(sent.Run), Who: sent.Who(), Settings: settings(sent.Set), Commands: []Command{}}
	for _, c := range slices.Backward(sent.Commands()) {
		if len(out.Commands) == mostHistory {
			break
		}
		if c.Verb == ledger.VerbDescribe { // the file is page Settings'
			c.Args = c.Args[:min(len(c.Args), 1)]
		}
		out.Commands = append(out.Commands, Command{time.UnixMicro(c.At).UTC(), c.By, c.Verb, append([]string{}, c.Args...)})
	}
	return out, nil
}
