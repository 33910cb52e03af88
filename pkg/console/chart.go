package console

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"floe/pkg/console/history"
)

// chart is a picture of some values over time, drawn by the server so that it needs no script.
type chart struct {
	Title, Unit   string
	Width, Height int
	Lines         []line
	Grid          []int    // heights of the lines behind it
	Y, X          []string // labels, from the top and from the left
	Now, Most     string
	Data          string // what stands under the pointer, as JSON
}

// line is one value: Class tells it apart by colour and by dashes.
type line struct{ Name, Class, Path, Last string }

// value is what one line of a chart shows.
type value struct {
	name  string
	of    func(history.Point) (float64, bool)
	write func(float64) string
	round func(float64) float64 // up, to where the picture ends
}

const chartWidth, chartHeight = 1000, 100

// charts are the pictures of a span.
func charts(points []history.Point, span history.Span, now time.Time) []chart {
	seconds := func(p history.Point) (float64, bool) {
		if p.LatencySeconds == nil {
			return 0, false
		}
		return *p.LatencySeconds, true
	}
	perSecond := func(v float64) string { return rate(v) + "/s" }
	return []chart{
		draw("Latency", points, span, now, value{"end to end", seconds, duration, nice}),
		draw("Rows a second", points, span, now, value{"captured", func(p history.Point) (float64, bool) { return p.CapturedRows, true }, perSecond, nice},
			value{"applied", func(p history.Point) (float64, bool) { return p.AppliedRows, true }, perSecond, nice}),
		draw("WAL kept by the source", points, span, now, value{"WAL kept", func(p history.Point) (float64, bool) { return float64(p.KeptBytes), true }, func(v float64) string { return size(uint64(v)) }, binary}),
	}
}

func draw(title string, points []history.Point, span history.Span, now time.Time, values ...value) chart {
	c := chart{Title: title, Width: chartWidth, Height: chartHeight, Grid: []int{0, chartHeight / 2, chartHeight}, Now: "–", Most: "–"}
	most := 0.0
	for _, v := range values {
		for _, p := range points {
			if y, ok := v.of(p); ok {
				most = max(most, y)
			}
		}
	}
	top := values[0].round(most)
	first := now.Add(-span.Step * time.Duration(span.Steps))
	x := func(p history.Point) float64 { return float64(p.At.Sub(first)) / float64(now.Sub(first)) }
	for i, v := range values {
		l := line{Name: v.name, Class: string(rune('a' + i)), Last: "–", Path: path(points, span, v, x, top)}
		for _, p := range points {
			if y, ok := v.of(p); ok {
				l.Last = v.write(y)
			}
		}
		c.Lines = append(c.Lines, l)
	}
	write := values[0].write
	c.Y = []string{write(top), write(top / 2), "0"}
	c.Now, c.Most = c.Lines[0].Last, write(most)
	for i := range 5 {
		c.X = append(c.X, label(first.Add(now.Sub(first)*time.Duration(i)/4), span))
	}
	c.Data = tips(points, values, x, span)
	return c
}

// path is a line of a picture. Where nobody saw anything it is broken.
func path(points []history.Point, span history.Span, v value, x func(history.Point) float64, top float64) string {
	var b strings.Builder
	var last time.Time
	for _, p := range points {
		y, ok := v.of(p)
		if !ok {
			last = time.Time{}
			continue
		}
		at := coordinate(x(p)*chartWidth) + " " + coordinate(chartHeight-y/top*chartHeight)
		if last.IsZero() || p.At.Sub(last) > span.Step {
			b.WriteString("M" + at) // a lone point shows by its round ends
		}
		b.WriteString("L" + at)
		last = p.At
	}
	return b.String()
}

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// nice is the least round number from v up.
func nice(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*p {
			return m * p
		}
	}
	return 10 * p
}

// binary is nice for sizes.
func binary(v float64) float64 {
	if v <= 1024 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1024
	}
	return math.Pow(2, math.Ceil(math.Log2(v)))
}

func label(t time.Time, span history.Span) string {
	if span.Step*time.Duration(span.Steps) > 25*time.Hour {
		return t.UTC().Format("01-02 15h")
	}
	return t.UTC().Format("15:04")
}

type tip struct {
	X    float64 `json:"x"`
	Text string  `json:"text"`
}

func tips(points []history.Point, values []value, x func(history.Point) float64, span history.Span) string {
	out := []tip{}
	for _, p := range points {
		t := tip{math.Round(x(p)*1000) / 1000, p.At.UTC().Format("15:04:05")}
		if span.Step >= time.Minute {
			t.Text = p.At.UTC().Format("01-02 15:04")
		}
		for _, v := range values {
			if y, ok := v.of(p); ok {
				t.Text += "  " + v.write(y)
			}
		}
		out = append(out, t)
	}
	b, _ := json.Marshal(out) // numbers and texts only
	return string(b)
}
