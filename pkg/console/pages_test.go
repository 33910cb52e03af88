package console

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"floe/pkg/access"
	"floe/pkg/console/logbook"
	"floe/pkg/ledger"
	"floe/pkg/precheck"
	"floe/pkg/status"
)

// texts are what the pages say by themselves.
func texts(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %d pages", err, len(names))
	}
	for _, n := range names {
		b, err := fs.ReadFile(files, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bt "([^"]+)"`).FindAllStringSubmatch(string(b), -1) {
			out[m[1]] = true
		}
	}
	return out
}

// Whatever a page says by itself it says in Chinese too.
func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	all := texts(t)
	for _, n := range append(navigation, steps...) {
		all[n.Title] = true
	}
	for _, s := range [][]string{status.States, names, tableStates} {
		for _, x := range s {
			all[x] = true
		}
	}
	for s := range looks {
		all[s] = true
	}
	for _, s := range said {
		all[s] = true
	}
	for _, code := range precheck.Codes {
		if all[checkItems[code]] = true; checkItems[code] == "" {
			t.Errorf("%s is in no words", code)
		}
	}
	for _, word := range operations {
		all[word] = true
	}
	for _, x := range slices.Concat(logbook.Kinds, []string{ledger.VerbAdd, ledger.VerbRemove, ledger.VerbStart, ledger.VerbPause, ledger.VerbResume, ledger.VerbStop, ledger.VerbRetry, ledger.VerbSkip, ledger.VerbResync, ledger.VerbReplay, ledger.VerbSet, ledger.VerbFinish, ledger.VerbDescribe, ledger.VerbDelete, ledger.VerbAsk}) {
		if translate("zh", x) == x {
			t.Errorf("%q of the log has no Chinese", x)
		}
	}
	for _, text := range []string{"capture began with slot floe_x, timeline 1", "part 2 of a big transaction", "table with oid 17", "replace, table with oid 17", "a.b, a.c and 7 more"} {
		if said := entry("zh")(text); said == text || entry("en")(text) != text {
			t.Errorf("%q is %q", text, said)
		}
	}
	// What services say in one word: kinds of objects, and why one is not on the target as on the source.
	for file, form := range map[string]string{"../catalog/definition.go": `Kind = "([a-z-]+)"`, "../catalog/text.go": `Kind = "([a-z-]+)"`, "../catalog/texts_dialect.go": `Kind = "([a-z-]+)"`, "../../applier/structure/doc.go": `Code\w+ += "([a-z-]+)"`, "../../applier/batch.go": `return "(an? [a-z]+)"`} {
		b, err := os.ReadFile(file)
		words := regexp.MustCompile(form).FindAllStringSubmatch(string(b), -1)
		if err != nil || len(words) < 4 {
			t.Errorf("%s has %d words, %v", file, len(words), err)
		}
		for _, w := range words {
			if translate("zh", w[1]) == w[1] {
				t.Errorf("%q of %s has no Chinese", w[1], file)
			}
		}
	}
	if got := object("zh")(`rule "kept" on public.a`) + part("zh")("applier/main") + rows("zh")(1) + rows("en")(1) + object("en")("rule x"); got != `规则 "kept" on public.a应用/main1 行1 rowrule x` {
		t.Errorf("one reads %q", got)
	}
	if len(all) < 100 {
		t.Errorf("%d texts were found", len(all))
	}
	for s := range all {
		if chinese[s] == "" {
			t.Errorf("%q has no Chinese", s)
		}
	}
}

