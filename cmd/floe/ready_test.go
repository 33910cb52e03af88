package main

import (
	"context"
	"encoding/json"
	"errors"
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
)

// apart is a job whose services are processes of their own: capture knows the source alone, the applier the
// target alone, and who asks only the log.
type apart struct {
	*rig.Floe
	t       *testing.T
	ctx     context.Context
	address string
	log     []string
}

func newApart(t *testing.T, f *rig.Floe, name string) *apart {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	s, address, err := f.Broker(ctx)
	a := &apart{Floe: f, t: t, ctx: ctx, address: address, log: []string{"--job", name, "--broker", address}}
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
	s, err := a.Service(name, append(args, append(a.log, "--metrics", "off")...)...)
	if err != nil {
		a.t.Fatal(err)
	}
	a.ends(s)
	return s
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
	untouched()

	fix := regexp.MustCompile(`sql: (ALTER DATABASE .*;)`).FindStringSubmatch(p.Log())
	if fix == nil {
		t.Fatalf("no SQL mends it: %s", p.Log())
	}
	query(t, target, fix[1])
	p = applier("applier-2")
	a.until("READY", c, p)
	wantWords(t, a.client(codeOK, "status").Stdout, "waits  READY", "its prechecks passed", "to begin: floe start")
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

// Who starts a job before its services are there has started it: they begin once their prechecks have passed.
func TestAStartMayComeFirst(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "first", nil, shop)
	a := newApart(t, f, "first")
	wantWords(t, a.client(codeOK, "start").Stdout, "nothing was heard of its services; it begins once its prechecks have passed", "start is in the log")
	a.service("capture", "capture", "--source", source)
	a.service("applier", "applier", "--target", target)
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*) from item"); got != "500" {
		t.Errorf("%s rows", got)
	}
}
