package structure

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// text plans an object that is its own text. Where it stands among the phases is what its kind may do
// to the rows that floe writes.
func (p *planner) text(d catalog.Definition, b *catalog.TextDef) {
	if b.Absent != "" {
		p.out.Facts = append(p.out.Facts, Fact{ID: id(d.Kind, d.OID, "create"), Object: object(d), State: LeftOut, Code: CodeAbsent, Reason: b.Absent, Source: b.SQL})
		return
	}
	if !p.o.spoken(b) {
		p.foreign(d, b)
		return
	}
	sql, ok := p.hung(b)
	if !ok {
		return // what it hangs on is not here
	}
	s := p.textStep(d, b, "create", sql)
	switch d.Kind {
	case catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
		s.Makes = d.Name
	}
	switch d.Kind {
	case catalog.KindView:
		s.Again = strings.Replace(sql, "CREATE ", "CREATE OR REPLACE ", 1)
		p.first = append(p.first, s)
	case catalog.KindBaseType: // a shell of its name becomes it
		s.Again = sql
		p.first = append(p.first, s)
	case catalog.KindAggregate:
		if !p.older(12) {
			s.Again = strings.Replace(sql, "CREATE ", "CREATE OR REPLACE ", 1)
		}
		p.first = append(p.first, s)
	case catalog.KindSynonym, catalog.KindPackage, catalog.KindPackageBody, catalog.KindObjectType: // which are written so
		s.Again = sql
		p.first = append(p.first, s)
	case catalog.KindTransform, catalog.KindLanguage:
		s.Again = strings.Replace(sql, "CREATE ", "CREATE OR REPLACE ", 1)
		p.first = append(p.first, s)
	case catalog.KindMatview:
		p.first = append(p.first, s)
		p.refresh(d, b)
	case catalog.KindTrigger:
		p.trigger(d, b, s)
	case catalog.KindTriggerState:
		p.triggerState(b, s)
	case catalog.KindRule:
		p.rule(d, b, s)
	case catalog.KindEventTrigger:
		p.eventTrigger(d, b, s)
	case catalog.KindPublication:
		p.atCutOver(s, "it would have the target refuse changes of tables without a replica identity; it is made when the target takes over")
	case catalog.KindStatistics, catalog.KindPolicy:
		p.second = append(p.second, s)
	case catalog.KindDefaultACL: // nothing but what completes it
	default:
		p.first = append(p.first, s)
	}
	for _, then := range b.Then {
		s := p.textStep(d, b, "then/"+hash(then), then)
		s.Undo = undone(then)
		if m := stored.FindStringSubmatch(then); m != nil {
			s.Undo = p.storageOfType("MATERIALIZED VIEW", m[1], m[2])
		}
		if d.Kind == catalog.KindPublication {
			p.out.CutOver = append(p.out.CutOver, s)
		} else {
			p.second = append(p.second, s)
		}
	}
	rest := strings.Join(append([]string{p.rest(b)}, b.Then...), "\n")
	p.mapped(s.ID, s.Object, rest)
	p.mappedColumns(s, b, rest)
}

// mappedColumns reports columns of the object's own table that have other names on the target.
func (p *planner) mappedColumns(s Statement, b *catalog.TextDef, text string) {
	if b.Table == nil || p.db.Table(*b.Table) == nil {
		return
	}
	renames := p.renames(p.db.Table(*b.Table))
	for _, from := range slices.Sorted(maps.Keys(renames)) {
		if to := renames[from]; mentions(text, from) {
			p.fact(s.ID, s.Object, LeftOut, CodeMappedName, "its text names column %s, which is %s on the target; the text is not rewritten", from, to)
		}
	}
}

// undone is the statement that takes back what completes an object; empty if only dropping the object does.
func undone(sql string) string {
	for _, x := range []struct {
		form *regexp.Regexp
		undo string
	}{
		{viewDefault, "$1 DROP DEFAULT"}, {wordMapping, "$1 DROP MAPPING IF EXISTS FOR $2"}, {published, "$1 DROP $2"},
		{attached, "$1 DETACH PARTITION $2"}, {granted, "$1 REVOKE $2 FROM $3"}, {revoked, "$1 GRANT $2 TO $3"},
		{familyOperator, "$1 DROP OPERATOR $2 $3"}, {familyFunction, "$1 DROP FUNCTION $2 $3"}, {targeted, "$1 SET STATISTICS -1"},
		{compressed, "$1 SET COMPRESSION default"}, {unchecked, "$1 DROP CONSTRAINT $2"},
	} {
		if x.form.MatchString(sql) {
			return x.form.ReplaceAllString(sql, x.undo)
		}
	}
	return ""
}

