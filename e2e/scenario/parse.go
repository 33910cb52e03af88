package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var sections = []string{"setup", "target", "load", "during", "live"}

// Parse reads the text of one file.
func Parse(name, text string) (*Scenario, error) {
	s := &Scenario{Name: name}
	body, err := s.header(text)
	if err != nil {
		return nil, err
	}
	b := builder{to: s, section: -1}
	scan := scanner{src: text, at: body}
	for {
		p, ok, err := scan.next(true)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if p.directive {
			err = b.directive(p)
		} else {
			err = b.statement(p)
		}
		if err != nil {
			return nil, err
		}
	}
	if b.wanted != "" {
		return nil, errors.New("-- error at the end stands before no statement")
	}
	return s, s.complete()
}

// complete adds the defaults and looks for what every file must have.
func (s *Scenario) complete() error {
	if s.Behaviour == "" {
		return errors.New("no -- behaviour")
	}
	if len(s.Tables) == 0 {
		return errors.New("no -- tables")
	}
	if len(s.Setup) == 0 || len(s.Live) == 0 {
		return errors.New("no -- setup or no -- live")
	}
	if len(s.Expects) == 0 {
		s.Expects = []Expect{{Kind: Equal, Text: "equal"}}
	}
	return nil
}

var headerLine = regexp.MustCompile(`^-- ([a-z]+): ?(.*)$`)

// header reads the keys and returns the offset at which the first section begins.
func (s *Scenario) header(text string) (int, error) {
	var key, value string
	at, number := 0, 0
	flush := func() error {
		if key == "" {
			return nil
		}
		if err := s.set(key, strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("line %d: -- %s: %w", number, key, err)
		}
		return nil
	}
	for at < len(text) {
		l := line(text[at:])
		if word, ok := strings.CutPrefix(l, "-- "); ok && slices.Contains(sections, strings.TrimSpace(word)) {
			return at, flush()
		}
		if m := headerLine.FindStringSubmatch(l); m != nil {
			if err := flush(); err != nil {
				return 0, err
			}
			key, value = m[1], m[2]
		} else if strings.Count(value, `"`)%2 == 1 { // a quoted name that holds a newline
			value += "\n" + l
		} else if strings.TrimSpace(l) != "" {
			return 0, fmt.Errorf("line %d: %q is no header line", number+1, l)
		}
		at += len(l) + 1
		number++
	}
	return len(text), flush()
}

// builder puts pieces into the sections of a scenario.
type builder struct {
	to      *Scenario
	section int
	session string
	wanted  string // SQLSTATE that the next statement must fail with
}

var sessionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (b *builder) directive(p piece) error {
	word, value, hasValue := strings.Cut(p.text, ": ")
	switch at := slices.Index(sections, p.text); {
	case at >= 0:
		if at <= b.section {
			return fmt.Errorf("line %d: section %s stands after %s", p.line, p.text, sections[b.section])
		}
		b.section, b.session = at, "main"
		if p.text == "live" {
			b.to.Live = append(b.to.Live, nil)
		}
	case p.text == "step" && b.section >= 0 && sections[b.section] == "live":
		b.to.Live = append(b.to.Live, nil)
		b.session = "main"
	case hasValue && word == "session" && sessionName.MatchString(value):
		b.session = value
	case hasValue && word == "error" && len(value) == 5:
		b.wanted = value
	default:
		return fmt.Errorf("line %d: -- %s is no section and no directive", p.line, p.text)
	}
	return nil
}

func (b *builder) statement(p piece) error {
	if b.section < 0 {
		return fmt.Errorf("line %d: a statement before the first section", p.line)
	}
	st := Statement{SQL: p.text, Session: b.session, Error: b.wanted, Line: p.line}
	b.wanted = ""
	s := b.to
	switch sections[b.section] {
	case "setup":
		s.Setup = append(s.Setup, st)
	case "target":
		st.Session = "target"
		s.Target = append(s.Target, st)
	case "load":
		s.Load = append(s.Load, st)
	case "during":
		s.During = append(s.During, st)
	case "live":
		last := len(s.Live) - 1
		s.Live[last] = append(s.Live[last], st)
	}
	return nil
}
