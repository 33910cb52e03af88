package ui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"floe/e2e/rig"
)

// browser is one window.
type browser struct {
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string
	bytes      float64
}

// open starts Chromium with a window for a console.
func open(t *testing.T, url string) *browser {
	t.Helper()
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx, url: url}
	if err := chromedp.Listen(ctx, b.hear); err != nil { // it opens the window, which lives as long as ctx
		t.Fatal(err)
	}
	call(t, b, log.Enable, cdp.Empty{})
	call(t, b, network.Enable, network.EnableParams{})
	return b
}

// call runs a command of the browser's protocol.
func call[P, R any](t *testing.T, b *browser, cmd cdp.Command[P, R], params P) R {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	r, err := chromedp.Call(ctx, cmd, params)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// eval asks the page.
func eval[T any](t *testing.T, b *browser, js string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatalf("%v in %s", err, js)
	}
	return v
}

// hear notes what the browser complains of, and how much it loads.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprint("console.", e.Type))
	case *network.EventLoadingFinished:
		b.bytes += e.EncodedDataLength
	}
}

// loaded is how many bytes came since it was last asked.
func (b *browser) loaded() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.bytes
	b.bytes = 0
	return n
}

// content fails if the browser complained.
func (b *browser) content(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		t.Errorf("the browser complains: %s", c)
	}
	b.complaints = nil
}

// forgets lets complaints be that have some words.
func (b *browser) forgets(words string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = slices.DeleteFunc(b.complaints, func(c string) bool { return strings.Contains(c, words) })
}

// do does what a person does, within a minute.
func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.shoot(t, "failed")
		t.Fatal(err)
	}
}

func (b *browser) visit(t *testing.T, path string) {
	t.Helper()
	b.do(t, chromedp.Navigate(b.url+path))
}

// sees waits until an element's text has some words, without loading the page again.
func (b *browser) sees(t *testing.T, selector, words string) {
	t.Helper()
	js := fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.textContent.includes(%q))`, selector, words)
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	var last error
	err := rig.Until(ctx, func() (bool, error) {
		seen, err := chromedp.Run(ctx, chromedp.Evaluate[bool](js))
		last = err // a page that is being left does not answer
		return seen, nil
	})
	if err != nil {
		b.shoot(t, "failed")
		t.Fatalf("%s does not say %q: %v, %v\n%s", selector, words, err, last, eval[string](t, b, `document.body?.innerText ?? document.location.href`))
	}
}

// press clicks a button whose value is given.
func press(verb string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[value=%q]`, verb)))
}

// shoot keeps a picture of the whole page, if anybody wants some.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("FLOE_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Log(err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")+".png"), png, 0o644); err != nil {
		t.Error(err)
	}
}