// Pages are whole without a script, speak both languages, and nothing of a job's names is markup.
func TestPagesAreWhole(t *testing.T) {
	t.Parallel()
	const hostile = `<img src=x onerror=alert(1)>"'</script>`
	s := startWith(t, access.Config{}, near())
	s.place(t)
	s.say(t, status.Report{Role: "capture", Instance: hostile, Host: hostile, State: "SYNCING", Tables: []status.Table{{Schema: hostile, Name: hostile + "/..%2f?#", State: "loading", Estimate: 9, Loaded: 3, Error: hostile}}})
	s.say(t, status.Report{Role: "applier", Instance: hostile, State: "BLOCKED", Reason: hostile, Detail: hostile, Fix: hostile, Blocked: &status.Blocked{Table: hostile, Key: hostile, SQLState: hostile},
		Structure: &status.Structure{Total: 1, Facts: []status.Fact{{Object: hostile, State: "failed", Code: hostile, Reason: hostile, Source: hostile}}}})
	s.await(t, "BLOCKED")
	if code, _, body := ask(t, "POST", s.url+"/do", "verb=pause&reason="+strings.ReplaceAll(hostile, "=", "%3D"), form); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, body)
	}
	if code, h, _ := ask(t, "POST", s.url+"/checks", "", form); code != http.StatusSeeOther || h.Get("Location") != "/checks" {
		t.Errorf("prechecks are not run: %d", code)
	}
	s.awaitChecks(t)
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|\son\w+=|\sstyle=|<style|javascript:|https?://`)
	link := regexp.MustCompile(`href="(/tables/[^"]+)"`)
	_, _, list := ask(t, "GET", s.url+"/tables", "")
	table := link.FindStringSubmatch(list)
	if table == nil {
		t.Fatal("no table is linked")
	}
	for _, path := range []string{"/", "/?range=7d&said=sent", "/tables", "/tables?search=zzz", strings.ReplaceAll(table[1], "&amp;", "&"), "/errors", "/structure", "/log", "/log?kind=all", "/checks", "/verify", "/events", "/jobs", "/jobs/orders", "/new", "/new/log", "/new/objects", "/new/init", "/settings"} {
		for _, lang := range languages {
			code, h, body := ask(t, "GET", s.url+path, "", func(r *http.Request) { r.Header.Set("Accept-Language", lang+"-XX,fr;q=0.5") })
			if code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), "text/html") || !strings.Contains(body, `<html lang="`+lang+`"`) || !strings.HasSuffix(strings.TrimSpace(body), "</html>") {
				t.Errorf("%s in %s: %d %s", path, lang, code, body)
			}
			if strings.Contains(body, "<img src=x") || inline.MatchString(strings.ReplaceAll(body, "alert", "")) && inline.MatchString(tags(body)) {
				t.Errorf("%s: %q is markup", path, inline.FindString(tags(body)))
			}
			if len(body) > 200<<10 || strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "%!") {
				t.Errorf("%s: %d bytes", path, len(body))
			}
		}
	}
	if code, _, body := ask(t, "GET", s.url+"/tables?sort=size", ""); code != 400 || !strings.Contains(body, "want name") {
		t.Errorf("a wrong question: %d %s", code, body)
	}
}

// tags are the tags of a page without what quotes hold in their attributes, and no text.
func tags(body string) string {
	quoted := regexp.MustCompile(`="[^"]*"`)
	var b strings.Builder
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(quoted.ReplaceAllString(body, `=""`), -1) {
		b.WriteString(tag)
	}
	return b.String()
}

func form(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }

// What stops a job or takes a table out of it asks for the job's name; forms do what commands do.
func TestFormsAskToBeSure(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.busy(t)
	for _, c := range []struct {
		body, to, want string
		status         int
	}{
		{"verb=stop", "", "not-confirmed", 409}, {"verb=stop&confirm=Orders", "", "not-confirmed", 409}, {"verb=remove&tables=a.b", "", "not-confirmed", 409},
		{"verb=remove&tables=a.b&confirm=orders", "/tables?said=sent", "", 303}, {"verb=add&tables=a.b%0D%0Aa.c", "/tables?said=sent", "", 303}, {"verb=add&tables=", "", "1 to 200", 400},
		{"verb=pause", "/?said=sent", "", 303}, {"verb=pause", "/?said=nothing", "", 303}, {"verb=stop&confirm=orders", "/?said=sent", "", 303}, {"verb=resume", "", "floe start ends that", 409},
		{"verb=set&key=apply.batch_rows&value=+77+", "/settings?said=sent", "", 303}, {"verb=set&key=apply.batch_rows&value=0", "", "from 1 to", 400},
		{"verb=replay&tables=sales.big&from=0", "", "not-confirmed", 409}, {"verb=replay&tables=sales.big&confirm=orders", "", "from", 400}, {"verb=replay&tables=sales.big&from=+0+&confirm=orders", "/tables?said=sent", "", 303},
		{"verb=drop", "", "verb-unknown", 404},
	} {
		code, h, body := ask(t, "POST", s.url+"/do", c.body, form)
		if code != c.status || h.Get("Location") != c.to || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d to %q: %s", c.body, code, h.Get("Location"), body)
		}
	}
}