var (
	viewDefault = regexp.MustCompile(`(?s)^(ALTER VIEW .* ALTER COLUMN .*?) SET DEFAULT .*$`)
	wordMapping = regexp.MustCompile(`(?s)^(ALTER TEXT SEARCH CONFIGURATION .*) ADD MAPPING FOR (\S+) WITH .*$`)
	published   = regexp.MustCompile(`(?s)^(ALTER PUBLICATION .*) ADD (TABLE ONLY [^( ]+|TABLES IN SCHEMA .*?)( .*)?$`)
	attached    = regexp.MustCompile(`(?s)^(ALTER TABLE ONLY .*?) ATTACH PARTITION (.*?) (?:FOR VALUES .*|DEFAULT)$`)
	granted     = regexp.MustCompile(`(?s)^(ALTER DEFAULT PRIVILEGES .*?) GRANT (.*) TO (.*?)( WITH GRANT OPTION)?$`)
	revoked     = regexp.MustCompile(`(?s)^(ALTER DEFAULT PRIVILEGES .*?) REVOKE (.*) FROM (.*)$`)
	// Of an operator its arguments say which it is: ADD OPERATOR 3 s.=(text,text).
	familyOperator = regexp.MustCompile(`(?s)^(ALTER OPERATOR FAMILY .*) ADD OPERATOR (\d+) .*(\([^()]*\))(?: FOR ORDER BY .*)?$`)
	familyFunction = regexp.MustCompile(`(?s)^(ALTER OPERATOR FAMILY .*) ADD FUNCTION (\d+) (\([^()]*\)) .*$`)
	targeted       = regexp.MustCompile(`(?s)^(ALTER (?:STATISTICS|MATERIALIZED VIEW) .*) SET STATISTICS \d+$`)
	stored         = regexp.MustCompile(`(?s)^ALTER MATERIALIZED VIEW (.*) ALTER COLUMN (.*) SET STORAGE \w+$`)
	compressed     = regexp.MustCompile(`(?s)^(ALTER MATERIALIZED VIEW .*) SET COMPRESSION \w+$`)
	unchecked      = regexp.MustCompile(`(?s)^(ALTER FOREIGN TABLE .*?) ADD CONSTRAINT ("(?:[^"]|"")+"|[^" ]+) .* NOT VALID$`)
)

// object names a definition for reports.
func object(d catalog.Definition) string {
	kind := strings.ReplaceAll(string(d.Kind), "-", " ")
	b, text := d.Body.(*catalog.TextDef)
	switch {
	case text && b.Attached() && b.Table != nil:
		return kind + " " + ident.Quote(d.Name.Name) + " on " + b.Table.String()
	case text && d.Kind == catalog.KindAggregate, text && d.Kind == catalog.KindOperator:
		return strings.ToLower(kind) + strings.TrimPrefix(b.Address, strings.ToUpper(kind))
	case d.Name.Schema == "":
		return kind + " " + d.Name.Name
	}
	return kind + " " + d.Name.String()
}

// textStep begins a statement for an object; what hangs on a table shares that table's fate.
func (p *planner) textStep(d catalog.Definition, b *catalog.TextDef, phase, sql string) Statement {
	s := Statement{ID: id(d.Kind, d.OID, phase), Object: object(d), SQL: sql, Optional: true}
	if b.Table != nil {
		if t := p.db.Table(*b.Table); t != nil {
			s.Table, s.Within = t.Name, p.within(t)
		}
	}
	return s
}

