package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/e2e/rig"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/port"
)

// apart is a job whose services are processes of their own: capture knows the source alone, the applier the
// target alone, and who asks only the log.
type apart struct {
	*rig.Floe
	t       *testing.T
	ctx     context.Context
	address string
	log     []string
	asked   map[string]string // where services answer, by the names that they were started by
}

func newApart(t *testing.T, f *rig.Floe, name string) *apart {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	s, address, err := f.Broker(ctx)
	a := &apart{Floe: f, t: t, ctx: ctx, address: address, log: []string{"--job", name, "--broker", address}, asked: map[string]string{}}
	if err != nil {
		t.Fatal(err)
	}
	a.ends(s)
	return a
}

func (a *apart) ends(s *rig.Service) {
	a.t.Cleanup(func() {
		if a.t.Failed() {
			a.t.Logf("%s:\n%s", s.LogFile, s.Log())
		}
		_ = s.Kill() // it may have ended
	})
}

func (a *apart) service(name string, args ...string) *rig.Service {
	a.t.Helper()
	free, err := port.Free()
	if err != nil {
		a.t.Fatal(err)
	}
	a.asked[name] = fmt.Sprintf("127.0.0.1:%d", free)
	s, err := a.Service(name, append(args, append(a.log, "--metrics", a.asked[name])...)...)
	if err != nil {
		a.t.Fatal(err)
	}
	a.ends(s)
	return s
}

