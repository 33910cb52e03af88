package history

import (
	"fmt"
	"strings"

	"floe/pkg/ident"
)

// Op is what a change does.
type Op byte

// The kinds of changes.
const (
	Insert   Op = 'I'
	Update   Op = 'U'
	Delete   Op = 'D'
	Truncate Op = 'T'
)

// Column is one named value of a line.
type Column struct {
	Name string
	Value
}

// Change is one line of test_decoding. Old is the old key, or the whole old row where the table's
// identity is FULL; of an update only if it was written.
type Change struct {
	Op       Op
	Tables   []ident.Name // several for a TRUNCATE
	Old, New []Column
}

// parseChange reads a line that begins with "table ".
func parseChange(line string) (Change, error) {
	p := &scan{text: line}
	c, err := p.change()
	if err != nil {
		return c, fmt.Errorf("%w at byte %d of %.300q", err, p.at, line)
	}
	return c, nil
}

// scan is a line that is being read.
type scan struct {
	text string
	at   int
}

func (p *scan) change() (c Change, err error) {
	if err := p.expect("table "); err != nil {
		return c, err
	}
	for {
		name, err := p.name()
		if err != nil {
			return c, err
		}
		c.Tables = append(c.Tables, name)
		if !p.skip(", ") {
			break
		}
	}
	if err := p.expect(": "); err != nil {
		return c, err
	}
	switch {
	case p.skip("INSERT: "):
		c.Op = Insert
		c.New, err = p.columns()
	case p.skip("UPDATE: "):
		c.Op = Update
		if p.skip("old-key: ") {
			if c.Old, err = p.columns(); err != nil {
				return c, err
			}
			if err := p.expect("new-tuple: "); err != nil {
				return c, err
			}
		}
		c.New, err = p.columns()
	case p.skip("DELETE: "):
		c.Op = Delete
		c.Old, err = p.columns()
	case p.skip("TRUNCATE: "):
		c.Op = Truncate
		p.at = len(p.text)
	default:
		err = fmt.Errorf("an unknown kind of change")
	}
	if err == nil && p.at != len(p.text) {
		err = fmt.Errorf("something is left")
	}
	return c, err
}

func (p *scan) rest() string { return p.text[p.at:] }

func (p *scan) skip(s string) bool {
	if strings.HasPrefix(p.rest(), s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *scan) expect(s string) error {
	if !p.skip(s) {
		return fmt.Errorf("no %q", s)
	}
	return nil
}

// identifier is plain, or quoted with its quotes doubled.
func (p *scan) identifier(ends string) (string, error) {
	if p.skip(`"`) {
		return p.quoted('"')
	}
	n := strings.IndexAny(p.rest(), ends)
	if n <= 0 {
		return "", fmt.Errorf("no identifier")
	}
	p.at += n
	return p.text[p.at-n : p.at], nil
}

// quoted reads to the closing quote.
func (p *scan) quoted(quote byte) (string, error) {
	var b strings.Builder
	for {
		n := strings.IndexByte(p.rest(), quote)
		if n < 0 {
			return "", fmt.Errorf("no closing quote")
		}
		b.WriteString(p.rest()[:n])
		p.at += n + 1
		if p.at == len(p.text) || p.text[p.at] != quote {
			return b.String(), nil
		}
		b.WriteByte(quote)
		p.at++
	}
}

func (p *scan) name() (ident.Name, error) {
	schema, err := p.identifier(".")
	if err != nil {
		return ident.Name{}, err
	}
	if err := p.expect("."); err != nil {
		return ident.Name{}, err
	}
	name, err := p.identifier(":,")
	return ident.Name{Schema: schema, Name: name}, err
}

// columns reads name[type]:value until the line or the tuple ends.
func (p *scan) columns() ([]Column, error) {
	var out []Column
	for p.at < len(p.text) && !strings.HasPrefix(p.rest(), "new-tuple: ") && !p.skip("(no-tuple-data)") {
		name, err := p.identifier("[")
		if err != nil {
			return nil, err
		}
		if err := p.typeName(); err != nil {
			return nil, err
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out = append(out, Column{name, v})
		p.skip(" ")
	}
	return out, nil
}

// typeName steps over [type]: arrays have brackets of their own, and quoted names may have any.
func (p *scan) typeName() error {
	depth := 0
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '"':
			n := strings.IndexByte(p.text[p.at+1:], '"')
			if n < 0 {
				return fmt.Errorf("no closing quote")
			}
			p.at += n + 1
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				p.at++
				return p.expect(":")
			}
		}
	}
	return fmt.Errorf("no type")
}

func (p *scan) value() (Value, error) {
	switch {
	case p.skip("unchanged-toast-datum"):
		return Value{Unchanged: true}, nil
	case p.skip("'"), p.skip("B'"):
		text, err := p.quoted('\'')
		return Value{Text: text}, err
	}
	text, _, _ := strings.Cut(p.rest(), " ")
	p.at += len(text)
	return Value{Text: text, Null: text == "null"}, nil
}