// A browser signs in, does what its role may, and signs out.
func TestABrowserSignsIn(t *testing.T) {
	t.Parallel()
	s := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, near())
	if code, h, _ := ask(t, "GET", s.url+"/tables?state=loading", ""); code != 303 || h.Get("Location") != "/login?next=%2Ftables%3Fstate%3Dloading" {
		t.Fatalf("%d %v", code, h)
	}
	if code, _, body := ask(t, "GET", s.url+"/login?next=//evil.example", ""); code != 200 || !strings.Contains(body, `name="next" value="/"`) || strings.Contains(body, "orders") {
		t.Errorf("%d %s", code, body)
	}
	if code, _, body := ask(t, "POST", s.url+"/login", "token=wrong&next=/tables", form); code != 401 || !strings.Contains(body, "This token is not known.") {
		t.Errorf("%d %s", code, body)
	}
	for token, acts := range map[string]bool{operates: true, views: false} {
		code, h, _ := ask(t, "POST", s.url+"/login", "token="+token+"&next=/tables", form)
		if code != 303 || h.Get("Location") != "/tables" {
			t.Fatalf("%d %v", code, h)
		}
		cookie := func(r *http.Request) { r.Header.Set("Cookie", strings.Split(h.Get("Set-Cookie"), ";")[0]) }
		if code, _, body := ask(t, "GET", s.url+"/", "", cookie); code != 200 || strings.Contains(body, `value="pause"`) != acts {
			t.Errorf("may act %t: %d %s", acts, code, body)
		}
		if code, _, _ := ask(t, "POST", s.url+"/do", "verb=pause", form, cookie); (code == 303) != acts {
			t.Errorf("may act %t: %d", acts, code)
		}
		if code, _, _ := ask(t, "POST", s.url+"/do", "verb=pause", form, cookie, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }); code != 403 {
			t.Errorf("from another site: %d", code)
		}
		ask(t, "POST", s.url+"/logout", "", form, cookie)
		if code, _, _ := ask(t, "GET", s.url+"/", "", cookie); code != 303 {
			t.Errorf("after signing out: %d", code)
		}
	}
}

// A language and a theme that were chosen stay.
func TestPreferencesStay(t *testing.T) {
	t.Parallel()
	s := start(t)
	code, h, _ := ask(t, "POST", s.url+"/preferences", "lang=zh&back=/tables", form)
	if code != 303 || h.Get("Location") != "/tables" || !strings.HasPrefix(h.Get("Set-Cookie"), "floe_lang=zh") {
		t.Errorf("%d %v", code, h)
	}
	_, _, body := ask(t, "GET", s.url+"/", "", func(r *http.Request) { r.Header.Set("Cookie", "floe_lang=zh; floe_theme=dark") })
	if !strings.Contains(body, `<html lang="zh" data-theme="dark">`) || !strings.Contains(body, "未启动") {
		t.Errorf("%s", body)
	}
	if _, h, _ := ask(t, "POST", s.url+"/preferences", "lang=<b>&theme=x&back=//evil.example", form); h.Get("Set-Cookie") != "" || h.Get("Location") != "/" {
		t.Errorf("%v", h)
	}
}

// A job of thousands of tables has pages and metrics as small as one of ten.
func TestManyTablesStaySmall(t *testing.T) {
	t.Parallel()
	const n = 5 * status.MostTables
	s := start(t)
	for from := 0; from < n; from += status.MostTables {
		for _, role := range []string{"capture", "applier"} {
			r := status.Report{Role: role, Instance: role, State: "SYNCING"}
			for i := range status.MostTables {
				r.Tables = append(r.Tables, status.Table{Schema: "a_schema_of_some_length", Name: fmt.Sprintf("a_table_of_some_length_%05d", from+i), State: "in sync", Loaded: 1_000_000, Inserts: 1234567})
			}
			s.say(t, r)
		}
	}
	s.await(t, "SYNCING")
	for deadline := time.Now().Add(patience); ; {
		if _, _, body := ask(t, "GET", s.url+"/api/v1/tables?limit=1&offset=4999", ""); strings.Contains(body, "length_04999") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("not all tables are shown")
		}
	}
	for path, most := range map[string]int{"/": 40 << 10, "/tables": 100 << 10, "/tables?offset=4900&sort=-applied": 100 << 10, "/api/v1/job": 4 << 10, "/metrics": 8 << 10} {
		if code, _, body := ask(t, "GET", s.url+path, ""); code != http.StatusOK || len(body) > most {
			t.Errorf("%s: %d, %d bytes", path, code, len(body))
		}
	}
	if _, _, body := ask(t, "GET", s.url+"/tables", ""); !strings.Contains(body, `offset=100`) || !strings.Contains(body, "5,000") {
		t.Error("the first page does not lead on")
	}
}
