package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/broker"
	"floe/pkg/console"
	"floe/pkg/control"
	"floe/pkg/ledger"
)

// posted sends JSON to a console.
func posted(t *testing.T, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// killed kills all of floe dev, and waits until its parts have followed: a broker that is about to end holds its folder.
func killed(t *testing.T, f *rig.Floe) {
	t.Helper()
	pids := []int{f.PID("broker"), f.PID("capture"), f.PID("applier")}
	if err := f.KillAll(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		until(t, "a part has followed", func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}

// A job of floe dev is deleted in its console, though all of it is killed meanwhile: both databases are as before, but for the
// tables that it made, the log is gone, and the console leads to a new job in the same place.
func TestDeleteInTheConsoleOfDev(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "ended", nil, shop)
	was := entries(t, source)
	if err := f.Start("--listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := f.Synced(t.Context(), patience); err != nil {
		t.Fatalf("%v\n%s", err, f.Tail(4000))
	}
	url := f.Console()
	at := url + "/api/v1/jobs/ended/delete"
	if code, body := posted(t, at, `{"job": "ended"}`); code != 409 || !strings.Contains(body, "the job runs") || !strings.Contains(body, "floe stop first") {
		t.Fatalf("%d %s", code, body)
	}
	command(t, f, codeOK, "stop", "--wait", "STOPPED")
	for _, other := range []string{`{"job": "Ended"}`, `{}`} {
		if code, body := posted(t, at, other); code != 409 || !strings.Contains(body, "not-confirmed") {
			t.Fatalf("%s: %d %s", other, code, body)
		}
	}
	if got := query(t, source, marks); got == "0|0|0|" {
		t.Fatal("the source is cleared before anybody said so")
	}
	// All of it is killed while it is being deleted.
	brokers, err := f.Brokers()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := control.Send(t.Context(), broker.Options(brokers), "ended", ledger.VerbDelete, "ended"); err != nil {
		t.Fatal(err)
	}
	killed(t, f)
	if err := f.Start("--listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	until(t, "the console shows how far it is", func() bool {
		url = f.Console()
		_, body := asked(t, url+"/api/v1/jobs/ended/deletion")
		return strings.Contains(body, `"running":false`)
	})
	at = url + "/api/v1/jobs/ended/delete"
	if code, body := posted(t, at, `{"job": "ended"}`); code != 202 || !strings.Contains(body, "slot floe_ended_") {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "the console leads to a new job", func() bool {
		code, body := asked(t, url+"/new") // it is said a moment before it is shown
		return strings.Contains(f.Tail(4000), "no job yet; make one at "+url) && code == 200 && strings.Contains(body, "source.password")
	})
	if code, body := asked(t, url+"/jobs/ended/delete"); code != 200 || !strings.Contains(body, "The job is deleted") {
		t.Errorf("%d %s", code, body)
	}
	if got := query(t, source, marks); got != "0|0|0|" {
		t.Errorf("left on the source: %s", got)
	}
	wantEntries(t, source, was)
	if got := query(t, target, "select (select count(*) from item), to_regnamespace('floe')"); got != "500|" {
		t.Errorf("left on the target: %s", got)
	}
	for _, gone := range []string{"job.json", "broker/log", "broker/ends.json"} {
		if _, err := os.Stat(filepath.Join(f.Data(), gone)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", gone, err)
		}
	}
	wantWords(t, f.Tail(4000), "job ended is deleted")
	describes(t, url, source, target)
	until(t, "the next job is there", func() bool { _, body := asked(t, url+"/api/v1/job"); return strings.Contains(body, `"name":"next"`) })
	if err := f.Synced(t.Context(), patience); err != nil {
		t.Fatalf("%v\n%s", err, f.Tail(4000))
	}
	if got := query(t, target, "select count(*) from copies.item"); got != "500" {
		t.Errorf("the next job copied %s rows", got)
	}
}

// A job of floe dev is reset in its console. What the target does not let go is told, and the job does not go on with half of
// it gone; killed amid a reset, a rerun goes on with it. Each time everything is loaded anew.
func TestResetInTheConsoleOfDev(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "renewed", nil, shop)
	if err := f.Start("--listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	synced := func() {
		t.Helper()
		if err := f.Synced(t.Context(), patience); err != nil {
			t.Fatalf("%v\n%s", err, f.Tail(4000))
		}
	}
	synced()
	at := f.Console() + "/api/v1/jobs/renewed/reset"
	if code, body := posted(t, at, `{"job": "renewed"}`); code != 409 || !strings.Contains(body, "floe stop first") {
		t.Fatalf("%d %s", code, body)
	}
	command(t, f, codeOK, "stop", "--wait", "STOPPED")
	code, body := asked(t, at)
	for _, want := range []string{`"what":"slot floe_renewed_`, `"what":"publication floe_renewed"`, `"place":"log","what":"the embedded broker's, `, `"what":"table public.sold"`, `"what":"materialized view public.counted"`} {
		if code != 200 || !strings.Contains(body, want) {
			t.Fatalf("no %s in %d %s", want, code, body)
		}
	}
	query(t, source, "delete from sold where id < 5; update item set name = 'new' where id < 10")
	query(t, target, "create view mine as select * from sold; update item set name = 'old'")
	if code, body := posted(t, at, `{"job": "renewed"}`); code != 202 || !strings.Contains(body, `"begun":true`) {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "what is in the way is told", func() bool {
		_, body := asked(t, at)
		return strings.Contains(body, "view public.mine depends on table public.sold")
	})
	until(t, "the job halts", func() bool {
		_, body := asked(t, f.Console()+"/api/v1/job")
		return strings.Contains(body, "topic-reset")
	})
	if got := query(t, target, "select count(*) from mine where id < 5"); got != "4" {
		t.Errorf("%s rows of before", got)
	}
	query(t, target, "drop view mine")
	command(t, f, codeOK, "stop", "--wait", "STOPPED")

	held, err := rig.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close(context.Background()) //nolint:errcheck
	if _, err := held.Exec(t.Context(), "begin; lock table item in access share mode"); err != nil {
		t.Fatal(err)
	}
	if code, body := posted(t, at, `{"job": "renewed"}`); code != 202 {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "its log is gone", func() bool {
		code, _ := asked(t, f.Console()+"/api/v1/job")
		_, err := os.Stat(filepath.Join(f.Data(), "broker", "log"))
		return code == 503 && errors.Is(err, os.ErrNotExist)
	})
	if err := f.KillAll(); err != nil { // its parts have ended before
		t.Fatal(err)
	}
	if _, err := held.Exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	if err := f.Start("--listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	synced()
	wantWords(t, f.Tail(8000), "job renewed is reset")
	if got := query(t, target, "select (select count(*) from sold), (select count(*) from item where name = 'new'), (select count(*) from item where name = 'old'), (select count(*) from floe.checkpoint)"); got != "296|9|0|1" {
		t.Errorf("on the target: %s", got)
	}
	if got := query(t, source, "select count(*) from pg_replication_slots where slot_name like 'floe_renewed_%'"); got != "1" {
		t.Errorf("%s slots", got)
	}
	if b, err := os.ReadFile(filepath.Join(f.Data(), "job.json")); err != nil || strings.Contains(string(b), "reset") {
		t.Errorf("%v %s", err, b)
	}

	// It begins with the file as it is by then.
	file, err := os.ReadFile(f.JobFile())
	if err != nil {
		t.Fatal(err)
	}
	const all = `"database": true`
	changed := strings.Replace(string(file), all, all+`, "mapping": [{"from": "public.sold", "to": "public.bought"}]`, 1)
	if err := os.WriteFile(f.JobFile(), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, f, codeOK, "stop", "--wait", "STOPPED")
	if code, body := posted(t, f.Console()+"/api/v1/jobs/renewed/reset", `{"job": "renewed"}`); code != 202 {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "it has begun anew", func() bool { return query(t, target, "select to_regclass('bought') is not null") == "t" })
	synced()
	if got := query(t, target, "select count(*), to_regclass('sold') is null from bought"); got != "296|t" {
		t.Errorf("on the target: %s", got)
	}
	if code, body := asked(t, f.Console()+"/api/v1/plan"); code != 200 || !strings.Contains(body, "bought") {
		t.Errorf("the console plans by another file: %d %s", code, body)
	}
}

// describes makes a job by the pages of a console, and starts it.
func describes(t *testing.T, url, source, target string) {
	t.Helper()
	post := func(path string, v neturl.Values) {
		t.Helper()
		res, err := http.PostForm(url+path, v)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close() //nolint:errcheck
		if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %v, %d %s", path, err, res.StatusCode, b)
		}
	}
	ends := neturl.Values{"do": {"next"}}
	for side, at := range map[string]string{"source": source, "target": target} {
		u, err := neturl.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		ends.Set(side+".host", u.Hostname())
		ends.Set(side+".port", u.Port())
		ends.Set(side+".database", strings.TrimPrefix(u.Path, "/"))
		ends.Set(side+".user", u.User.Username())
	}
	post("/new", ends)
	post("/new/log", neturl.Values{"brokers": {""}, "do": {"next"}})
	post("/new/objects", neturl.Values{"add": {"public.item"}, "do": {"add"}})
	post("/new/objects", neturl.Values{"pattern": {"public.item"}, "to": {"copies.item"}, "do": {"next"}})
	post("/new/init", neturl.Values{"readers": {"2"}, "name": {"next"}, "structure": {"yes"}, "data": {"yes"}, "existing": {"block"}, "ddl": {"auto"}, "identity": {"auto"}})
	post("/new/check", neturl.Values{"do": {"run"}})
	until(t, "the prechecks pass", func() bool {
		_, body := asked(t, url+"/new/check")
		return strings.Contains(body, "Nothing stands in the way")
	})
	post("/new/start", nil)
}

