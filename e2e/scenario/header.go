package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floe/pkg/ident"
)

// set takes one header value.
func (s *Scenario) set(key, value string) error {
	switch key {
	case "behaviour":
		s.Behaviour = value
	case "peer": // where the idea is tested elsewhere
	case "tables":
		return s.setTables(value)
	case "needs":
		return s.setNeeds(value)
	case "select":
		for _, part := range splitOutside(value, ',') {
			n, err := ident.Parse(part)
			if err != nil {
				return err
			}
			s.Select = append(s.Select, n)
		}
	case "mode":
		s.Mode = Mode(value)
		if s.Mode != Proceed && s.Mode != Block {
			return fmt.Errorf("%q is no mode", value)
		}
	case "map":
		return s.addMap(value)
	case "filter":
		return s.addFilter(value)
	case "columns":
		return s.addColumns(value)
	case "action":
		return s.addAction(value)
	case "expect":
		return s.addExpect(value)
	default:
		return fmt.Errorf("unknown key")
	}
	return nil
}

func (s *Scenario) setTables(value string) error {
	for _, part := range splitOutside(value, ',') {
		t := Table{}
		part, t.Only = strings.CutPrefix(part, "ONLY ")
		n, err := ident.Parse(part)
		if err != nil {
			return err
		}
		t.Name = n
		s.Tables = append(s.Tables, t)
	}
	return nil
}

func (s *Scenario) setNeeds(value string) error {
	for part := range strings.SplitSeq(value, ";") {
		part = strings.TrimSpace(part)
		kind, rest, _ := strings.Cut(part, ":")
		if version, ok := strings.CutPrefix(part, "pg>="); ok {
			kind, rest = "pg", version
		}
		switch kind {
		case "pg", "ext", "guc", "superuser", "icu", "heavy", "target-encoding", "ddl-sync":
			s.Needs = append(s.Needs, Need{kind, rest})
		default:
			return fmt.Errorf("%q is no need", part)
		}
	}
	return nil
}

// addMap reads FROM -> TO (COL -> COL, …).
func (s *Scenario) addMap(value string) error {
	from, to, ok := cutOutside(value, "->")
	if !ok {
		return fmt.Errorf("%q: want FROM -> TO", value)
	}
	table, columns, hasColumns := cutOutside(to, "(")
	m := Map{}
	var err error
	if m.From, err = ident.Parse(strings.TrimSpace(from)); err != nil {
		return err
	}
	if m.To, err = ident.Parse(strings.TrimSpace(table)); err != nil {
		return err
	}
	if hasColumns {
		for _, pair := range splitOutside(strings.TrimSuffix(strings.TrimSpace(columns), ")"), ',') {
			a, b, _ := cutOutside(pair, "->")
			left, err := column(a)
			if err != nil {
				return err
			}
			right, err := column(b)
			if err != nil {
				return err
			}
			m.Columns = append(m.Columns, [2]string{left, right})
		}
	}
	s.Maps = append(s.Maps, m)
	return nil
}

// column reads one name of a column as written in SQL.
func column(s string) (string, error) {
	parts, err := ident.Split(s)
	if err != nil {
		return "", err
	}
	if len(parts) != 1 {
		return "", fmt.Errorf("%q is no column", s)
	}
	return parts[0], nil
}

func (s *Scenario) addFilter(value string) error {
	table, where, ok := cutOutside(value, ":")
	if !ok {
		return fmt.Errorf("%q: want TABLE: CONDITION", value)
	}
	n, err := ident.Parse(table)
	if err != nil {
		return err
	}
	s.Filters = append(s.Filters, Filter{Table: n, Where: strings.TrimSpace(where)})
	return nil
}

// addColumns reads TABLE: COL, COL; a condition on the same table stands before it.
func (s *Scenario) addColumns(value string) error {
	table, list, ok := cutOutside(value, ":")
	if !ok {
		return fmt.Errorf("%q: want TABLE: COLUMNS", value)
	}
	n, err := ident.Parse(table)
	if err != nil {
		return err
	}
	f := Filter{Table: n}
	if at := slices.IndexFunc(s.Filters, func(f Filter) bool { return f.Table == n }); at >= 0 {
		f = s.Filters[at]
		s.Filters = slices.Delete(s.Filters, at, at+1)
	}
	for _, c := range splitOutside(list, ',') {
		f.Columns = append(f.Columns, strings.TrimSpace(c))
	}
	s.Filters = append(s.Filters, f)
	return nil
}

