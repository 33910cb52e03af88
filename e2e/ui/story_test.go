package ui

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// console is a job with its page.
type console struct {
	floe *rig.Floe
	pair rig.Pair
	url  string
}

// newConsole runs a job of one table; another one waits to be added.
func newConsole(t *testing.T) *console {
	t.Helper()
	if os.Getenv("FLOE_E2E") != "ui" {
		t.Skip("the console in a browser is a lane of its own: make e2e-ui")
	}
	s := rig.StartServers(t, pgtest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	pair, err := s.NewPair(ctx, "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	c := &console{pair: pair}
	c.source(t, "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'v' FROM generate_series(1, 1000) i; CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)")
	c.floe, err = rig.NewFloe(rig.Binary(t), t.TempDir(), rig.Job{Name: "shop", Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}, Objects: rig.Objects{Include: []string{"public.a"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.floe.Start("--listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.floe.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if err := c.floe.Synced(ctx, time.Minute); err != nil {
		t.Fatalf("%v\n%s", err, c.floe.Tail(4000))
	}
	if c.url = c.floe.Console(); c.url == "" {
		t.Fatal("no console")
	}
	return c
}

func (c *console) source(t *testing.T, sql string) {
	t.Helper()
	if err := c.pair.Source.Exec(t.Context(), c.pair.Name, sql); err != nil {
		t.Fatal(err)
	}
}

func (c *console) target(t *testing.T, sql string) {
	t.Helper()
	if err := c.pair.Target.Exec(t.Context(), c.pair.Name, sql); err != nil {
		t.Fatal(err)
	}
}

// has waits until the target's answer is as wanted.
func (c *console) has(t *testing.T, sql, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := rig.Connect(ctx, c.pair.TargetURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	got := ""
	if err := rig.Until(ctx, func() (yes bool, err error) {
		got, err = rig.Text(ctx, conn, sql)
		return got == want, err
	}); err != nil {
		t.Fatalf("%s is %s, want %s: %v", sql, got, want, err)
	}
}

// A person pauses and resumes a job, adds a table and watches it load, reads an error and its remedy, sees it
// go, leaves a row out, and reads its table again, watches rows come, compares both databases: news come to a page that is not loaded again.
func TestAPersonRunsAJob(t *testing.T) {
	c := newConsole(t)
	b := open(t, c.url)
	b.visit(t, "/")
	b.sees(t, "#state", "SYNCING")
	b.sees(t, ".stages .now", "changes")

	b.do(t, chromedp.SendKeys(chromedp.CSS(`input[name="reason"]`), "a look"), press("pause"))
	b.sees(t, "main .notice", "The command is in the log")
	b.sees(t, "#state", "PAUSED")
	b.sees(t, "#troubles", "a look")
	b.do(t, press("resume"))
	b.sees(t, "#state", "SYNCING")

	b.visit(t, "/tables")
	b.do(t, chromedp.SendKeys(chromedp.CSS(`textarea[name="tables"]`), "public.b"), press("add"))
	b.sees(t, "#tables tr", "public.b")
	b.sees(t, "#tables tr:nth-child(2)", "in sync")
	b.do(t, chromedp.Click(`//a[text()="public.b"]`))
	b.sees(t, "h2", "public.b")
	c.source(t, "INSERT INTO b VALUES (2); DELETE FROM b WHERE id = 1")
	b.sees(t, "#table", "Captured")
	b.sees(t, "#table tr:nth-child(3)", "11")

	b.visit(t, "/errors")
	b.sees(t, "#errors", "Nothing needs you")
	c.target(t, "ALTER TABLE a ADD CONSTRAINT small CHECK (id < 5000)")
	c.source(t, "INSERT INTO a VALUES (5000, 'refused')")
	b.sees(t, "#errors .trouble", "23514")
	b.sees(t, "#errors .fix", "Remedy")
	b.sees(t, "#state", "BLOCKED")
	b.sees(t, "#nav", "Errors 1")
	b.sees(t, "#latency", " s") // a job that stands still falls behind
	b.do(t, press("retry"))
	b.sees(t, "main .notice", "The command is in the log")
	b.sees(t, "#errors .trouble", "23514") // the constraint is there still
	b.shoot(t, "blocked")
	c.target(t, "ALTER TABLE a DROP CONSTRAINT small")
	b.sees(t, "#state", "SYNCING")
	b.sees(t, "#errors", "Nothing needs you")

	c.target(t, "ALTER TABLE a ADD CONSTRAINT small CHECK (id < 5001)")
	c.source(t, "INSERT INTO a VALUES (5001, 'left out'), (4001, 'with it')")
	b.sees(t, "#errors .trouble", "id=5001")
	b.do(t, chromedp.SendKeys(chromedp.CSS(`#errors input[name="reason"]`), "known"), chromedp.SendKeys(chromedp.CSS(`#errors input[name="confirm"]`), "shop"), press("skip"))
	b.sees(t, "main .notice", "The command is in the log")
	b.sees(t, "#state", "SYNCING")
	b.visit(t, "/tables/public/a")
	b.do(t, chromedp.SendKeys(chromedp.CSS(`form:has(button[value="resync"]) input[name="confirm"]`), "shop"))
	c.target(t, "ALTER TABLE a DROP CONSTRAINT small")
	b.do(t, press("resync"))
	b.sees(t, "main .notice", "The command is in the log")
	c.has(t, "SELECT count(*) FROM a WHERE id IN (5001, 4001)", "2")
	b.visit(t, "/events")
	b.do(t, chromedp.SendKeys(chromedp.CSS(`input[name="table"]`), "public.a"), chromedp.Click(chromedp.CSS(`main form button`)))
	b.sees(t, "#events tr", "left out")
	c.source(t, "INSERT INTO a VALUES (77000, '<b>it comes</b>')")
	b.sees(t, "#events tr:first-child", "<b>it comes</b>")
	b.clicks(t, `input[name="mask"][value="v"]`)
	b.clicks(t, "main form button")
	b.sees(t, "#events tr:first-child", "•••")
	c.source(t, "DELETE FROM a WHERE id = 77000; UPDATE a SET v = 'unseen' WHERE id = 1")
	b.sees(t, "#events tr:first-child", "id 1 v •••")
	b.shoot(t, "events-masked")
	b.visit(t, "/verify")
	b.do(t, press("compare"))
	b.sees(t, "#verify", "All tables are equal")
	c.target(t, "UPDATE a SET v = 'drifted' WHERE id = 7; DELETE FROM a WHERE id = 8; INSERT INTO a VALUES (9999, 'extra')")
	b.do(t, chromedp.SendKeys(chromedp.CSS(`textarea[name="tables"]`), "public.a"), press("compare"))
	b.sees(t, "#verify tr", "drifted")
	b.sees(t, "#verify tr", "missing")
	b.sees(t, "#verify tr", "extra")
	b.shoot(t, "verify-differs")
	b.do(t, chromedp.Click(chromedp.CSS(`#verify a[href$="#again"]`)))
	b.sees(t, "#again", "Read again") // the page that is left is gone
	b.do(t, chromedp.SendKeys(chromedp.CSS(`form:has(button[value="resync"]) input[name="confirm"]`), "shop"), press("resync"))
	b.sees(t, "main .notice", "The command is in the log")
	c.has(t, "SELECT count(*) FILTER (WHERE v = 'drifted'), count(*) FILTER (WHERE id = 8), count(*) FILTER (WHERE id = 9999) FROM a", "0|1|0")
	b.visit(t, "/")
	b.pointed(t)
	b.visit(t, "/checks")
	b.do(t, chromedp.Click(chromedp.CSS(`form[action="/checks"] button`)))
	b.sees(t, "#checks", "S-WAL-LEVEL")
	b.shoot(t, "checks")
	b.visit(t, "/jobs")
	b.sees(t, "#jobs .route", "/shop")
	b.sees(t, "#jobs td", "constraint-violation") // that has passed
	if !eval[bool](t, b, `document.querySelector("#jobs .spark path").getTotalLength() > 0`) {
		t.Error("the list does not show how latency went")
	}
	b.shoot(t, "jobs")
	b.visit(t, "/log")
	b.sees(t, "table", "a look")
	b.sees(t, "table td", "public.b")

	// A table that loads is watched as it does, held back for as long as somebody looks.
	c.source(t, "CREATE TABLE slow AS SELECT i AS id, repeat('x', 100) AS v FROM generate_series(1, 60000) i; ALTER TABLE slow ADD PRIMARY KEY (id); ANALYZE slow")
	c.set(t, b, "throttle.load_rows", "2000")
	b.visit(t, "/tables")
	b.do(t, chromedp.SendKeys(chromedp.CSS(`textarea[name="tables"]`), "public.slow"), press("add"))
	b.sees(t, "#tables tr", "loading")
	b.do(t, chromedp.Click(`//a[text()="public.slow"]`))
	b.sees(t, "#table", "loading")
	first := b.loadedRows(t, 0)
	if more := b.loadedRows(t, first); more <= first || more >= 60000 {
		t.Errorf("of 60000 rows %.0f are loaded, and then %.0f", first, more)
	}
	c.set(t, b, "throttle.load_rows", "0")
	b.visit(t, "/tables/public/slow")
	b.sees(t, "#table", "in sync")
	c.has(t, "SELECT count(*) FROM slow", "60000")
	c.goes(t, b)
	b.content(t)
}

// goes stops the job in the console, has it begin anew, has the target take over, and deletes it: each by its typed name.
func (c *console) goes(t *testing.T, b *browser) {
	t.Helper()
	sure := func(then string) {
		t.Helper()
		b.types(t, `form.danger:has(`+then+`) input[name="confirm"]`, "shop")
		b.clicks(t, `form.danger `+then)
	}
	b.visit(t, "/")
	b.clicks(t, `a[href$="/delete"]`)
	b.sees(t, "#deletion", "stop it first")
	b.clicks(t, `#deletion a`)
	b.sees(t, "#h-act", "Actions")
	sure(`button[value="stop"]`)
	b.sees(t, "#state", "STOPPED")

	b.clicks(t, `a[href$="/reset"]`)
	b.sees(t, "main", "slot floe_shop_")
	b.sees(t, "main", "table public.slow")
	b.shoot(t, "reset")
	b.content(t)
	sure("button")
	b.sees(t, "main .notice", "it is loaded anew")
	b.shoot(t, "resetting")
	b.sees(t, "#state", "SYNCING") // its page came by itself
	b.forgets("status of 503")     // which it was until then
	c.has(t, "SELECT count(*) > 1000, to_regclass('slow') IS NULL FROM a", "t|t")

	b.clicks(t, `a[href$="/cutover"]`)
	b.sees(t, "main", "End what writes to the source first")
	b.shoot(t, "cutover")
	sure("button")
	b.sees(t, "#handover", "The target has taken over")
	b.shoot(t, "cutover-done")
	b.visit(t, "/")
	b.sees(t, "#state", "FINISHED")

	b.clicks(t, `a[href$="/delete"]`)
	b.sees(t, "main", "publication floe_shop")
	b.shoot(t, "delete")
	sure("button")
	b.sees(t, "#deletion", "The job is deleted")
	b.shoot(t, "deleted")
	c.has(t, "SELECT count(*) > 1000, to_regnamespace('floe') IS NULL FROM a", "t|t")
	b.visit(t, "/jobs")
	b.sees(t, "h1", "Databases") // a new one is described in the same place
}

// pointed has the pointer over the charts until they say what is there.
func (b *browser) pointed(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	said := ""
	if err := rig.Until(ctx, func() (bool, error) {
		said = eval[string](t, b, `(() => { const s = document.querySelector(".chart svg"); if (s === null) return ""; const r = s.getBoundingClientRect();
			s.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: r.right - 2, clientY: r.top + 2})); return s.closest(".chart").querySelector("output")?.textContent ?? "" })()`)
		return said != "", nil
	}); err != nil {
		t.Fatalf("charts say nothing under the pointer: %v", err)
	}
	if !strings.ContainsAny(said, "0123456789") {
		t.Errorf("a chart says %q", said)
	}
}

// set changes a bound of the running job on the page of settings.
func (c *console) set(t *testing.T, b *browser, key, value string) {
	t.Helper()
	b.visit(t, "/settings")
	b.types(t, `select[name="key"]`, key)
	b.types(t, `input[name="value"]`, value)
	b.clicks(t, `button[value="set"]`)
	b.sees(t, "main .notice", "The command is in the log")
}

// loadedRows waits until the table's page, which is not loaded again, shows more loaded rows than that.
func (b *browser) loadedRows(t *testing.T, than float64) (rows float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := rig.Until(ctx, func() (yes bool, err error) {
		rows, err = chromedp.Run(ctx, chromedp.Evaluate[float64](`document.querySelector("#table progress")?.value ?? -1`))
		return rows > than, err
	}); err != nil {
		b.shoot(t, "failed")
		t.Fatalf("no more than %.0f rows are loaded: %v", than, err)
	}
	return rows
}

// A browser without a mouse gets everywhere: the first key leads to the text, all links and buttons
// follow, and where one is can be seen.
func TestTheKeyboardSuffices(t *testing.T) {
	c := newConsole(t)
	b := open(t, c.url)
	b.visit(t, "/")
	const focus = `document.activeElement.className + " " + document.activeElement.textContent.trim()`
	b.do(t, chromedp.KeyEvent(kb.Tab))
	if where := eval[string](t, b, focus); where != "skip Skip to content" {
		t.Errorf("the first key leads to %q", where)
	}
	reached := map[string]bool{}
	for range 60 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		where := eval[string](t, b, focus)
		reached[where] = true
		if !eval[bool](t, b, `document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
			t.Errorf("that %q has the focus cannot be seen", where)
		}
	}
	for _, want := range []string{" Tables", " Settings", " Pause", " Stop", " 中文", " Dark", " 24h"} {
		if !reached[want] {
			t.Errorf("no key leads to%s: %v", want, reached)
		}
	}
	b.visit(t, "/")
	b.do(t, chromedp.Focus(chromedp.CSS(`button[value="pause"]`)), chromedp.KeyEvent(kb.Enter))
	b.sees(t, "#state", "PAUSED")
}
