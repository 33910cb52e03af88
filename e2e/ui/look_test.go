package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"floe/e2e/rig"
)

// paths are all pages of a job.
var paths = []string{"/", "/tables", "/tables/public/a", "/structure", "/errors", "/jobs", "/jobs/shop", "/jobs/shop/delete", "/jobs/shop/cutover", "/jobs/shop/reset", "/new", "/events?table=public.a", "/verify", "/checks", "/log?kind=all", "/settings?plan=1"}

// contrast finds texts that are hard to read against their ground (WCAG 2: 4.5, or 3 for large ones).
const contrast = `(() => {
  const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const lum = c => { const f = c.slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || e.closest("noscript, .skip")) continue;
    const s = getComputedStyle(e), a = lum(parse(s.color)), b = lum(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05), large = parseFloat(s.fontSize) >= 24 || parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) bad.push(walk.currentNode.data.trim() + " " + ratio.toFixed(2));
  }
  return bad;
})()`

// troubled has every page of a job say something: an object that waits, rows that differ, a row that the target refuses.
func (c *console) troubled(t *testing.T, b *browser) {
	t.Helper()
	c.source(t, "CREATE RULE kept AS ON DELETE TO a WHERE old.id < 0 DO INSTEAD NOTHING")
	b.visit(t, "/structure")
	b.sees(t, "#structure", "until-cut-over")
	c.target(t, "UPDATE a SET v = 'drifted' WHERE id = 7; DELETE FROM a WHERE id = 8")
	b.visit(t, "/verify")
	b.clicks(t, `form[action="/verify"] button`)
	b.sees(t, "#verify tr", "missing")
	c.target(t, "ALTER TABLE a ADD CONSTRAINT small CHECK (id < 5000)")
	c.source(t, "INSERT INTO a VALUES (5000, 'refused')")
	b.visit(t, "/errors")
	b.sees(t, "article", "constraint-violation")
}

// Every page can be read, in both languages, both themes, and on narrow and wide screens.
func TestEveryPageCanBeRead(t *testing.T) {
	c := newConsole(t)
	b := open(t, c.url)
	c.troubled(t, b)
	for _, lang := range []string{"en", "zh"} {
		for _, theme := range []string{"light", "dark"} {
			for name, value := range map[string]string{"floe_lang": lang, "floe_theme": theme} {
				call(t, b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: c.url})
			}
			for _, width := range []int64{390, 1280, 2560} {
				call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
				for _, path := range paths {
					b.visit(t, path)
					b.look(t, fmt.Sprintf("%s-%s-%d%s", lang, theme, width, path))
				}
			}
		}
	}
	b.content(t)
}

// look judges the page that is shown.
func (b *browser) look(t *testing.T, name string) {
	t.Helper()
	over := eval[int](t, b, `document.documentElement.scrollWidth - innerWidth`)
	headings := eval[int](t, b, `document.querySelectorAll("h1").length`)
	hard := eval[[]string](t, b, contrast)
	if over > 0 || headings != 1 || len(hard) > 0 {
		t.Errorf("%s: %d pixels too wide, %d titles, hard to read: %q", name, over, headings, hard)
	}
	for _, x := range b.nameless(t) {
		t.Errorf("%s: a %s without a name", name, x)
	}
	if !strings.Contains(name, "2560") {
		b.shoot(t, name)
	}
}

// nameless are controls that a screen reader could not tell.
func (b *browser) nameless(t *testing.T) (out []string) {
	t.Helper()
	nodes := call(t, b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	for _, n := range nodes {
		role, name := text(n.Role), text(n.Name)
		switch role {
		case "link", "button", "textbox", "searchbox", "combobox", "progressbar", "progressIndicator", "image", "navigation", "region":
			if strings.TrimSpace(name) == "" && !n.Ignored {
				out = append(out, role)
			}
		}
	}
	if len(nodes) < 20 {
		t.Errorf("%d nodes", len(nodes))
	}
	return out
}

func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	_ = json.Unmarshal([]byte(v.Value), &s) // what is no text has none
	return s
}

// paintedAt is when the page's first content was seen, -1 before.
const paintedAt = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1`

// painted waits until something was seen.
func (b *browser) painted(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := rig.Until(ctx, func() (bool, error) {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[float64](paintedAt))
		return at >= 0, err
	}); err != nil {
		t.Error("nothing was painted: ", err)
	}
}

// first is when a browser that was just started shows a page, and when it had its answer.
func first(t *testing.T, url string) (b *browser, answer, paint float64) {
	t.Helper()
	b = open(t, url)
	b.visit(t, "/")
	b.painted(t)
	return b, eval[float64](t, b, `performance.getEntriesByType("navigation")[0].responseEnd`), eval[float64](t, b, paintedAt)
}

// A page is light, and whole where scripts are not allowed. Beside what a page takes stands what one takes that
// says a letter: a browser's own.
func TestPagesAreLightAndWholeWithoutScripts(t *testing.T) {
	c := newConsole(t)
	letter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html><p>x")) }))
	defer letter.Close()
	_, _, least := first(t, letter.URL)
	b, answer, paint := first(t, c.url)
	t.Logf("a new browser shows a letter after %.0f ms, the console after %.0f ms, answered after %.0f ms", least, paint, answer)
	for _, path := range paths {
		b.loaded()
		call(t, b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		b.visit(t, path)
		b.painted(t)
		paint := eval[float64](t, b, paintedAt)
		answer := eval[float64](t, b, `performance.getEntriesByType("navigation")[0].responseEnd`)
		n := b.loaded()
		t.Logf("%s: %.0f bytes, answered after %.0f ms, first paint after %.0f ms", path, n, answer, paint)
		if n <= 0 || n > 300<<10 {
			t.Errorf("%s weighs %.0f bytes", path, n)
		}
	}
	call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	for _, path := range paths {
		b.visit(t, path)
		// Scripts of the tools go on; the page's own do not, which is why its refresh is there.
		// Settings follow a plan only while it is being made, which may be over by now; a deletion is followed while it goes on.
		live := path != "/events?table=public.a" && path != "/log?kind=all" && path != "/new" && !strings.HasPrefix(path, "/jobs/shop/")
		seen := eval[map[string]int](t, b, `Object.fromEntries(["footer", "main h1", "nav a[aria-current]", "meta[http-equiv=refresh]", ".chart path.line"].map(s => [s, document.querySelectorAll(s).length]))`)
		if seen["footer"] != 1 || seen["main h1"] != 1 || seen["nav a[aria-current]"] != 1 || (seen["meta[http-equiv=refresh]"] == 1) != live && path != "/settings?plan=1" || path == "/" && seen[".chart path.line"] != 4 {
			t.Errorf("%s without scripts: %v", path, seen)
		}
	}
	b.content(t)
}
