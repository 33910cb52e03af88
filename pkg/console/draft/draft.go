// Package draft is a job that a person is describing in a console, step by step, and the job file that it
// comes to. It is pure: it asks no server and keeps no password, only where one is kept.
//
//   - What it takes is well formed at once: a name, pattern or number that is not is refused where it is
//     said and changes nothing.
//   - Its file is what is checked and started: Job reads Text as floe reads any job file.
package draft

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"floe/pkg/charset"
	"floe/pkg/ident"
	"floe/pkg/job"
)

// Bounds of what one job file names.
const (
	MostChosen = 500
	mostText   = 400
)

// Draft is a job as far as it was described.
type Draft struct {
	Name           string
	Source, Target Endpoint
	// Whole is the whole database; Chosen then only says what is renamed.
	Whole   bool
	Chosen  []Chosen
	Exclude []ident.Pattern
	// Filters are conditions on the rows of tables.
	Filters []Filter
	// Lists are the columns that tables are copied with; a table that is not there has all of its own.
	Lists []List
	Init  Init
	Log   Log
	// Given is the log if it is no matter of the draft; its secrets are references when it is written.
	Given *job.Kafka
}

// Init is what becomes of what is there already, on either side.
type Init struct {
	Structure, Data, Proceed, DDLOff, KeepIdentity bool
	Readers                                        int
}

// New is a draft of which nothing was said.
func New(brokers []string) *Draft {
	return &Draft{Log: Log{Brokers: brokers}, Init: Init{Structure: true, Data: true, Readers: job.Default().Init.Readers}}
}

// Endpoint is one database.
type Endpoint struct {
	Host, Database, User, TLS, CA string
	Port                          int
	// Encoding is what the texts of a source are in whose database does not say.
	Encoding string
	// Password refers to where it is kept.
	Password job.Secret
}

// Modes are the ways of TLS, as libpq names them; the empty one is floe's default.
var Modes = []string{"", "disable", "require", "verify-ca", "verify-full"}

// Said is an endpoint as a form says it.
type Said struct{ Host, Port, Database, User, TLS, CA, Encoding string }

// Take takes what was said. A password goes with the server and user that it was given for.
func (e *Endpoint) Take(s Said) error {
	for _, v := range []string{s.Host, s.Database, s.User, s.CA} {
		if err := plain(v); err != nil {
			return err
		}
	}
	port := 0
	if s.Port != "" {
		var err error
		if port, err = strconv.Atoi(s.Port); err != nil || port < 1 || port > 65535 {
			return fmt.Errorf("port %q: want a number from 1 to 65535", s.Port)
		}
	}
	if !slices.Contains(Modes, s.TLS) {
		return fmt.Errorf("TLS %q: want %s", s.TLS, strings.Join(Modes[1:], ", "))
	}
	next := Endpoint{Host: s.Host, Database: s.Database, User: s.User, TLS: s.TLS, CA: s.CA, Port: port}
	if s.Encoding != "" {
		c, err := charset.Find(s.Encoding)
		if err != nil {
			return err
		}
		next.Encoding = c.Name
	}
	if next.Host == e.Host && next.Port == e.Port && next.User == e.User {
		next.Password = e.Password
	}
	*e = next
	return nil
}

// plain refuses texts that no address, name or path is.
func plain(s string) error {
	if len(s) > mostText || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) {
		return fmt.Errorf("%.40q: want one line of %d bytes at most", s, mostText)
	}
	return nil
}

// Complete reports whether there is enough to connect with.
func (e *Endpoint) Complete() bool { return e.Host != "" && e.Database != "" }

func (e *Endpoint) job() job.Endpoint {
	return job.Endpoint{Host: e.Host, Port: e.Port, Database: e.Database, User: e.User, Password: e.Password, TLS: job.TLS{Mode: e.TLS, CA: e.CA}, Encoding: e.Encoding}
}

// Chosen is a table, a schema or a pattern that was chosen, and its name on the target if that is another.
type Chosen struct {
	Pattern ident.Pattern
	To      string
}

// Renames reports whether it can have another name on the target: one table or one schema can.
func (c Chosen) Renames() bool {
	_, table := c.Pattern.Exact()
	_, schema := c.Pattern.Whole()
	return table || schema
}

// Choose adds patterns; those that are there already stay as they are.
func (d *Draft) Choose(texts []string) error {
	add := slices.Clone(d.Chosen)
	for _, t := range texts {
		p, err := pattern(t)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(add, func(c Chosen) bool { return c.Pattern.String() == p.String() }) {
			add = append(add, Chosen{Pattern: p})
		}
	}
	if len(add) > MostChosen {
		return fmt.Errorf("%d names: want %d at most; choose a schema, or a pattern", len(add), MostChosen)
	}
	d.Chosen = add
	return nil
}

