package ui

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// emptyConsole is floe dev without a job, and two databases. The source asks for a password.
func emptyConsole(t *testing.T) *console {
	t.Helper()
	if os.Getenv("FLOE_E2E") != "ui" {
		t.Skip("the console in a browser is a lane of its own: make e2e-ui")
	}
	s := rig.StartServers(t, pgtest.Options{HBA: []string{"host all locked 127.0.0.1/32 scram-sha-256"}})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	pair, err := s.NewPair(ctx, "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	c := &console{pair: pair, floe: rig.NewEmptyFloe(rig.Binary(t), t.TempDir())}
	c.source(t, `CREATE ROLE locked SUPERUSER LOGIN PASSWORD 'canary-7'; CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'v' FROM generate_series(1, 1000) i;
		CREATE SCHEMA sales; CREATE TABLE sales.tmp_1 (id int PRIMARY KEY); CREATE TABLE sales.orders (id int PRIMARY KEY, tmp int REFERENCES sales.tmp_1);
		INSERT INTO sales.orders VALUES (1), (2); CREATE TABLE sales."<b>odd</b>" (id int PRIMARY KEY)`)
	c.target(t, "CREATE TABLE a (id int PRIMARY KEY, other text)")
	if err := c.floe.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.floe.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if err := rig.Until(ctx, func() (bool, error) { c.url = c.floe.Console(); return c.url != "", c.floe.Ended() }); err != nil {
		t.Fatal(err)
	}
	return c
}

// clicks presses what a selector finds, once it is there: a form may just have led to its page.
func (b *browser) clicks(t *testing.T, selector string) { b.acts(t, selector, "e.click()") }

// types puts a text into a field.
func (b *browser) types(t *testing.T, selector, value string) {
	b.acts(t, selector, fmt.Sprintf("e.value = %q", value))
}

func (b *browser) acts(t *testing.T, selector, js string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	act := fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (e === null || document.readyState !== "complete") return false; %s; return true; })()`, selector, js)
	if err := rig.Until(ctx, func() (bool, error) {
		done, err := chromedp.Run(ctx, chromedp.Evaluate[bool](act))
		return done && err == nil, nil // a page that is being left does not answer
	}); err != nil {
		b.shoot(t, "failed")
		t.Fatalf("there is no %s: %v", selector, err)
	}
}

// fill types a database into its form.
func (b *browser) fill(t *testing.T, side, address string, user, password string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if user == "" {
		user = u.User.Username()
	}
	for name, value := range map[string]string{"host": u.Hostname(), "port": u.Port(), "database": strings.TrimPrefix(u.Path, "/"), "user": user, "password": password} {
		if value != "" {
			b.types(t, fmt.Sprintf(`input[name="%s.%s"]`, side, name), value)
		}
	}
}

// A job is made from nothing in the browser: a wrong password is seen, a table is renamed because the target
// has one of its name, and the job that was checked is the one that runs, with its password in a file.
func TestAJobIsMadeFromNothing(t *testing.T) {
	c := emptyConsole(t)
	b := open(t, c.url)
	b.visit(t, "/")
	b.sees(t, "h1", "Databases")
	b.fill(t, "source", c.pair.SourceURL(), "locked", "wrong")
	b.fill(t, "target", c.pair.TargetURL(), "", "")
	b.clicks(t, `button[value="test-source"]`)
	b.sees(t, "#source .checks", "S-AUTH")
	b.fill(t, "source", c.pair.SourceURL(), "locked", "canary-7")
	b.clicks(t, `button[value="test-source"]`)
	b.sees(t, "#source .checks", "S-WAL-LEVEL")
	b.clicks(t, `button[value="test-target"]`)
	b.sees(t, "#target .checks", "T-VERSION")
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "h1", "Kafka")
	b.types(t, `input[name="brokers"]`, "127.0.0.1:1")
	b.clicks(t, `button[value="test"]`)
	b.sees(t, ".tested .checks", "B-CONN")
	b.types(t, `input[name="brokers"]`, "")
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "h1", "Objects")
	b.sees(t, ".tree", "<b>odd</b>")
	b.clicks(t, `input[value="public.a"]`)
	b.clicks(t, `input[value="sales"]`)
	b.clicks(t, `button[value="choose"]`)
	b.sees(t, ".chosen", "public.a")
	b.types(t, `textarea[name="exclude"]`, "sales.tmp_*")
	b.types(t, `textarea[name="filters"]`, "sales.orders: id <> 2")
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "h1", "Initialisation")
	b.clicks(t, "button.main")
	b.sees(t, "h1", "Precheck and start")
	b.clicks(t, `button[value="run"]`)
	b.sees(t, "#checks", "O-TARGET-EXISTS")
	b.sees(t, "#checks p", "failed")
	if eval[bool](t, b, `document.querySelector("button[value=start]") !== null`) {
		t.Error("it may start though a check failed")
	}
	b.shoot(t, "failed-precheck")
	b.copies(t, "#file")
	c.looks(t, b)
	b.visit(t, "/new/objects")
	b.types(t, `.chosen li:has(input[value="public.a"]) input[name="to"]`, "copies.a2")
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "#file", "copies.a2")
	b.clicks(t, "button.main")
	b.sees(t, "#checks", "has changed since")
	b.clicks(t, `button[value="run"]`)
	b.sees(t, "#checks", "Nothing stands in the way")
	b.clicks(t, `#checks details:has(input[value="O-FK-OUTSIDE"]) summary`)
	b.types(t, `#checks form:has(input[value="O-FK-OUTSIDE"]) input[name="reason"]`, "known to us")
	b.clicks(t, `#checks form:has(input[value="O-FK-OUTSIDE"]) button`)
	b.sees(t, "#checks", "ignored: known to us")
	b.clicks(t, `button[value="start"]`)
	b.sees(t, "#state", "SYNCING")
	c.has(t, "SELECT count(*) FROM copies.a2", "1000")
	c.has(t, "SELECT count(*) FROM sales.orders", "1") // the other one is filtered
	c.has(t, "SELECT to_regclass('sales.tmp_1') IS NULL", "t")
	c.source(t, "INSERT INTO sales.orders VALUES (3)")
	c.has(t, "SELECT count(*) FROM sales.orders", "2")
	b.content(t)
	c.keeps(t)
}

