package structure

import (
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// optional adds a step whose failure matters only to tables that use the object; those say so
// themselves.
func (p *planner) optional(s Statement) {
	s.Optional = true
	p.first = append(p.first, s)
}

// extension takes the target's own version of an extension: the source's may not be there.
func (p *planner) extension(d catalog.Definition, b *catalog.ExtensionDef) {
	sql := "CREATE EXTENSION IF NOT EXISTS " + ident.Quote(d.Name.Name)
	if b.Schema != "pg_catalog" {
		sql += " SCHEMA " + ident.Quote(b.Schema)
	}
	s := step(d, "create", sql)
	s.Object = "extension " + d.Name.Name
	p.optional(s)
}

func (p *planner) collation(d catalog.Definition, b *catalog.CollationDef) {
	parts := []string{"provider = " + b.Provider}
	add := func(key, value string) {
		if value != "" {
			parts = append(parts, key+" = "+strings.TrimSpace(ident.Literal(value)))
		}
	}
	switch {
	case b.Provider != "libc": // of ICU's, '' is its root
		parts = append(parts, "locale = "+strings.TrimSpace(ident.Literal(b.Locale)))
	default:
		add("lc_collate", b.Collate)
		add("lc_ctype", b.Ctype)
	}
	add("rules", b.Rules)
	if !b.Deterministic {
		parts = append(parts, "deterministic = false")
	}
	p.optional(step(d, "create", "CREATE COLLATION "+d.Name.SQL()+" ("+strings.Join(parts, ", ")+")"))
}

// shells names base types before anything: the functions that they are made of take and return them.
func (p *planner) shells() {
	for _, d := range p.db.Definitions {
		if b, ok := d.Body.(*catalog.TextDef); ok && d.Kind == catalog.KindBaseType {
			if shell := "CREATE " + b.Address; shell != b.SQL {
				p.optional(p.textStep(d, b, "shell", shell))
			}
		}
	}
}

func (p *planner) enum(d catalog.Definition, b *catalog.EnumDef) {
	p.optional(step(d, "create", p.enumDef(d, b)))
}

func (p *planner) enumDef(d catalog.Definition, b *catalog.EnumDef) string {
	labels := make([]string, len(b.Labels))
	for i, l := range b.Labels {
		labels[i] = strings.TrimSpace(ident.Literal(l))
	}
	return "CREATE TYPE " + d.Name.SQL() + " AS ENUM (" + strings.Join(labels, ", ") + ")"
}

func (p *planner) composite(d catalog.Definition, b *catalog.CompositeDef) {
	attributes := make([]string, len(b.Attributes))
	for i, a := range b.Attributes {
		attributes[i] = ident.Quote(a.Name) + " " + a.SQL + collate(a.Collation)
	}
	p.optional(step(d, "create", "CREATE TYPE "+d.Name.SQL()+" AS ("+strings.Join(attributes, ", ")+")"))
}

func collate(c *ident.Name) string {
	if c == nil {
		return ""
	}
	return " COLLATE " + c.SQL()
}

// domain makes a domain with the checks that every value of the source passed. One that is NOT VALID
// there would refuse old values: it waits until everything is loaded.
func (p *planner) domain(d catalog.Definition, b *catalog.DomainDef) {
	var sql strings.Builder
	sql.WriteString("CREATE DOMAIN " + d.Name.SQL() + " AS " + b.Base + collate(b.Collation))
	if b.Default != "" {
		sql.WriteString(" DEFAULT " + b.Default)
	}
	if b.NotNull {
		sql.WriteString(" NOT NULL")
	}
	for i, c := range b.Checks {
		s := step(d, domainCheck(c.Name), "ALTER DOMAIN "+d.Name.SQL()+" ADD CONSTRAINT "+ident.Quote(c.Name)+" "+c.SQL)
		s.Optional = true
		switch {
		case c.Calls == catalog.CallsUnstable:
			p.cutOver(s)
		case strings.HasSuffix(c.SQL, " NOT VALID"):
			for _, t := range p.db.Tables() {
				s.Tables = append(s.Tables, p.db.Root(t).Name)
			}
			s.Tables = unique(s.Tables)
			p.out.After = append(p.out.After, s)
		default:
			sql.WriteString(" CONSTRAINT " + ident.Quote(b.Checks[i].Name) + " " + c.SQL)
		}
	}
	p.optional(step(d, "create", sql.String()))
}

// cutOver leaves a check to the moment when the target's own sessions write: until then it could
// refuse what the source accepted at another moment.
func (p *planner) cutOver(s Statement) {
	p.out.CutOver = append(p.out.CutOver, s)
	p.fact(s.ID, s.Object, LeftOut, CodeCutOver, "it calls something that is not immutable; it is made when the target takes over")
}

func (p *planner) rangeType(d catalog.Definition, b *catalog.RangeDef) {
	parts := []string{"subtype = " + b.Subtype}
	for _, option := range []struct {
		key  string
		name *ident.Name
	}{{"subtype_opclass", b.Opclass}, {"collation", b.Collation}} {
		if option.name != nil {
			parts = append(parts, option.key+" = "+option.name.SQL())
		}
	}
	if b.Diff != "" {
		parts = append(parts, "subtype_diff = "+b.Diff)
	}
	if b.Multirange != nil && !p.older(14) {
		parts = append(parts, "multirange_type_name = "+b.Multirange.SQL())
	}
	s := step(d, "create", "CREATE TYPE "+d.Name.SQL()+" AS RANGE ("+strings.Join(parts, ", ")+")")
	if b.Canonical != "" { // its function needs the type first, and is written in C
		p.fact(s.ID, s.Object, LeftOut, "0A000", "its canonical function %s is not made; values come canonical from the source", b.Canonical)
	}
	p.optional(s)
}

// function makes a function unless the target has one of that name and arguments: whose that is, is
// not known, and it is not replaced.
func (p *planner) function(d catalog.Definition, b *catalog.FunctionDef) {
	s := step(d, "create", strings.Replace(b.SQL, "CREATE OR REPLACE ", "CREATE ", 1))
	s.Object += "(" + b.Args + ")"
	s.Again = b.SQL
	p.optional(s)
	p.mapped(s.ID, s.Object, b.SQL)
}
