package console

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"floe/pkg/console/history"
)

// A spark shows the worst of each step within its bounds, is broken where nobody saw anything, and is small
// however much is known.
func TestASparkIsSmall(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	point := func(ago int, latency float64) history.Point {
		return history.Point{At: now.Add(-time.Duration(ago) * time.Second), LatencySeconds: &latency}
	}
	if drawSpark(nil, time.Second, now) != nil || drawSpark([]history.Point{{At: now}}, time.Second, now) != nil {
		t.Error("nothing is drawn")
	}
	s := drawSpark([]history.Point{point(50, 1), point(49, 2), {At: now.Add(-48 * time.Second)}, point(20, 4), point(1, 0.5)}, time.Second, now)
	if s.Path != "M16.7 16.0L16.7 16.0L18.3 12.0M66.7 4.0L66.7 4.0M98.3 18.0L98.3 18.0" || s.Now != "500 ms" || s.Most != "4.0 s" || s.Over != "1 min 0 s" {
		t.Errorf("%+v", s)
	}
	var all []history.Point
	for i := range 360 {
		all = append(all, point(3600-10*i, float64(i%7)))
	}
	s = drawSpark(all, 10*time.Second, now)
	if n := strings.Count(s.Path, "L"); n > sparkSteps || n < sparkSteps/2 || strings.Count(s.Path, "M") != 1 || s.Over != "1 h 0 min" {
		t.Errorf("%d steps in %+v", n, s)
	}
	for i, v := range regexp.MustCompile(`[\d.]+`).FindAllString(s.Path, -1) {
		if x, err := strconv.ParseFloat(v, 64); err != nil || x < 0 || x > []float64{sparkWidth, sparkHeight}[i%2] {
			t.Errorf("%s is outside", v)
		}
	}
}
