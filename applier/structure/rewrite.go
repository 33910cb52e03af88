package structure

import (
	"strings"
	"unicode/utf8"

	"floe/pkg/ident"
)

// token is a piece of an expression as the server prints it. name is set for identifiers: printed
// unquoted they are in lower case, so words in upper case are keywords.
type token struct {
	text string
	name string
}

// tokens cuts a deparsed expression apart; joined again they are the same text.
func tokens(sql string) []token {
	var out []token
	for len(sql) > 0 {
		n := length(sql)
		t := token{text: sql[:n]}
		switch {
		case sql[0] == '"' && n > 2:
			t.name = strings.ReplaceAll(sql[1:n-1], `""`, `"`)
		case wordStart(sql[0]) && t.text == strings.ToLower(t.text):
			t.name = t.text
		}
		out = append(out, t)
		sql = sql[n:]
	}
	return out
}

// length is that of the token that s begins with.
func length(s string) int {
	switch c := s[0]; {
	case c == '"':
		return quoted(s, '"', false)
	case c == '\'':
		return quoted(s, '\'', false)
	case c == 'E' && len(s) > 1 && s[1] == '\'':
		return 1 + quoted(s[1:], '\'', true)
	case wordStart(c):
		n := 1
		for n < len(s) && (wordStart(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '$') {
			n++
		}
		return n
	case strings.HasPrefix(s, "::"):
		return 2
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func quoted(s string, q byte, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == q && i+1 < len(s) && s[i+1] == q:
			i++
		case s[i] == q:
			return i + 1
		}
	}
	return len(s)
}

func wordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// renameColumns replaces the columns of one table in an expression over that table. A name that is
// called, qualified, a type or a collation is no column.
func renameColumns(sql string, renames map[string]string) string {
	if len(renames) == 0 {
		return sql
	}
	ts := tokens(sql)
	return join(renameIn(ts, renames))
}

func renameIn(ts []token, renames map[string]string) []token {
	out := make([]token, len(ts))
	copy(out, ts)
	inType := false
	before := token{}
	for i, t := range ts {
		if strings.TrimSpace(t.text) == "" {
			continue
		}
		inType = t.text == "::" || inType && (t.name != "" || t.text == ".")
		to, ok := renames[t.name]
		next := following(ts[i+1:])
		if ok && t.name != "" && !inType && before.text != "." && before.text != "COLLATE" && next != "(" && next != "." {
			out[i] = token{ident.Quote(to), to}
		}
		before = t
	}
	return out
}

// following is the text of the first token that is not blank.
func following(ts []token) string {
	for _, t := range ts {
		if strings.TrimSpace(t.text) != "" {
			return t.text
		}
	}
	return ""
}

func join(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		b.WriteString(t.text)
	}
	return b.String()
}

// renameForeignKey rewrites FOREIGN KEY (own) REFERENCES table(theirs) …: columns on both sides, and
// the referenced table.
func renameForeignKey(sql string, own map[string]string, table ident.Name, theirs map[string]string) string {
	ts := tokens(sql)
	for i, t := range ts {
		if t.text != "REFERENCES" {
			continue
		}
		from := i + 1 // the blank, then schema . name
		for from < len(ts) && ts[from].text != "(" {
			from++
		}
		to := from
		for to < len(ts) && ts[to].text != ")" {
			to++
		}
		return join(renameIn(ts[:i], own)) + "REFERENCES " + table.SQL() +
			join(renameIn(ts[from:to], theirs)) + join(renameIn(ts[to:], own))
	}
	return sql
}

// mentions reports whether text holds name as a word of its own, quoted or not, in strings too.
func mentions(text, name string) bool {
	for rest := text; ; {
		i := strings.Index(rest, name)
		if i < 0 || name == "" {
			return false
		}
		end := i + len(name)
		if (i == 0 || !wordPart(rest[i-1])) && (end == len(rest) || !wordPart(rest[end])) {
			return true
		}
		rest = rest[i+1:]
	}
}

func wordPart(c byte) bool { return wordStart(c) || c >= '0' && c <= '9' }
