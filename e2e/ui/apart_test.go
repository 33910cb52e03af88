package ui

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// apart is a console that reaches a broker and nothing else, and two databases for services that are not there yet.
func apart(t *testing.T) (c *console, broker string) {
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
	c = &console{pair: pair, floe: rig.NewEmptyFloe(rig.Binary(t), t.TempDir())}
	c.floe.Env = []string{"SOURCE_PASSWORD=none", "TARGET_PASSWORD=none"}
	c.source(t, "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'v' FROM generate_series(1, 1000) i; CREATE SCHEMA sales; CREATE TABLE sales.\"<b>odd</b>\" (id int PRIMARY KEY)")
	p, broker, err := c.floe.Broker(ctx)
	c.ends(t, p, err)
	p, err = c.floe.Service("console", "console", "--job", "other", "--broker", broker, "--listen", "127.0.0.1:0")
	c.ends(t, p, err)
	address := regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+)`)
	if err := rig.Until(ctx, func() (bool, error) {
		if m := address.FindStringSubmatch(p.Log()); m != nil {
			c.url = m[1]
		}
		return c.url != "", nil
	}); err != nil {
		t.Fatalf("%v: %s", err, p.Log())
	}
	return c, broker
}

// ends sees to it that a service ends with the test.
func (c *console) ends(t *testing.T, s *rig.Service, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s:\n%s", s.LogFile, s.Log())
		}
		_ = s.Kill()
	})
}

// With services apart a person describes a job, gives its file to a capture and an applier, reads what their
// prechecks found, and starts it; no password is asked for.
func TestAJobOfServicesApartIsStarted(t *testing.T) {
	c, broker := apart(t)
	b := open(t, c.url)
	b.visit(t, "/jobs")
	b.clicks(t, `a[href="/new"]`)
	b.sees(t, "h1", "Databases")
	if eval[bool](t, b, `document.querySelector("input[type=password]") !== null`) {
		t.Error("a password is asked for")
	}
	b.fill(t, "source", c.pair.SourceURL(), "", "")
	b.fill(t, "target", c.pair.TargetURL(), "", "")
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "fieldset code", broker)
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "h1", "Objects")
	b.types(t, `input[name="add"]`, "public.a")
	b.clicks(t, `button[value="add"]`)
	b.sees(t, ".chosen", "public.a")
	b.clicks(t, `button[value="next"]`)
	b.sees(t, "h1", "Initialisation")
	b.types(t, `input[name="name"]`, "apart")
	b.clicks(t, "button.main")
	b.sees(t, "#checks", "Nothing reports")
	if err := os.WriteFile(c.floe.JobFile(), []byte(eval[string](t, b, `document.getElementById("file").textContent`)), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := c.floe.Capture("capture", broker)
	c.ends(t, p, err)
	p, err = c.floe.Applier("applier", broker)
	c.ends(t, p, err)
	b.sees(t, "#checks", "The job is ready")
	b.sees(t, "#checks", "wal_level is logical")
	// What fails when the services look again keeps the job from its start, until it is mended.
	c.source(t, "ALTER TABLE a RENAME TO elsewhere")
	b.checksUntil(t, "the source has no table of public.a")
	b.sees(t, "#checks", "The prechecks failed")
	if eval[bool](t, b, `document.querySelector("button[value=start]") !== null`) {
		t.Error("it may start though a check failed")
	}
	b.shoot(t, "apart-failed-precheck")
	c.source(t, "ALTER TABLE elsewhere RENAME TO a")
	b.checksUntil(t, "The job is ready")
	c.has(t, "SELECT to_regclass('public.a') IS NULL", "t") // nothing is made before
	for _, lang := range []string{"en", "zh"} {
		call(t, b, network.SetCookie, network.SetCookieParams{Name: "floe_lang", Value: lang, URL: c.url})
		for _, width := range []int64{390, 1280} {
			call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
			for _, path := range []string{"/jobs", "/jobs/apart", "/new", "/new/log", "/new/objects", "/new/init", "/new/check"} {
				b.visit(t, path)
				b.look(t, fmt.Sprintf("apart-%s-%d%s", lang, width, path))
			}
		}
	}
	call(t, b, network.DeleteCookies, network.DeleteCookiesParams{Name: "floe_lang", URL: c.url})
	call(t, b, emulation.ClearDeviceMetricsOverride, cdp.Empty{})
	b.visit(t, "/new/check")
	b.clicks(t, `button[value="start"]`)
	b.sees(t, "h1", "Job")
	b.sees(t, "#found", "SYNCING")
	c.has(t, "SELECT count(*) FROM a", "1000")
	// A further job is described with what these services see: they test the databases and name the tables.
	b.visit(t, "/new")
	b.clicks(t, `button[value^="use-source "]`)
	b.clicks(t, `button[value^="use-target "]`)
	b.clicks(t, `button[value="test-source"]`)
	b.sees(t, "#source .checks", "S-WAL-LEVEL")
	b.clicks(t, `button[value="test-target"]`)
	b.sees(t, "#target .checks", "T-VERSION")
	b.shoot(t, "apart-tested")
	b.visit(t, "/new/objects")
	b.sees(t, ".tree", "<b>odd</b>")
	b.clicks(t, `.tree input[value="sales"]`)
	b.clicks(t, `button[value="choose"]`)
	b.sees(t, ".chosen", "sales")
	b.sees(t, "#file", "- sales")
	b.shoot(t, "apart-tree")
	b.visit(t, "/jobs/apart")
	b.clicks(t, `button[value="run"]`) // of a job that runs, too
	b.sees(t, "#checks", "Ended")
	b.content(t)
}

// checksUntil has the prechecks made until they find something: a run that goes on may have begun before.
func (b *browser) checksUntil(t *testing.T, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	js := fmt.Sprintf(`(() => { const checks = document.getElementById("checks"), run = document.querySelector('button[value="run"]');
		if (checks?.textContent.includes(%q)) return true;
		if (run === null || document.readyState !== "complete" || checks.querySelector("progress") !== null || performance.now() < (window.asked ?? 0)) return false;
		window.asked = performance.now() + 5000; run.click(); return false; })()`, words)
	if err := rig.Until(ctx, func() (bool, error) {
		found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](js))
		return found && err == nil, nil // a page that is being left does not answer
	}); err != nil {
		b.shoot(t, "failed")
		t.Fatalf("the prechecks do not find %q: %v\n%s", words, err, eval[string](t, b, `document.body?.innerText ?? document.location.href`))
	}
}
