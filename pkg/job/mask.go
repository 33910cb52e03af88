package job

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// plainURL is an address that faults may show.
var plainURL = regexp.MustCompile(`^[A-Za-z]+://(?:[^:@/?\s]*@)?[^:@/?\s]*(?::[0-9]{1,5})?(?:/[^?\s]*)?(?:\?sslmode=[a-z-]*)?$`)

// mask is a part of a line that is not shown: from and to are runes, counted from 0.
type mask struct{ from, to int }

// hide keeps a value out of what faults show; of an address its passwords alone. It returns the column of what
// is hidden first.
func (r *reader) hide(n ast.Node, text string, passwords []hole) (column int) {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	p := n.GetToken().Position
	line := []rune(r.line(p.Line))
	at := min(max(0, p.Column-1), len(line))
	rest := string(line[at:])
	// Behind its quote a value stands as it is, unless it has escapes or goes on on the next line.
	i := strings.Index(rest, text)
	if text == "" || i < 0 || i > 1 {
		switch n.(type) {
		case *ast.MappingNode, *ast.MappingValueNode: // its place is its colon's
			at = 0
		}
		r.masks[p.Line] = append(r.masks[p.Line], mask{at, len(line)})
		for k := range strings.Count(strings.TrimSpace(n.GetToken().Origin), "\n") + strings.Count(text, "\n") {
			r.masks[p.Line+1+k] = append(r.masks[p.Line+1+k], mask{0, len([]rune(r.line(p.Line + 1 + k)))})
		}
		return at + 1
	}
	if passwords == nil {
		passwords = []hole{{0, len(text)}}
	}
	place := func(to int) int { return at + len([]rune(rest[:i+to])) }
	for _, h := range passwords {
		r.masks[p.Line] = append(r.masks[p.Line], mask{place(h.from), place(h.to)})
	}
	return place(passwords[0].from) + 1
}

func (r *reader) line(number int) string {
	if number < 1 || number > len(r.lines) {
		return ""
	}
	return strings.TrimRight(r.lines[number-1], "\r")
}

// shown is a line without what may be secret, and where one of its columns is then.
func (r *reader) shown(number, column int) (text string, caret int) {
	line := []rune(r.line(number))
	masks := append(slices.Clone(r.masks[number]), r.suspected(number)...)
	slices.SortFunc(masks, func(a, b mask) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	var b strings.Builder
	done := 0
	caret = column
	for _, m := range masks {
		if m.to <= done || m.from >= m.to {
			continue
		}
		m.from = max(m.from, done)
		b.WriteString(string(line[done:m.from]))
		switch {
		case column-1 >= m.to:
			caret += len(redacted) - (m.to - m.from)
		case column-1 > m.from:
			caret -= column - 1 - m.from
		}
		b.WriteString(redacted)
		done = m.to
	}
	b.WriteString(string(line[done:]))
	return b.String(), caret
}

var (
	// What looks like a secret by its key; the quotes are of JSON.
	secretKey = regexp.MustCompile(`(?i)(?:pass|pwd|secret|token|credential)[\w-]*["']?\s*[:=]\s*`)
	userinfo  = regexp.MustCompile(`(?:://[^/\s@"']*?)?:([^/"'\s][^"'\s]*)@`)
	firstKey  = regexp.MustCompile(`^[\s{-]*["']?[a-z_]{1,20}["']?\s*:\s*`)
	topField  = regexp.MustCompile(`^["']?([A-Za-z_]+)["']?\s*:`)
	// open are the fields of a job in which nothing is secret.
	open = []string{"name", "objects", "on_existing", "init", "ddl", "heartbeat", "throttle", "apply"}
)

// suspected is what may be a password though no field with one was read there: the file is no YAML, or the
// field has a wrong name.
func (r *reader) suspected(number int) (out []mask) {
	line := r.line(number)
	runes := func(to int) int { return len([]rune(line[:to])) }
	add := func(from, to int) {
		if literal(strings.Trim(line[from:to], `"' `)) || fallback.MatchString(strings.Trim(line[from:to], `"' `)) {
			out = append(out, mask{runes(from), runes(to)})
		}
	}
	for _, m := range secretKey.FindAllStringIndex(line, -1) {
		ends := ""
		switch {
		case strings.Contains(line[m[0]:m[1]], "="):
			ends = "&'\" ,}]"
		case strings.ContainsAny(line[:m[0]], "{["):
			ends = ",}]"
		}
		add(m[1], m[1]+valueEnd(line[m[1]:], ends))
	}
	for _, m := range userinfo.FindAllStringSubmatchIndex(line, -1) {
		add(m[2], m[3])
	}
	if r.broken && !slices.Contains(open, r.section(number)) {
		add(len(firstKey.FindString(line)), len(line))
	}
	return out
}

// section is the field of the job that a line of a file that is no YAML is in, as far as its beginning tells.
func (r *reader) section(number int) string {
	for ; number > 0; number-- {
		if m := topField.FindStringSubmatch(r.line(number)); m != nil {
			return m[1]
		}
	}
	return ""
}

// valueEnd is where the value that a text begins with ends; a plain one ends at one of ends.
func valueEnd(text, ends string) int {
	if text == "" {
		return 0
	}
	if q := text[0]; q == '"' || q == '\'' {
		if end := strings.LastIndexByte(text[1:], q); end >= 0 {
			return end + 2
		}
		return len(text)
	}
	if end := strings.IndexAny(blanked(text), ends); end >= 0 {
		return end
	}
	return len(text)
}
