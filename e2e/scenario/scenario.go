// Package scenario reads behaviour scenarios: one SQL file, one behaviour. README.md beside the
// files says what a runner does with them; this package only reads, strictly: an unknown key,
// section or directive is an error, for a line that is stepped over is a claim that nobody tests.
package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"floe/pkg/ident"
)

// Scenario is one file.
type Scenario struct {
	Name      string // the file's, without .sql
	Behaviour string
	Tables    []Table
	Needs     []Need
	Select    []ident.Name // empty: the whole database
	Mode      Mode
	Maps      []Map
	Filters   []Filter
	Actions   []Action
	Expects   []Expect

	Setup, Target, Load, During []Statement
	Live                        [][]Statement // by step
}

// Mode is what the job does about tables that the target has already.
type Mode string

// The modes.
const (
	Empty   Mode = ""                // the target starts empty
	Proceed Mode = "ignore-existing" // on_existing: proceed
	Block   Mode = "block-existing"
)

// Table is one table to compare.
type Table struct {
	Name ident.Name
	Only bool // without its children
}

// Need is a condition for running the file: pg>=14, ext:citext, heavy.
type Need struct{ Kind, Value string }

// Map is a renaming of a table and some of its columns.
type Map struct {
	From, To ident.Name
	Columns  [][2]string
}

// Filter is a row condition.
type Filter struct {
	Table ident.Name
	Where string
	// Columns are written as in SQL; none is all.
	Columns []string
}

// Action is an operator's command after a step of the live section.
type Action struct {
	Step  int
	Verb  string // add, remove
	Table ident.Name
}

// Kind is what an expectation is about.
type Kind string

// The kinds of expectation.
const (
	Equal    Kind = "equal"
	Target   Kind = "target"
	Precheck Kind = "precheck"
	Stop     Kind = "stop"
	Always   Kind = "always"
	Metric   Kind = "metric"
)

// Expect is one expectation. Which fields are set follows from Kind.
type Expect struct {
	Kind    Kind
	Columns []string // equal on (…)
	SQL     string   // target, always
	Value   string   // target: rows joined by ";", columns by "|"; always: the one value
	Code    string   // precheck, stop: the behaviour's code
	Object  string   // precheck, stop: the table, as written
	Error   bool     // precheck: it keeps the job from starting
	When    string   // precheck: the condition under which it must be found at all
	Stopped int      // stop: after which step; 0: in the end
	Resumed int      // stop: after which step it goes on; 0: it does not
	Text    string   // as written
}

// Statement is one SQL statement.
type Statement struct {
	SQL     string
	Session string // main, target, or a name given in the file
	Error   string // the SQLSTATE it must fail with
	Line    int
}

// Load reads one file.
func Load(path string) (*Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := Parse(strings.TrimSuffix(filepath.Base(path), ".sql"), string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// LoadAll reads every file of a folder, in the order of their names.
func LoadAll(dir string) ([]*Scenario, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no scenario in %s", dir)
	}
	slices.Sort(paths)
	var all []*Scenario
	for _, path := range paths {
		s, err := Load(path)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Family is the part of the name before the first underscore.
func (s *Scenario) Family() string {
	family, _, _ := strings.Cut(s.Name, "_")
	return family
}

// Has tells whether the scenario has the need, with any value.
func (s *Scenario) Has(kind string) bool {
	return slices.ContainsFunc(s.Needs, func(n Need) bool { return n.Kind == kind })
}

// Of returns the expectations of one kind.
func (s *Scenario) Of(kind Kind) []Expect {
	var out []Expect
	for _, e := range s.Expects {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}
