package console

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"floe/pkg/overview"
)

// num writes a whole number with its thousands apart.
func num(v any) string {
	x := reflect.ValueOf(v)
	s := ""
	if x.CanUint() {
		s = strconv.FormatUint(x.Uint(), 10)
	} else if x.CanInt() {
		s = strconv.FormatInt(x.Int(), 10)
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes bytes with three digits and their unit.
func size(b uint64) string {
	if b < 1024 {
		return fmt.Sprintf("%d B", b)
	}
	v, unit := float64(b), 0
	for v >= 1024 && unit < 5 {
		v, unit = v/1024, unit+1
	}
	return three(v) + " " + [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}[unit]
}

func three(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// rate writes how many a second.
func rate(v float64) string {
	if v >= 100 {
		return num(int64(v + 0.5))
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// many writes a number of things; the word is of several.
func many(lang string) func(n int, word string) string {
	return func(n int, word string) string {
		if s := translate(lang, word); lang != languages[0] || n != 1 {
			return num(n) + " " + s
		}
		return "1 " + strings.TrimSuffix(word, "s")
	}
}

// rows counts rows in a language.
func rows(lang string) func(v any) string {
	return func(v any) string {
		n := num(v)
		switch {
		case lang == "zh":
			return n + " 行"
		case n == "1":
			return "1 row"
		}
		return n + " rows"
	}
}

// capital begins a text as a heading does.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// latency writes seconds with their unit, – if they are unknown.
func latency(seconds *float64) string {
	if seconds == nil {
		return "–"
	}
	return duration(*seconds)
}

func duration(s float64) string {
	switch {
	case s < 0.01:
		return strings.TrimSuffix(strconv.FormatFloat(s*1000, 'f', 1, 64), ".0") + " ms"
	case s < 1:
		return strconv.FormatFloat(s*1000, 'f', 0, 64) + " ms"
	case s < 60:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	}
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
	}
	if d >= time.Hour {
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// counts writes inserts, updates, deletes and truncates.
func counts(c overview.Counts) string {
	return num(c.Inserts) + " / " + num(c.Updates) + " / " + num(c.Deletes) + " / " + num(c.Truncates)
}

func clock(t any) string {
	switch t := t.(type) {
	case time.Time:
		return t.UTC().Format("2006-01-02 15:04:05")
	case *time.Time:
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	return ""
}

// look is how a state looks: its mark and its colour. The word always stands beside them.
type look struct{ icon, tone string }

var looks = map[string]look{
	"SYNCING": {"●", "good"}, "CATCHING_UP": {"↻", "busy"}, "INIT_DATA": {"↻", "busy"}, "INIT_STRUCTURE": {"↻", "busy"}, "STARTING": {"↻", "busy"},
	"WAITING": {"…", "rest"}, "RETRYING": {"↻", "rest"}, "PAUSED": {"‖", "rest"}, "STOPPED": {"■", "rest"}, "FINISHED": {"■", "rest"}, "READY": {"…", "rest"},
	"PRECHECKING": {"↻", "busy"}, "PRECHECK_FAILED": {"✖", "bad"},
	"NOT RUNNING": {"○", "bad"}, "BLOCKED": {"✖", "bad"}, "FAILED": {"✖", "bad"},
	"in sync": {"●", "good"}, "loading": {"↻", "busy"}, "settling": {"↻", "busy"}, "waiting": {"…", ""}, "blocked": {"✖", "bad"}, "halted": {"‖", "rest"},
	"done": {"✔", "good"}, "now": {"▶", "busy"}, "failed": {"✖", "bad"}, "left out": {"–", "rest"}, "substituted": {"≈", "rest"}, "changed": {"≈", "rest"},
	"ok": {"✔", "good"}, "fail": {"✖", "bad"}, "warn": {"▲", "rest"}, "notice": {"ℹ", "busy"}, "ignored": {"–", ""}, "skipped": {"–", ""},
	"unknown": {"○", ""}, "equal": {"✔", "good"}, "differs": {"✖", "bad"}, "missing": {"✖", "bad"}, "extra": {"✖", "bad"}, "other number": {"✖", "bad"}, "not compared": {"–", "rest"},
}

func icon(state string) string {
	if l, ok := looks[state]; ok {
		return l.icon
	}
	return "○"
}

func tone(state string) string { return looks[state].tone }