// hung is the text with the target's name of the relation that the object hangs on.
func (p *planner) hung(b *catalog.TextDef) (sql string, ok bool) {
	if b.Table == nil {
		return b.SQL, true
	}
	if p.db.Table(*b.Table) == nil {
		return b.SQL, p.views[*b.Table]
	}
	from, to := mention(b)
	if from < 0 {
		return b.SQL, true
	}
	return b.SQL[:from] + p.table(*b.Table).SQL() + b.SQL[to:], true
}

// mention finds the name of the relation that an object hangs on in its text: the first, or for
// statistics, whose expressions stand before it, the last.
func mention(b *catalog.TextDef) (from, to int) {
	from, at := -1, 0
	ts := tokens(b.SQL)
	for i := range ts {
		if i+2 < len(ts) && ts[i].name == b.Table.Schema && ts[i+1].text == "." && ts[i+2].name == b.Table.Name &&
			(from < 0 || b.Of() == catalog.KindStatistics) {
			from, to = at, at+len(ts[i].text)+1+len(ts[i+2].text)
		}
		at += len(ts[i].text)
	}
	return from, to
}

// rest is the text without that name: what of it may still name objects that the mapping moves.
func (p *planner) rest(b *catalog.TextDef) string {
	if b.Table != nil {
		if from, to := mention(b); from >= 0 {
			return b.SQL[:from] + b.SQL[to:]
		}
	}
	return b.SQL
}

// refresh fills a materialized view when the tables that it reads are loaded, and whenever the source
// does. The cut-over refreshes it again, for a source without event triggers tells of no REFRESH.
func (p *planner) refresh(d catalog.Definition, b *catalog.TextDef) {
	if !b.Populated {
		return
	}
	s := p.textStep(d, b, "refresh", "REFRESH "+b.Address)
	again := s
	if s.Undo = s.SQL + " WITH NO DATA"; b.Refreshed > 0 {
		s.SQL += fmt.Sprintf(" -- %d", b.Refreshed) // another text is another step
	}
	for _, name := range b.Reads {
		if t := p.db.Table(name); t != nil {
			s.Tables = append(s.Tables, p.loads(t)...)
		}
	}
	s.Tables = unique(s.Tables)
	p.out.After = append(p.out.After, s)
	again.ID = id(d.Kind, d.OID, "refresh/cut-over")
	p.out.CutOver = append(p.out.CutOver, again)
}

