package scenario

import (
	"fmt"
	"strings"
)

// piece is what the scanner finds between two others: one statement, or one directive, which is a
// comment line of the form "-- word" or "-- word: value" that stands between statements.
type piece struct {
	text      string // without the final semicolon; of a directive what follows "-- "
	line      int    // where it begins, from 1
	directive bool
}

// scanner walks through SQL text. It knows what may hold a semicolon that ends nothing: quotes,
// E strings, dollar quotes, comments that nest, and the body of an SQL-standard routine is not
// among them, for no scenario has one.
type scanner struct {
	src string
	at  int
}

// space is what PostgreSQL takes for white space.
const space = " \t\r\n\f\v"

// Split cuts SQL text into statements at its top-level semicolons. Comments within a statement
// stay, for they may be part of what is tested; text after the last semicolon is a statement too.
func Split(sql string) ([]string, error) {
	var out []string
	s := scanner{src: sql}
	for {
		p, ok, err := s.next(false)
		if err != nil || !ok {
			return out, err
		}
		out = append(out, p.text)
	}
}

// next returns the next statement or, if directives is set, directive; false at the end.
func (s *scanner) next(directives bool) (piece, bool, error) {
	for s.at < len(s.src) {
		rest := s.src[s.at:]
		switch {
		case rest[0] == ';' || strings.IndexByte(space, rest[0]) >= 0:
			s.at++
		case directives && strings.HasPrefix(rest, "-- ") && (s.at == 0 || s.src[s.at-1] == '\n'):
			p := piece{text: strings.TrimRight(line(rest)[3:], " \t\r"), line: s.line(), directive: true}
			s.at += len(line(rest))
			return p, true, nil
		case strings.HasPrefix(rest, "--"):
			s.at += len(line(rest))
		case strings.HasPrefix(rest, "/*"):
			if err := s.skipComment(); err != nil {
				return piece{}, false, err
			}
		default:
			p, err := s.statement()
			return p, err == nil, err
		}
	}
	return piece{}, false, nil
}

func (s *scanner) line() int { return 1 + strings.Count(s.src[:s.at], "\n") }

func line(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}

// statement reads from its first byte to the semicolon that ends it.
func (s *scanner) statement() (piece, error) {
	p := piece{line: s.line()}
	from := s.at
	for s.at < len(s.src) {
		if s.src[s.at] == ';' {
			p.text = strings.Trim(s.src[from:s.at], space)
			s.at++
			return p, nil
		}
		if err := s.token(); err != nil {
			return p, err
		}
	}
	p.text = strings.Trim(s.src[from:], space)
	return p, nil
}

// token steps over one byte, or over a whole word, quoted string or comment.
func (s *scanner) token() error {
	rest := s.src[s.at:]
	switch c := rest[0]; {
	case c == '\'':
		return s.skipString(1, false)
	case c == '"':
		return s.skipName()
	case (c == 'E' || c == 'e') && strings.HasPrefix(rest[1:], "'"):
		return s.skipString(2, true)
	case strings.HasPrefix(rest, "--"):
		s.at += len(line(rest))
	case strings.HasPrefix(rest, "/*"):
		return s.skipComment()
	case c == '$':
		return s.skipDollar()
	case wordByte(c):
		// A whole word at once: the e of "name'x'" begins no E'' string, the $ of a$b no quote.
		for s.at < len(s.src) && (wordByte(s.src[s.at]) || s.src[s.at] == '$') {
			s.at++
		}
	default:
		s.at++
	}
	return nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

func (s *scanner) open(what string, line int) error {
	return fmt.Errorf("line %d: %s is not closed", line, what)
}

func (s *scanner) skipString(open int, escapes bool) error {
	line := s.line()
	for i := s.at + open; i < len(s.src); i++ {
		switch {
		case escapes && s.src[i] == '\\':
			i++
		case s.src[i] == '\'':
			s.at = i + 1
			return nil // a doubled quote is read as a string that begins at once
		}
	}
	return s.open("a string", line)
}

func (s *scanner) skipName() error {
	end := strings.IndexByte(s.src[s.at+1:], '"')
	if end < 0 {
		return s.open("a quoted name", s.line())
	}
	s.at += end + 2
	return nil
}

func (s *scanner) skipComment() error {
	line, depth := s.line(), 0
	for i := s.at; i+1 < len(s.src); i++ {
		switch s.src[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			s.at = i + 1
			return nil
		}
	}
	return s.open("a comment", line)
}

// skipDollar steps over $tag$ … $tag$; a $ that opens no quote (a parameter) is one byte.
func (s *scanner) skipDollar() error {
	end := s.at + 1
	for end < len(s.src) && wordByte(s.src[end]) {
		end++
	}
	digit := end > s.at+1 && s.src[s.at+1] >= '0' && s.src[s.at+1] <= '9'
	if end == len(s.src) || s.src[end] != '$' || digit {
		s.at++
		return nil
	}
	tag := s.src[s.at : end+1]
	body := strings.Index(s.src[end+1:], tag)
	if body < 0 {
		return s.open("the quote "+tag, s.line())
	}
	s.at = end + 1 + body + len(tag)
	return nil
}