func pattern(text string) (ident.Pattern, error) {
	text = strings.TrimSpace(text)
	if err := plain(text); err != nil {
		return ident.Pattern{}, err
	}
	return ident.ParsePattern(text)
}

// Drop takes one out.
func (d *Draft) Drop(text string) {
	d.Chosen = slices.DeleteFunc(slices.Clone(d.Chosen), func(c Chosen) bool { return c.Pattern.String() == text })
}

// Rename gives names on the target, by what was chosen. A table's name without a schema stays in its own.
func (d *Draft) Rename(to map[string]string) error {
	next := slices.Clone(d.Chosen)
	for i := range next {
		c := &next[i]
		name, said := to[c.Pattern.String()]
		if !said || !c.Renames() {
			continue
		}
		if c.To = strings.TrimSpace(name); c.To == "" {
			continue
		}
		if err := plain(c.To); err != nil {
			return err
		}
		if _, err := c.rule(); err != nil {
			return err
		}
	}
	d.Chosen = next
	return nil
}

func (c Chosen) rule() (ident.Rule, error) {
	from, to := c.Pattern.String(), c.To
	if table, ok := c.Pattern.Exact(); ok {
		parts, err := ident.Split(to)
		if err != nil {
			return ident.Rule{}, err
		}
		if len(parts) == 1 {
			to = ident.Name{Schema: table.Schema, Name: parts[0]}.SQL()
		}
	}
	return ident.ParseRule(from, to, nil)
}

// Leave says what is left out: patterns, one a line.
func (d *Draft) Leave(lines []string) error {
	var out []ident.Pattern
	for _, l := range lines {
		p, err := pattern(l)
		if err != nil {
			return err
		}
		out = append(out, p)
	}
	if len(out) > MostChosen {
		return fmt.Errorf("%d patterns: want %d at most", len(out), MostChosen)
	}
	d.Exclude = out
	return nil
}

// Filter is a condition on a table's rows, SQL as the source understands it.
type Filter struct {
	Table ident.Name
	Where string
}

func (f Filter) String() string { return f.Table.String() + ": " + f.Where }

// Take says which rows are wanted: a table, a colon and a condition, one a line.
func (d *Draft) Take(lines []string) error {
	var out []Filter
	for _, l := range lines {
		f, err := filter(l)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(out, func(x Filter) bool { return x.Table == f.Table }) {
			return fmt.Errorf("%s has two filters: join them with AND or OR", f.Table)
		}
		out = append(out, f)
	}
	if len(out) > MostChosen {
		return fmt.Errorf("%d filters: want %d at most", len(out), MostChosen)
	}
	d.Filters = out
	return nil
}

// filter reads a line.
func filter(line string) (Filter, error) {
	name, where, ok := ofTable(line)
	if !ok {
		return Filter{}, fmt.Errorf("filter %.80q: want a table, a colon and a condition, as in public.orders: id > 1000", line)
	}
	return Filter{name, where}, plain(line)
}

// ofTable is what a line says of a table. A name may hold colons within quotes: it ends at the first one
// behind a whole name.
func ofTable(line string) (name ident.Name, rest string, ok bool) {
	for i, c := range line {
		if c != ':' {
			continue
		}
		p, err := ident.ParsePattern(strings.TrimSpace(line[:i]))
		if err != nil {
			continue
		}
		if name, one := p.Exact(); one && strings.TrimSpace(line[i+1:]) != "" {
			return name, strings.TrimSpace(line[i+1:]), true
		}
	}
	return name, "", false
}

// List is the columns that a table is copied with.
type List struct {
	Table   ident.Name
	Columns []string
}

func (l List) String() string {
	quoted := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		quoted[i] = strings.TrimPrefix(ident.Name{Schema: "x", Name: c}.String(), "x.") // quoted where it must be
	}
	return l.Table.String() + ": " + strings.Join(quoted, ", ")
}

// mostColumns is what a table of PostgreSQL has at most.
const mostColumns = 1600

// List says which columns are copied: a table, a colon and names as in SQL, one table a line.
func (d *Draft) List(lines []string) error {
	var out []List
	for _, line := range lines {
		l, err := list(line)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(out, func(x List) bool { return x.Table == l.Table }) {
			return fmt.Errorf("%s has two lists of columns", l.Table)
		}
		out = append(out, l)
	}
	if len(out) > MostChosen {
		return fmt.Errorf("%d lists of columns: want %d at most", len(out), MostChosen)
	}
	d.Lists = out
	return nil
}