// copies presses the button beside a text, which must come to the clipboard; a browser without a window has none
// of its own.
func (b *browser) copies(t *testing.T, selector string) {
	t.Helper()
	b.acts(t, selector, `navigator.clipboard.writeText = async (text) => { window.copied = text }; e.closest(".copy").querySelector("[data-copy]").click()`)
	if want, got := eval[string](t, b, fmt.Sprintf("document.querySelector(%q).textContent", selector)), eval[string](t, b, `window.copied ?? ""`); got != want || want == "" {
		t.Errorf("%q is copied of %q", got, want)
	}
}

// A job is made without a script and without a mouse: keys lead to every field and button of the steps.
func TestAJobIsMadeWithKeysAlone(t *testing.T) {
	c := emptyConsole(t)
	b := open(t, c.url)
	call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.visit(t, "/new")
	for _, x := range []struct{ side, address, user, password string }{{"source", c.pair.SourceURL(), "locked", "canary-7"}, {"target", c.pair.TargetURL(), "postgres", ""}} {
		u, err := url.Parse(x.address)
		if err != nil {
			t.Fatal(err)
		}
		b.writes(t, x.side+".host", u.Hostname())
		b.writes(t, x.side+".port", u.Port())
		b.writes(t, x.side+".database", strings.TrimPrefix(u.Path, "/"))
		b.writes(t, x.side+".user", x.user)
		if x.password != "" {
			b.writes(t, x.side+".password", x.password)
		}
	}
	b.enters(t, `button[value="next"]`)
	b.sees(t, "h1", "Kafka")
	b.enters(t, `button[value="next"]`)
	b.sees(t, "h1", "Objects")
	b.writes(t, "add", "sales.orders")
	b.do(t, chromedp.KeyEvent(kb.Enter))
	b.sees(t, ".chosen", "sales.orders")
	b.writes(t, "filters", "sales.orders: id <> 2")
	b.enters(t, `button[value="next"]`)
	b.sees(t, "h1", "Initialisation")
	b.enters(t, "button.main")
	b.sees(t, "h1", "Precheck and start")
	b.enters(t, `button[value="run"]`)
	b.sees(t, "#checks", "Nothing stands in the way")
	b.enters(t, `button[value="start"]`)
	b.sees(t, "#state", "SYNCING")
	c.has(t, "SELECT count(*) FROM sales.orders", "1")
	b.do(t, press("pause"))
	b.sees(t, "main .notice", "The command is in the log")
	b.content(t)
}

// reaches presses the key that leads on until it has come to what a selector finds.
func (b *browser) reaches(t *testing.T, selector string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	at := fmt.Sprintf(`document.readyState === "complete" && document.activeElement.matches(%q)`, selector)
	for {
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](at))
		if there && err == nil {
			return
		}
		if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
			b.shoot(t, "failed")
			t.Fatalf("no key leads to %s: %v", selector, err)
		}
	}
}

// writes types into a field.
func (b *browser) writes(t *testing.T, name, text string) {
	t.Helper()
	b.reaches(t, fmt.Sprintf("[name=%q]", name))
	b.do(t, chromedp.KeyEvent(text))
}

// enters presses a button.
func (b *browser) enters(t *testing.T, selector string) {
	t.Helper()
	b.reaches(t, selector)
	b.do(t, chromedp.KeyEvent(kb.Enter))
}

// keeps fails if the password is anywhere but in its file, or that can be read by others; and if a rerun
// does not resume.
func (c *console) keeps(t *testing.T) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(c.floe.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), "canary-7") {
			i, err := d.Info()
			if err != nil || i.Mode().Perm() != 0o600 || filepath.Base(filepath.Dir(path)) != "secrets" {
				t.Errorf("the password is in %s, %v %v", path, i.Mode(), err)
			}
			seen++
		}
		return err
	})
	if err != nil || seen != 1 {
		t.Errorf("the password is in %d files: %v", seen, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := c.floe.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	c.source(t, "INSERT INTO sales.orders VALUES (4)")
	if err := c.floe.Start(); err != nil {
		t.Fatal(err)
	}
	c.has(t, "SELECT count(*) FROM sales.orders", "3")
}

// looks judges every step in both languages and themes, narrow and wide.
func (c *console) looks(t *testing.T, b *browser) {
	t.Helper()
	for _, lang := range []string{"en", "zh"} {
		for _, theme := range []string{"light", "dark"} {
			for name, value := range map[string]string{"floe_lang": lang, "floe_theme": theme} {
				call(t, b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: c.url})
			}
			for _, width := range []int64{390, 1280} {
				call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
				for _, path := range []string{"/new", "/new/log", "/new/objects", "/new/init", "/new/check"} {
					b.visit(t, path)
					b.look(t, fmt.Sprintf("%s-%s-%d%s", lang, theme, width, path))
				}
			}
		}
	}
	for _, name := range []string{"floe_lang", "floe_theme"} {
		call(t, b, network.DeleteCookies, network.DeleteCookiesParams{Name: name, URL: c.url})
	}
	call(t, b, emulation.ClearDeviceMetricsOverride, cdp.Empty{})
}