// With services apart a console that knows the log alone deletes a job like the command line does; what was cut
// short a further one ends, and who started the job anew by the same name may delete that one too.
func TestDeleteInAConsoleOfItsOwn(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "far", nil, shop)
	a := newApart(t, f, "far")
	url := a.console()
	deletion := func() (d console.Deletion) {
		t.Helper()
		code, body := asked(t, url+"/api/v1/jobs/far/deletion")
		if code == 404 {
			return d
		}
		if err := json.Unmarshal([]byte(body), &d); err != nil || code != 200 {
			t.Fatalf("%d %v %s", code, err, body)
		}
		return d
	}
	for round, number := range []string{"1", "2"} {
		c, p := a.service("capture-"+number, "capture", "--source", source), a.service("applier-"+number, "applier", "--target", target)
		if round == 0 {
			a.client(codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
			a.client(codeOK, "stop", "--wait", "STOPPED")
			if err := p.Kill(); err != nil {
				t.Fatal(err)
			}
			until(t, "the applier is missed", func() bool { return strings.Contains(deletion().Refused, "nothing is heard of job far's applier") })
			if code, body := posted(t, url+"/api/v1/jobs/far/delete", `{"job": "far"}`); code != 409 || !strings.Contains(body, "start floe applier") {
				t.Fatalf("%d %s", code, body)
			}
			if _, err := control.Send(a.ctx, broker.Options([]string{a.address}), "far", ledger.VerbDelete, "far"); err != nil { // and who sent it is gone
				t.Fatal(err)
			}
			p = a.service("applier-3", "applier", "--target", target)
		}
		if round == 1 { // one that was never started
			until(t, "the job is ready", func() bool { _, body := asked(t, url+"/api/v1/job"); return strings.Contains(body, `"state":"READY"`) })
		}
		until(t, "both services are heard", func() bool { d := deletion(); return d.Refused == "" && len(d.Removal.Topics) > 0 })
		if code, body := posted(t, url+"/api/v1/jobs/far/delete", `{"job": "far"}`); code != 202 {
			t.Fatalf("round %s: %d %s", number, code, body)
		}
		until(t, "the job is deleted", func() bool { return deletion().Deleted })
		if got := a.topics(); slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, "far.") }) {
			t.Errorf("round %s: topics left: %q", number, got)
		}
		if got := query(t, source, marks); got != "0|0|0|" {
			t.Errorf("round %s: left on the source: %s", number, got)
		}
		if _, body := asked(t, url+"/api/v1/job"); !strings.Contains(body, `"state":"FINISHED"`) || strings.Contains(body, "log_error") {
			t.Errorf("round %s: the job is %s", number, body)
		}
		if err := errors.Join(c.Kill(), p.Kill()); err != nil {
			t.Fatal(err)
		}
	}
	if got := query(t, target, "select (select count(*) from item), to_regnamespace('floe')"); got != "500|" {
		t.Errorf("left on the target: %s", got)
	}
}