func list(line string) (List, error) {
	name, rest, ok := ofTable(line)
	if !ok {
		return List{}, fmt.Errorf("columns %.80q: want a table, a colon and its columns, as in public.orders: id, amount", line)
	}
	l := List{Table: name}
	if err := plain(name.String()); err != nil {
		return List{}, err
	}
	for rest != "" {
		column, behind, err := first(rest)
		if err != nil {
			return List{}, fmt.Errorf("columns of %s: %w", name, err)
		}
		if slices.Contains(l.Columns, column) {
			return List{}, fmt.Errorf("columns of %s: %s is named twice", name, ident.Quote(column))
		}
		l.Columns, rest = append(l.Columns, column), behind
	}
	if len(l.Columns) > mostColumns {
		return List{}, fmt.Errorf("columns of %s: want %d at most", name, mostColumns)
	}
	return l, nil
}

// first is the first name of a list that commas divide, and what stands behind it. Quoted names hold commas.
func first(list string) (name, rest string, err error) {
	for i, c := range list + "," {
		if c != ',' {
			continue
		}
		parts, err := ident.Split(strings.TrimSpace(list[:i]))
		if err == nil && len(parts) == 1 {
			return parts[0], strings.TrimSpace(strings.TrimPrefix(list[i:], ",")), plain(parts[0])
		}
		if list[0] != '"' { // what is quoted may go on behind a comma
			break
		}
	}
	return "", "", fmt.Errorf("%.80q: want names as in SQL, with commas between them", list)
}

// Call names the job.
func (d *Draft) Call(name string) error {
	if err := job.CheckName(name); err != nil {
		return err
	}
	d.Name = name
	return nil
}

// Text is the draft as a job file; what was not said is left out.
func (d *Draft) Text() []byte {
	j := job.Default()
	j.Name, j.Source, j.Target = d.Name, d.Source.job(), d.Target.job()
	j.Objects.Database, j.Objects.Exclude, j.Objects.KeepIdentity = d.Whole, d.Exclude, d.Init.KeepIdentity
	var schemas []ident.Rule
	for _, c := range d.Chosen {
		if !d.Whole {
			j.Objects.Include = append(j.Objects.Include, c.Pattern)
		}
		if c.To == "" {
			continue
		}
		r, err := c.rule()
		switch {
		case err != nil: // Rename has refused it
		case r.All: // of several rules the first counts: a table's own stands before its schema's
			schemas = append(schemas, r)
		default:
			j.Objects.Rules = append(j.Objects.Rules, r)
		}
	}
	j.Objects.Rules = append(j.Objects.Rules, schemas...)
	for _, f := range d.Filters {
		if j.Objects.Filters == nil {
			j.Objects.Filters = map[ident.Name]string{}
		}
		j.Objects.Filters[f.Table] = f.Where
	}
	for _, l := range d.Lists {
		if j.Objects.Columns == nil {
			j.Objects.Columns = map[ident.Name][]string{}
		}
		j.Objects.Columns[l.Table] = l.Columns
	}
	j.Proceed, j.DDLOff = d.Init.Proceed, d.Init.DDLOff
	j.Init.SkipStructure, j.Init.SkipData, j.Init.Readers = !d.Init.Structure, !d.Init.Data, d.Init.Readers
	switch {
	case d.Given != nil:
		k := *d.Given
		k.Prefix, j.Kafka = "", &k
	case len(d.Log.Brokers) > 0:
		j.UseBrokers(d.Log.Brokers)
		d.Log.kafka(j.Kafka)
	}
	return j.Text()
}

// Job is what the draft's file says. Unless all of it was described it is an error.
func (d *Draft) Job() (*job.Job, error) {
	switch {
	case !d.Source.Complete() || !d.Target.Complete():
		return nil, errors.New("source and target: want host and database of both")
	case !d.Whole && len(d.Chosen) == 0:
		return nil, errors.New("nothing is chosen: want the whole database, or some schemas or tables")
	case d.Name == "":
		return nil, errors.New("the job has no name")
	}
	return job.Parse("job.yaml", d.Text())
}

// Side is the job with one of its databases alone, to look whether it answers.
func (d *Draft) Side(source bool) *job.Job {
	j := job.Default()
	j.Name, j.Objects.Database = "new", true
	if source {
		j.Source = d.Source.job()
	} else {
		j.Target = d.Target.job()
	}
	return &j
}