// enabling are the words for pg_trigger.tgenabled and its like.
var enabling = map[string]string{"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}

// trigger makes a trigger in the state that it has. One that fires in replica role too would fire on
// the rows that floe writes, which are its work already: it stays disabled until the cut-over.
func (p *planner) trigger(d catalog.Definition, b *catalog.TextDef, s Statement) {
	alter := func(words string) string {
		return "ALTER TABLE " + p.relation(*b.Table).SQL() + " " + words + " TRIGGER " + ident.Quote(d.Name.Name)
	}
	if b.Enabled != "O" {
		s.SQL += ";\n" + alter("DISABLE")
	}
	parts := func(words string) (sql string) {
		if t := p.db.Table(*b.Table); t != nil && p.older(15) { // it does not reach partitions
			for _, leaf := range p.db.Tables() {
				if within := p.within(leaf); leaf != t && slices.Contains(within, t.Name) {
					sql += ";\nALTER TABLE " + p.table(leaf.Name).SQL() + " " + words + " TRIGGER " + ident.Quote(d.Name.Name)
				}
			}
		}
		return sql
	}
	if b.Enabled != "O" {
		s.SQL += parts("DISABLE")
	}
	switch b.Enabled {
	case "A", "R":
		later := s
		later.ID, later.SQL = id(d.Kind, d.OID, "enable"), alter(enabling[b.Enabled])+parts(enabling[b.Enabled])
		p.atCutOver(later, "it fires on the rows that floe writes; it is disabled until the target takes over")
	}
	p.second = append(p.second, s)
}

// triggerState sets the state of a partition's part of its parent's trigger, where it has one of its own.
func (p *planner) triggerState(b *catalog.TextDef, s Statement) {
	back := *b
	back.SQL = b.Undo
	s.Undo, _ = p.hung(&back)
	if b.Enabled == "A" || b.Enabled == "R" {
		p.atCutOver(s, "it fires on the rows that floe writes; it is enabled when the target takes over")
		return
	}
	p.second = append(p.second, s)
	if strings.Contains(b.Undo, " ENABLE ALWAYS TRIGGER ") || strings.Contains(b.Undo, " ENABLE REPLICA TRIGGER ") {
		again := s // the parent's gets its state then, and its partitions' with it
		again.ID, again.Undo = strings.Replace(s.ID, "/create", "/again", 1), ""
		p.out.CutOver = append(p.out.CutOver, again)
	}
}

// rule makes the rules of views at once. Those of tables change what floe's own statements do, and one
// ON UPDATE, even disabled, has the server refuse INSERT … ON CONFLICT: they wait for the cut-over.
func (p *planner) rule(d catalog.Definition, b *catalog.TextDef, s Statement) {
	if b.Enabled != "O" {
		s.SQL += ";\nALTER TABLE " + p.relation(*b.Table).SQL() + " " + enabling[b.Enabled] + " RULE " + ident.Quote(d.Name.Name)
	}
	s.Again = strings.Replace(s.SQL, "CREATE ", "CREATE OR REPLACE ", 1)
	if p.views[*b.Table] {
		p.second = append(p.second, s)
		return
	}
	p.atCutOver(s, "it changes what the statements that write rows do; it is made when the target takes over")
}

// eventTrigger makes an event trigger disabled: it would fire on floe's own commands.
func (p *planner) eventTrigger(d catalog.Definition, b *catalog.TextDef, s Statement) {
	s.SQL += ";\nALTER " + b.Address + " DISABLE"
	p.second = append(p.second, s)
	if b.Enabled == "D" {
		return
	}
	later := s
	later.ID, later.SQL = id(d.Kind, d.OID, "enable"), "ALTER "+b.Address+" "+enabling[b.Enabled]
	p.atCutOver(later, "it would fire on floe's own commands; it is disabled until the target takes over")
}

// atCutOver leaves a step to the moment when the target takes over, and says so.
func (p *planner) atCutOver(s Statement, reason string) {
	p.out.CutOver = append(p.out.CutOver, s)
	p.out.Facts = append(p.out.Facts, Fact{ID: s.ID, Object: s.Object, State: LeftOut, Code: CodeCutOver, Reason: reason, Source: s.SQL})
}

// relation is the target's name of a table or view.
func (p *planner) relation(n ident.Name) ident.Name {
	if p.db.Table(n) != nil {
		return p.table(n)
	}
	return n
}

// security has the policies of a table hold. FORCE makes them hold for the owner, floe, too, and could
// have its changes find no row: it waits for the cut-over.
func (p *planner) security(t *catalog.TableDef) {
	alter := func(phase, words, undo string) Statement {
		head, tail := "ALTER TABLE "+p.table(t.Name).SQL()+" ", " ROW LEVEL SECURITY"
		s := p.ofTable(t, id(catalog.KindTable, t.OID, phase), "table "+t.Name.String(), head+words+tail)
		s.Undo, s.Optional = head+undo+tail, true
		return s
	}
	if t.RowSecurity {
		p.second = append(p.second, alter("row-security", "ENABLE", "DISABLE"))
	}
	if t.ForceRowSecurity {
		p.atCutOver(alter("force-row-security", "FORCE", "NO FORCE"), "its policies would hold for floe's own changes; FORCE ROW LEVEL SECURITY is set when the target takes over")
	}
}

// viewIndex makes an index of a materialized view while that is empty.
func (p *planner) viewIndex(d catalog.Definition, b *catalog.IndexDef) {
	sql := "CREATE INDEX "
	if b.Unique {
		sql = "CREATE UNIQUE INDEX "
	}
	s := step(d, "create", sql+ident.Quote(d.Name.Name)+" ON "+b.Table.SQL()+" "+b.Using)
	s.Optional = true
	p.second = append(append(p.second, s), targets(d, b, b.Table.Schema, s)...)
	if b.Clustered {
		alter := "ALTER MATERIALIZED VIEW " + b.Table.SQL()
		c := s
		c.ID, c.SQL, c.Undo = id(d.Kind, d.OID, "cluster"), alter+" CLUSTER ON "+ident.Quote(d.Name.Name), alter+" SET WITHOUT CLUSTER"
		p.second = append(p.second, c)
	}
}
