package console

import (
	"strings"
	"time"

	"floe/pkg/console/history"
)

// spark is how a job's latency went, small enough for a row of a list.
type spark struct {
	Path      string
	Now, Most string
	Over      string // how long ago it begins
}

const sparkWidth, sparkHeight, sparkSteps = 100, 20, 48

// sparkOf draws what a reader of a job keeps: the last hour, or less if it reads since less; nil if nothing
// is known.
func sparkOf(w *watch, now time.Time) *spark {
	points, span := w.points("1h", now), history.Spans[1]
	if len(points) < 12 {
		points, span = w.points("1m", now), history.Spans[0]
	}
	return drawSpark(points, span.Step, now)
}

func drawSpark(points []history.Point, step time.Duration, now time.Time) *spark {
	most, last := 0.0, -1.0
	for _, p := range points {
		if p.LatencySeconds != nil {
			most, last = max(most, *p.LatencySeconds), *p.LatencySeconds
		}
	}
	if last < 0 {
		return nil
	}
	first := points[0].At
	over := max(now.Sub(first), time.Minute)
	top := nice(most)
	each := (len(points) + sparkSteps - 1) / sparkSteps // points of one step; the worst of them shows
	var b strings.Builder
	var at time.Time // of the last step that was drawn, zero behind a gap
	for i := 0; i < len(points); i += each {
		part := points[i:min(i+each, len(points))]
		y := -1.0
		for _, p := range part {
			if p.LatencySeconds != nil {
				y = max(y, *p.LatencySeconds)
			}
		}
		if y < 0 {
			at = time.Time{}
			continue
		}
		end := part[len(part)-1].At
		x := sparkWidth - sparkWidth*float64(now.Sub(end))/float64(over)
		c := coordinate(max(x, 0)) + " " + coordinate(sparkHeight-y/top*sparkHeight)
		if at.IsZero() || part[0].At.Sub(at) > 3*step {
			b.WriteString("M" + c)
		}
		b.WriteString("L" + c)
		at = end
	}
	return &spark{b.String(), duration(last), duration(most), duration(over.Seconds())}
}
