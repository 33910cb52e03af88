package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"floe/pkg/control"
	"floe/pkg/status"
)

// A job of services apart that waits for its start shows what its services' prechecks found, in both languages,
// and is started where that is read.
func TestAReadyJobShowsItsPrechecksAndIsStarted(t *testing.T) {
	t.Parallel()
	s, d := start(t), describedNow(t)
	if code, _, body := ask(t, "GET", s.url+"/api/v1/prechecks", ""); code != http.StatusConflict || !strings.Contains(body, "not-here") {
		t.Errorf("before any report: %d %s", code, body)
	}
	at := time.Now().UnixMicro()
	s.say(t, status.Report{Role: "capture", Instance: "c", State: "READY", Detail: "its prechecks passed", Fix: "floe start", Place: "src:5432/app", Checks: &status.Checks{At: at, Result: "passed", Found: []status.Check{
		{Code: "H-LIMITS", Severity: "ok", Text: "files and memory suffice"}, {Code: "S-WAL-LEVEL", Severity: "ok", Text: "wal_level is logical"}}}})
	s.say(t, status.Report{Role: "applier", Instance: "a", State: "READY", Detail: "its prechecks passed", Fix: "floe start", Place: "dst:5432/app", Checks: &status.Checks{At: at - 1, Result: "warnings", Found: []status.Check{
		{Code: "T-SPACE", Severity: "warn", Text: "the selected tables take 9 GiB on the source, the target has 1 GiB free", Fix: "give the target more disk " + odd}}}})
	s.await(t, "READY")
	_, h, body := ask(t, "GET", s.url+"/api/v1/prechecks", "")
	d.answers(t, "GET", "/api/v1/prechecks", 200, h.Get("Content-Type"), body)
	if !strings.Contains(body, `"result":"warnings","source":"src:5432/app","target":"dst:5432/app","checks":[{"code":"S-WAL-LEVEL","severity":"ok","service":"capture"`) {
		t.Errorf("%s", body)
	}
	for lang, want := range map[string][]string{"en": {"The job is ready", "the target has 1 GiB free", "room on the target"}, "zh": {"作业已就绪", "目标库剩余 1 GiB", "目标库空间", "wal_level 为 logical", "待启动"}} {
		_, _, page := ask(t, "GET", s.url+"/checks", "", func(r *http.Request) { r.Header.Set("Accept-Language", lang) })
		for _, words := range append(want, `value="start"`) {
			if !strings.Contains(page, words) {
				t.Errorf("%s: no %s in %s", lang, words, page)
			}
		}
		if strings.Contains(page, "<img src=x") {
			t.Error("what a service says is markup")
		}
	}
	if _, _, page := ask(t, "GET", s.url+"/", ""); strings.Count(page, `value="start"`) != 1 || !strings.Contains(page, "1 ok") && !strings.Contains(page, "2 ok, 1 warning") {
		t.Errorf("%s", page)
	}
	if _, _, page := ask(t, "GET", s.url+"/jobs", ""); !strings.Contains(page, "src:5432/app") || !strings.Contains(page, `value="start"`) {
		t.Errorf("%s", page)
	}
	if code, h, body := ask(t, "POST", s.url+"/do", "verb=start", form); code != http.StatusSeeOther || h.Get("Location") != "/?said=sent" {
		t.Errorf("%d %s", code, body)
	}
	if sent, err := control.Read(t.Context(), s.kafka, "orders"); err != nil || !sent.Started {
		t.Errorf("%v, %+v", err, sent)
	}
	s.say(t, status.Report{Role: "applier", Instance: "b", State: "PRECHECK_FAILED", Reason: "T-OWNER", Detail: "T-OWNER user u may not create schemas in database app", Fix: "make the user the database's owner",
		Checks: &status.Checks{At: at, Result: "failed", Found: []status.Check{{Code: "T-OWNER", Severity: "fail", Text: "user u may not create schemas in database app", Fix: "make the user the database's owner"}}}})
	s.await(t, "PRECHECK_FAILED")
	_, _, page := ask(t, "GET", s.url+"/", "", func(r *http.Request) { r.Header.Set("Accept-Language", "zh") })
	if strings.Contains(page, `value="start"`) || !strings.Contains(page, "作业还不能启动") || !strings.Contains(page, "将该账号设为数据库所有者") {
		t.Errorf("%s", page)
	}
}
