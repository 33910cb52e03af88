package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"floe/pkg/access"
	"floe/pkg/ident"
	"floe/pkg/status"
	"floe/pkg/verify"
)

// comparing is a comparison of made-up tables that goes on when it is told to.
func comparing(on <-chan struct{}) func(context.Context, []string, func(*verify.Table, int, int)) error {
	return func(ctx context.Context, only []string, told func(*verify.Table, int, int)) error {
		n := mostDiffering + 2
		told(&verify.Table{Source: ident.Name{Schema: "s", Name: "skipped"}, Skipped: "unlogged"}, 1, n)
		for i := 2; i <= n; i++ {
			d := verify.Difference{Key: "(1)", SourceRows: 1, TargetRows: 1, Columns: []verify.Column{{Name: odd, Source: `"` + odd + `"`, Target: "NULL"}}}
			told(&verify.Table{Source: ident.Name{Schema: "s", Name: fmt.Sprintf("t%d", i)}, Target: ident.Name{Schema: "s", Name: "u"}, SourceRows: 2, TargetRows: 3,
				Differences: []verify.Difference{d, {Key: "(2)", SourceRows: 1}, {Key: "(3)", TargetRows: 1}, {Key: "(4)", SourceRows: 2, TargetRows: 1}}}, i, n)
		}
		select {
		case <-on:
			if len(only) > 0 {
				return errors.New("no such " + only[0])
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// compared polls the comparison until it is as wanted.
func (s *site) compared(t *testing.T, by string, done func(*Comparison) bool) Comparison {
	t.Helper()
	deadline := time.NewTimer(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		_, _, body := ask(t, "GET", s.url+"/api/v1/verify", "", bearer(by))
		var c Comparison
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			t.Fatal(err)
		}
		if done(&c) {
			return c
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%.2000s", body)
		}
	}
}

// A comparison is begun once, followed, and stopped; its rows are the operator's to see, and bounded.
func TestTablesAreCompared(t *testing.T) {
	t.Parallel()
	on := make(chan struct{})
	n := near()
	n.Verify = comparing(on)
	s := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, n)
	op, d := bearer(operates), describedNow(t)
	send := func(path, body string, want int) {
		t.Helper()
		code, h, got := ask(t, "POST", s.url+path, body, op)
		d.answers(t, "POST", path, code, h.Get("Content-Type"), got)
		if code != want {
			t.Errorf("%s %s: %d %s", path, body, code, got)
		}
	}
	send("/api/v1/verify", `{"tables":["a.b.c"]}`, 400)
	send("/api/v1/verify", "", 202)
	send("/api/v1/verify", "", 202) // one goes on
	all := func(c *Comparison) bool { return c.Done == mostDiffering+2 }
	c := s.compared(t, operates, all)
	if !c.Running || c.Result != "" || c.Differ != mostDiffering+1 || c.Tables[0].Is != "not compared" || len(c.Tables) != mostDiffering+2 {
		t.Errorf("%+v", c)
	}
	first, last := c.Tables[1], c.Tables[len(c.Tables)-1]
	if first.Target != "s.u" || len(first.Rows) != 4 || first.Rows[0].Is != "differs" || first.Rows[1].Is != "missing" || first.Rows[2].Is != "extra" || first.Rows[3].Is != "other number" || last.Rows != nil || !last.More {
		t.Errorf("%+v %+v", first, last)
	}
	if _, _, body := ask(t, "GET", s.url+"/verify", "", op); !strings.Contains(body, "onerror=alert(1)&gt;") || strings.Contains(body, "<img src=x") || strings.Contains(body, "(101)") {
		t.Errorf("%s", body)
	}
	for _, path := range []string{"/api/v1/verify", "/verify"} {
		if _, _, body := ask(t, "GET", s.url+path, "", bearer(views)); strings.Contains(body, "onerror") || !strings.Contains(body, "s.t2") {
			t.Errorf("a viewer sees %s: %.3000s", path, body)
		}
	}
	s.say(t, status.Report{Role: "capture", State: "SYNCING", Tables: []status.Table{{Schema: "s", Name: "t2", State: "in sync"}, {Schema: "s", Name: "other", State: "in sync"}}})
	s.say(t, status.Report{Role: "applier", State: "SYNCING"})
	for deadline := time.Now().Add(patience); ; {
		code, h, body := ask(t, "GET", s.url+"/api/v1/tables", "", op)
		d.answers(t, "GET", "/api/v1/tables", code, h.Get("Content-Type"), body)
		if strings.Contains(body, `"name":"t2"`) && strings.Contains(body, `"verified":{"is":"differs"`) && strings.Contains(body, `"verified":null`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s", body)
		}
	}
	if _, _, body := ask(t, "GET", s.url+"/tables/s/t2", "", op); !strings.Contains(body, "verified") || !strings.Contains(body, "/events?table=%22s%22.%22t2%22") || !strings.Contains(body, `action="/verify"`) {
		t.Errorf("%s", body)
	}
	send("/api/v1/verify/stop", "", 202)
	ended := func(c *Comparison) bool { return !c.Running }
	if c := s.compared(t, operates, ended); c.Result != "stopped" || c.Ended == nil {
		t.Errorf("%+v", c.Result)
	}
	close(on)
	if code, h, body := ask(t, "POST", s.url+"/verify", "tables=", form, op); code != 303 || h.Get("Location") != "/verify" {
		t.Errorf("%d %s", code, body)
	}
	if c := s.compared(t, operates, ended); c.Result != "differs" {
		t.Errorf("%+v", c)
	}
	send("/api/v1/verify", `{"tables":["s.none"]}`, 202)
	if c := s.compared(t, operates, func(c *Comparison) bool { return c.Error != "" }); c.Error != "no such s.none" || c.Result != "" {
		t.Errorf("%+v", c)
	}
}

// A console without databases says what does it instead.
func TestAConsoleFarFromTheDatabasesComparesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	if code, _, body := ask(t, "POST", s.url+"/api/v1/verify", ""); code != 409 || !strings.Contains(body, "floe verify") {
		t.Errorf("%d %s", code, body)
	}
	if _, _, body := ask(t, "GET", s.url+"/verify", ""); !strings.Contains(body, "floe verify -f job.yaml") {
		t.Errorf("%s", body)
	}
}