// console starts one that knows the log alone.
func (a *apart) console() (url string) {
	a.t.Helper()
	s, err := a.Service("console", append([]string{"console", "--listen", "127.0.0.1:0"}, a.log...)...)
	if err != nil {
		a.t.Fatal(err)
	}
	a.ends(s)
	until(a.t, "the console answers", func() bool {
		if m := regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+)`).FindStringSubmatch(s.Log()); m != nil {
			url = m[1]
		}
		return url != ""
	})
	return url
}

// ready waits until services say in what state they are and whether they do their part.
func (a *apart) ready(code int, text string, names ...string) {
	a.t.Helper()
	for _, name := range names {
		got, body := 0, ""
		until(a.t, name+" says "+text, func() bool {
			got, body = asked(a.t, "http://"+a.asked[name]+"/readyz")
			return got == code && strings.HasPrefix(body, text)
		})
	}
}

// asked asks for a page; 0 is no answer.
func asked(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close() //nolint:errcheck
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, ""
	}
	return res.StatusCode, string(body)
}

// client is who knows the log alone.
func (a *apart) client(code int, args ...string) rig.Result {
	a.t.Helper()
	r, err := a.Run(a.ctx, append(args, a.log...)...)
	if err != nil || r.Code != code {
		a.t.Fatalf("floe %s ended with %d, %v, instead of %d\n%s%s", strings.Join(args, " "), r.Code, err, code, r.Stdout, r.Stderr)
	}
	return r
}

// until waits for a state of the job that was heard of these services, and returns what was heard.
func (a *apart) until(state string, by ...*rig.Service) (s overview.Summary) {
	a.t.Helper()
	until(a.t, "the job is "+state, func() bool {
		r, err := a.Run(a.ctx, append([]string{"status", "-o", "json"}, a.log...)...)
		s = overview.Summary{}
		if err != nil || r.Code != codeOK || json.Unmarshal([]byte(r.Stdout), &s) != nil || s.State != state {
			return false
		}
		return !slices.ContainsFunc(by, func(p *rig.Service) bool {
			return !slices.ContainsFunc(s.Services, func(x overview.Service) bool { return x.PID == int64(p.PID) })
		})
	})
	return s
}

// sent is the number of an operator's commands in the log.
func (a *apart) sent() int {
	a.t.Helper()
	sent, err := control.Read(a.ctx, broker.Options([]string{a.address}), a.log[1])
	if err != nil {
		a.t.Fatal(err)
	}
	return len(slices.DeleteFunc(slices.Clone(sent.Commands()), func(c ledger.Command) bool { return c.Verb == ledger.VerbDescribe }))
}

// topics are those of the log.
func (a *apart) topics() []string {
	a.t.Helper()
	client, err := kgo.NewClient(broker.Options([]string{a.address})...)
	if err != nil {
		a.t.Fatal(err)
	}
	defer client.Close()
	found, err := kadm.NewClient(client).ListTopics(a.ctx)
	if err != nil {
		a.t.Fatal(err)
	}
	return found.Names()
}

const marks = "select (select count(*) from pg_replication_slots where database = current_database()), (select count(*) from pg_publication), (select count(*) from pg_event_trigger), to_regnamespace('floe')"

// A new job whose services are apart begins when somebody starts it, after the prechecks of both: one that
// fails is seen in the log and keeps it from starting, until it was mended. Nothing is made before, also when
// a service is killed while it waits; afterwards the job goes on by itself.
func TestANewJobWaitsForItsStart(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "waits", nil, shop, "create role waits_owner login")
	a := newApart(t, f, "waits")
	capture := func(name string) *rig.Service { return a.service(name, "capture", "--source", source) }
	applier := func(name string) *rig.Service {
		return a.service(name, "applier", "--target", strings.Replace(target, "postgres@", "waits_owner@", 1))
	}
	untouched := func() {
		t.Helper()
		if got := query(t, source, marks); got != "0|0|0|" {
			t.Errorf("made on the source before the start: %s", got)
		}
		if got := query(t, target, "select to_regnamespace('floe'), to_regclass('item')"); got != "|" {
			t.Errorf("made on the target before the start: %s", got)
		}
		if got := a.topics(); !slices.Equal(got, []string{"waits.floe.control", "waits.floe.status"}) {
			t.Errorf("topics before the start: %q", got)
		}
	}
	c := capture("capture-1")
	until(t, "only an applier is missing", func() bool { return a.until("PRECHECKING", c).Fix == "start floe applier" })
	p := applier("applier-1")
	<-p.Done
	if code := (*exec.ExitError)(nil); !errors.As(p.Err(), &code) || code.ExitCode() != codePrecheck {
		t.Fatalf("the applier ended with %v", p.Err())
	}
	a.until("PRECHECK_FAILED", c, p)
	wantWords(t, a.client(codePrecheck, "start").Stderr, "job waits is not started", "prechecks of applier", "T-OWNER user waits_owner may not create schemas", "to mend it", "start floe applier again")
	// Who reaches neither database reads what both services found, and may make a side's checks here.
	wantWords(t, a.client(codePrecheck, "check").Stdout, "made by capture on", "made by applier on", " ok    S-CONN", " FAIL  T-OWNER", "sql: GRANT CREATE ON DATABASE", "not started; SQL for 4 of them")
	wantWords(t, a.client(codePrecheck, "check", "-o", "json", "--only", "T-OWNER").Stdout, `"result":"failed"`, `"fix_sql":"GRANT CREATE ON DATABASE`, `"heard":["capture on`)
	wantWords(t, a.client(codePrecheck, "check", "--source", source, "--fix-sql", "-").Stdout, "-- on the target", " FAIL  T-OWNER", " ok    B-CONN")
	if out := a.client(codePrecheck, "check", "--source", source).Stdout; strings.Contains(out, "made by capture") || strings.Count(out, "B-CONN") != 1 {
		t.Errorf("the source is known here: %s", out)
	}
	untouched()

	fixes := regexp.MustCompile(`sql: (GRANT .*;)`).FindAllStringSubmatch(p.Log(), -1)
	if len(fixes) != 2 { // to make schemas, and tables in public
		t.Fatalf("%d commands mend it: %s", len(fixes), p.Log())
	}
	for _, fix := range fixes {
		query(t, target, fix[1])
	}
	p = applier("applier-2")
	a.until("READY", c, p)
	a.ready(503, "READY its prechecks passed", "capture-1", "applier-2")
	wantWords(t, a.client(codeOK, "status").Stdout, "waits  READY", "its prechecks passed", "to begin: floe start")
	if out := a.client(codeOK, "check").Stdout; !strings.Contains(out, ": may start") || strings.Contains(out, " FAIL ") {
		t.Errorf("what both found passes: %s", out)
	}
	if err := errors.Join(c.Kill(), p.Kill()); err != nil {
		t.Fatal(err)
	}
	c, p = capture("capture-2"), applier("applier-3")
	a.until("READY", c, p)
	wantWords(t, a.client(codeOK, "doctor").Stdout, "it is ready and waits for its first start", "floe start")
	a.client(codeOK, "pause", "--wait", "PAUSED")
	a.client(codeOK, "resume") // is no start
	a.until("READY", c, p)
	untouched()

	a.client(codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
	if got := query(t, target, "select count(*) from item"); got != "500" {
		t.Errorf("%s rows", got)
	}
	a.ready(200, "SYNCING", "capture-2", "applier-3")
	wantWords(t, a.client(codeConflict, "check").Stderr, "the log has no prechecks of the source", "--source")
	commands := a.sent()
	if err := errors.Join(c.Kill(), p.Kill()); err != nil {
		t.Fatal(err)
	}
	query(t, source, "insert into item values (1001, 'after')")
	c, p = capture("capture-3"), applier("applier-4")
	a.until("SYNCING", c, p)
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*) from item"); got != "501" || a.sent() != commands {
		t.Errorf("%s rows, %d commands after %d", got, a.sent(), commands)
	}
	a.service("applier-5", "applier", "--target", target, "--standby")
	a.ready(200, "STANDBY", "applier-5")
	a.client(codeOK, "pause", "--wait", "PAUSED", "--reason", "a look")
	a.ready(503, "PAUSED paused by ", "capture-3", "applier-4")
}

// A job that runs already, without anybody's start in its log, goes on: begun by an older floe, or by floe dev.
func TestAJobThatBeganNeedsNoStart(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "older", nil, shop)
	a := newApart(t, f, "older")
	if err := f.Start("--broker", a.address, "--once"); err != nil {
		t.Fatal(err)
	}
	if code, err := f.Wait(a.ctx); err != nil || code != codeOK {
		t.Fatalf("floe dev --once ended with %d, %v\n%s", code, err, f.Tail(4000))
	}
	query(t, source, "insert into item values (1001, 'after')")
	c, p := a.service("capture", "capture", "--source", source), a.service("applier", "applier", "--target", target)
	a.until("SYNCING", c, p)
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*) from item"); got != "501" || a.sent() != 0 {
		t.Errorf("%s rows, %d commands", got, a.sent())
	}
}

// Who starts a job before its services are there has started it, and each side waits for the other's prechecks:
// while one of them fails nothing is made anywhere, whoever came first; once it is mended the job begins.
func TestAStartMayComeFirst(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "first", nil, shop, "create role first_owner login")
	a := newApart(t, f, "first")
	wantWords(t, a.client(codeOK, "start").Stdout, "nothing was heard of its services; it begins once its prechecks have passed", "start is in the log")
	c := a.service("capture", "capture", "--source", source)
	until(t, "capture waits for an applier", func() bool { return a.until("PRECHECKING", c).Fix == "start floe applier" })
	applier := func(name string) *rig.Service {
		return a.service(name, "applier", "--target", strings.Replace(target, "postgres@", "first_owner@", 1))
	}
	p := applier("applier-1")
	<-p.Done
	s := a.until("PRECHECK_FAILED", c, p)
	wantWords(t, a.client(codePrecheck, "start", "--wait", "SYNCING", "--timeout", "3m").Stderr, "prechecks of applier", "T-OWNER", "start floe applier again")
	until(t, "capture says what it waits for", func() bool {
		s = a.until("PRECHECK_FAILED", c)
		return strings.Contains(s.Services[0].Detail, "the job was started, and waits: prechecks of applier failed: T-OWNER")
	})
	if got := query(t, source, marks); got != "0|0|0|" {
		t.Errorf("capture began alone: %s", got)
	}
	if got := a.topics(); !slices.Equal(got, []string{"first.floe.control", "first.floe.status"}) {
		t.Errorf("topics before the start: %q", got)
	}
	query(t, target, "do $$ begin execute format('alter database %I owner to first_owner', current_database()); end $$")
	applier("applier-2")
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*) from item"); got != "500" {
		t.Errorf("%s rows", got)
	}
}