var actionText = regexp.MustCompile(`^after step ([0-9]+): select (add|remove) (.*)$`)

func (s *Scenario) addAction(value string) error {
	m := actionText.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("%q: want after step N: select add|remove TABLE", value)
	}
	step, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	n, err := ident.Parse(m[3])
	if err != nil {
		return err
	}
	s.Actions = append(s.Actions, Action{step, m[2], n})
	return nil
}

var (
	note     = regexp.MustCompile(`\s\([^()]*\)$`)
	equalOn  = regexp.MustCompile(`^equal on \((.*)\)$`)
	stopText = regexp.MustCompile(`^([a-z-]+)(?: (\S+))??(?: after step ([0-9]+))?(?:; resumes after step ([0-9]+))?$`)
	checked  = regexp.MustCompile(`^([a-z-]+)(?: ([^( ]\S*))?`)
)

func (s *Scenario) addExpect(value string) error {
	e := Expect{Text: value}
	kind, rest, _ := strings.Cut(value, ": ")
	var err error
	switch {
	case note.ReplaceAllString(value, "") == "equal" || strings.HasPrefix(value, "equal ("):
		e.Kind = Equal
	case equalOn.MatchString(value):
		e.Kind = Equal
		err = e.columns(equalOn.FindStringSubmatch(value)[1])
	case kind == "target" || kind == "always":
		e.Kind = Kind(kind)
		err = e.query(rest)
	case kind == "precheck":
		e.Kind = Precheck
		err = e.precheck(rest)
	case kind == "stop":
		e.Kind = Stop
		err = e.stop(rest)
	case kind == "metric":
		e.Kind, e.Value = Metric, rest
	default:
		err = fmt.Errorf("%q is no expectation", value)
	}
	s.Expects = append(s.Expects, e)
	return err
}

func (e *Expect) columns(list string) error {
	for _, part := range splitOutside(list, ',') {
		c, err := column(part)
		if err != nil {
			return err
		}
		e.Columns = append(e.Columns, c)
	}
	return nil
}

func (e *Expect) query(text string) error {
	i := strings.LastIndex(text, "=>")
	if i < 0 {
		return fmt.Errorf("%q: want SQL => rows", text)
	}
	e.SQL, e.Value = strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+2:])
	if e.Kind == Always {
		e.Value = note.ReplaceAllString(e.Value, "")
	}
	return nil
}

func (e *Expect) precheck(text string) error {
	m := checked.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q: want a code and an object", text)
	}
	e.Code, e.Object, e.Error = m[1], m[2], strings.HasSuffix(text, "(error)")
	if _, when, ok := strings.Cut(text, "(error when "); ok {
		e.When = strings.TrimSuffix(when, ")")
	}
	return nil
}

func (e *Expect) stop(text string) error {
	m := stopText.FindStringSubmatch(note.ReplaceAllString(text, ""))
	if m == nil {
		return fmt.Errorf("%q: want REASON [OBJECT][ after step N][; resumes after step M]", text)
	}
	e.Code, e.Object = m[1], m[2]
	e.Stopped, _ = strconv.Atoi(m[3]) // digits by the pattern; none is 0
	e.Resumed, _ = strconv.Atoi(m[4])
	return nil
}

// splitOutside cuts at a byte that stands outside double quotes and trims the parts.
func splitOutside(s string, sep byte) []string {
	var parts []string
	for {
		head, tail, ok := cutOutside(s, string(sep))
		parts = append(parts, strings.TrimSpace(head))
		if !ok {
			return parts
		}
		s = tail
	}
}

// cutOutside is strings.Cut for a separator that stands outside double quotes.
func cutOutside(s, sep string) (before, after string, found bool) {
	quoted := false
	for i := range len(s) {
		if s[i] == '"' {
			quoted = !quoted
		}
		if !quoted && strings.HasPrefix(s[i:], sep) {
			return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+len(sep):]), true
		}
	}
	return s, "", false
}
