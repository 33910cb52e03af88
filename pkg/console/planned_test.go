package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"floe/pkg/access"
)

// A page does not wait for a plan: it is made beside, once however often it is asked for, and shown when it is
// there.
func TestAPageDoesNotWaitForThePlan(t *testing.T) {
	t.Parallel()
	n, plan := near(), make(chan error)
	var asked atomic.Int32
	n.Plan = func(ctx context.Context) (string, error) {
		asked.Add(1)
		select {
		case err := <-plan:
			return "<b>the plan</b>", err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	s := startWith(t, access.Config{}, n)
	s.place(t)
	for range 3 {
		if code, h, _ := ask(t, "GET", s.url+"/settings?plan=1", ""); code != http.StatusSeeOther || h.Get("Location") != "/settings#plan" {
			t.Fatalf("%d %v", code, h)
		}
	}
	shows := func(words string) string {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			_, _, body := ask(t, "GET", s.url+"/settings", "")
			if strings.Contains(body, words) {
				return body
			}
			if time.Now().After(deadline) {
				t.Fatalf("%q is not shown: %s", words, body)
			}
		}
	}
	if body := shows("The plan is being made."); !strings.Contains(body, `data-live-page="news"`) || !strings.Contains(body, "name: orders") {
		t.Errorf("%s", body)
	}
	plan <- nil
	if body := shows("&lt;b&gt;the plan&lt;/b&gt;"); strings.Contains(body, "data-live-page") {
		t.Errorf("a page that waits for nothing follows the job: %s", body)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d plans are made", n)
	}
	ask(t, "GET", s.url+"/settings?plan=1", "")
	plan <- errors.New("the source does not answer")
	shows("the source does not answer")
}
