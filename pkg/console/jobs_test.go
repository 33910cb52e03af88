package console

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/status"
	"floe/schemas"
)

// All jobs of a log are listed by their topics, and each can be paused from the list.
func TestJobsAreFoundByTheirTopics(t *testing.T) {
	t.Parallel()
	s, d := start(t), describedNow(t)
	s.busy(t)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), append(broker.Control("other", 1), broker.Control("silent", 1)...)); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"capture", "applier"} {
		v, err := schemas.EncodeStatus(&status.Report{Job: odd, Role: role, Place: role + odd, State: "INIT_DATA", At: time.Now().UnixMicro(), Tables: []status.Table{{Schema: "s", Name: "t", State: "loading"}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.client.ProduceSync(t.Context(), &kgo.Record{Topic: broker.Status("other"), Key: []byte(role), Value: v}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	_, h, body := ask(t, "GET", s.url+"/api/v1/jobs", "")
	d.answers(t, "GET", "/api/v1/jobs", 200, h.Get("Content-Type"), body)
	for _, want := range []string{`"prefix":"orders","this":true,"state":"BLOCKED","reason":"constraint-violation"`, `"prefix":"other","source":"capture\u003cimg`, `"state":"INIT_DATA"`, `"error":{"code":"constraint-violation","object":"sales.Orders","detail":`, `"prefix":"silent","state":"CREATED"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if _, _, page := ask(t, "GET", s.url+"/jobs", ""); strings.Contains(page, "<img src=x") || !strings.Contains(page, "onerror=alert(1)&gt;") || !strings.Contains(page, `<a href="/">orders</a>`) {
		t.Errorf("%s", page)
	}
	for _, c := range []struct {
		path, body, want string
		code             int
	}{
		{"/api/v1/jobs/{name}/{verb}", `{"reason":"x"}`, `"sent":true`, 202}, {"/api/v1/jobs/nobody/pause", "", "job-unknown", 404}, {"/api/v1/jobs/other/explode", "", "verb-unknown", 404}, {"/api/v1/jobs/other/reset", "", "floe job reset -f job.yaml", 409},
	} {
		code, h, body := ask(t, "POST", s.url+strings.NewReplacer("{name}", "other", "{verb}", "pause").Replace(c.path), c.body)
		d.answers(t, "POST", "/api/v1/jobs/{name}/{verb}", code, h.Get("Content-Type"), body)
		if code != c.code || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.path, code, body)
		}
	}
	for body, want := range map[string]int{"job=other&verb=resume": 303, "job=other&verb=stop": 404, "job=../x&verb=pause": 404} {
		if code, _, got := ask(t, "POST", s.url+"/jobs", body, form); code != want {
			t.Errorf("%s: %d %s", body, code, got)
		}
	}
	sent, err := control.Read(t.Context(), s.kafka, "other")
	if err != nil || len(sent.Commands()) != 2 || sent.Run != control.Running {
		t.Errorf("%v, %+v", err, sent)
	}
	if sent, err := control.Read(t.Context(), s.kafka, "orders"); err != nil || len(sent.Commands()) != 0 {
		t.Errorf("it was sent to the console's own job: %v %+v", err, sent)
	}
}

// A job's last error stays when it has passed, with when it was seen.
func TestTheLastErrorStays(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.busy(t)
	s.say(t, status.Report{Role: "applier", Instance: "a", State: "SYNCING"})
	s.await(t, "SYNCING")
	_, _, body := ask(t, "GET", s.url+"/api/v1/jobs", "")
	if !strings.Contains(body, `"code":"constraint-violation"`) || !strings.Contains(body, `"now":false`) {
		t.Errorf("%s", body)
	}
	if _, _, page := ask(t, "GET", s.url+"/jobs", ""); !strings.Contains(page, "<code>constraint-violation</code> <small>20") {
		t.Errorf("%s", page)
	}
}

// Who does not look is not looked for: readers of other jobs end, and begin again when somebody asks.
func TestTheBoardRests(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), append(broker.Control("other", 1), broker.Control("orders", 1)...)); err != nil {
		t.Fatal(err)
	}
	own := newWatch(Config{Job: "orders", Prefix: "orders", Kafka: s.kafka})
	own.last.lost = errors.New("nobody reads it here")
	b := newBoard(s.kafka, own)
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { b.follow(ctx) })
	defer done.Wait()
	defer cancel()
	look := func() []*followed {
		t.Helper()
		found, _, err := b.jobs(t.Context(), patience)
		if err != nil || len(found) != 2 || found[0].watch != own || found[1].prefix != "other" || found[1].watch.now().taken.IsZero() {
			t.Fatalf("%v, %d jobs", err, len(found))
		}
		return found
	}
	first := look()
	if again := look(); again[1] != first[1] {
		t.Error("a job that is followed is followed anew")
	}
	b.forget()
	b.mu.Lock()
	left := len(b.found)
	b.mu.Unlock()
	if left != 0 {
		t.Errorf("%d jobs are followed still", left)
	}
	if again := look(); again[1] == first[1] {
		t.Error("a reader that ended is back")
	}
}

// Stages have the times that were seen, and none that were not.
func TestStagesHaveTheirTimes(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	took := func(c *stageClock, now int) (out []float64) {
		for i := range names {
			if s := c.took(i, at(now)); s == nil {
				out = append(out, -1)
			} else {
				out = append(out, *s)
			}
		}
		return out
	}
	want := func(c *stageClock, now int, w ...float64) {
		t.Helper()
		for i, got := range took(c, now) {
			if got != w[i] {
				t.Errorf("at %d: %v, want %v", now, took(c, now), w)
				return
			}
		}
	}
	var c stageClock
	c.see(-1, "", at(1))
	want(&c, 1, -1, -1, -1, -1)
	c.see(0, "STARTING", at(2))
	c.see(0, "INIT_STRUCTURE", at(3))
	want(&c, 4, 2, -1, -1, -1)
	c.see(1, "INIT_STRUCTURE", at(5))
	c.see(-1, "INIT_DATA", at(6)) // it rests
	c.see(3, "PAUSED", at(9))
	want(&c, 12, 3, 4, -1, 3)
	c.see(1, "SYNCING", at(20)) // a table is loaded again
	want(&c, 25, 3, 5, -1, -1)
	var late stageClock // the console came when the job was in sync
	late.see(3, "", at(1))
	want(&late, 100, -1, -1, -1, -1)
	late.see(1, "SYNCING", at(101))
	want(&late, 103, -1, 2, -1, -1)
}
