package structure

import (
	"fmt"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// remarks are the owner, comments and grants of a definition. Each role's are a step: one that the target does
// not have costs the others nothing.
func (p *planner) remarks(d catalog.Definition) {
	if d.Owner == "" && len(d.Comments) == 0 && len(d.Grants) == 0 && len(d.Depends) == 0 {
		return
	}
	address, name, ok := p.address(d)
	if !ok {
		return
	}
	p.owner(d, address)
	for _, x := range d.Depends {
		undo := ""
		if !p.older(13) {
			undo = "ALTER " + address + " NO DEPENDS ON EXTENSION " + ident.Quote(x)
		}
		p.remark(d, "depends/"+x, "ALTER "+address+" DEPENDS ON EXTENSION "+ident.Quote(x), undo)
	}
	for _, c := range d.Comments {
		on, phase := address, "comment/"+c.Column
		switch {
		case c.Column != "":
			on = "COLUMN " + name + "." + ident.Quote(c.Column)
		case c.Check != "":
			on, phase = "CONSTRAINT "+ident.Quote(c.Check)+" ON DOMAIN "+name, "check/"+c.Check+"/comment"
		case c.Index:
			on, phase = "INDEX "+ident.Name{Schema: p.relation(hangsOn(d)).Schema, Name: d.Name.Name}.SQL(), "comment/index"
		case c.Part != "":
			on, phase = p.part(d, c, name), "part/"+c.Part+"/"+c.Name
		}
		says, undo := "COMMENT ON "+on+" IS "+strings.TrimSpace(ident.Literal(c.Text)), "COMMENT ON "+on+" IS NULL"
		if d.Kind == catalog.KindExtension {
			says, undo = unlessSaid(d.Name.Name, c.Text, says), ""
		}
		p.remark(d, phase, says, undo)
	}
	var last catalog.Grant
	var privileges []string
	flush := func() {
		if len(privileges) > 0 {
			p.grant(d, name, last, privileges)
		}
		privileges = nil
	}
	for _, g := range d.Grants {
		if g.Column != last.Column || g.Role != last.Role || g.Grantable != last.Grantable || g.Revoked != last.Revoked {
			flush()
		}
		privileges, last = append(privileges, g.Privilege), g
	}
	flush()
}

// owner gives an object to the role that owns it on the source. Floe goes on writing and changing it, so it
// must be a superuser or have that role's rights. An owned sequence goes with its table.
func (p *planner) owner(d catalog.Definition, address string) {
	if b, ok := d.Body.(*catalog.SequenceDef); ok && b.OwnedBy != nil && p.db.Table(b.OwnedBy.Table) != nil || d.Owner == "" {
		return
	}
	p.remark(d, "owner", inside("IF NOT pg_catalog.pg_has_role("+literal(d.Owner)+", 'USAGE') THEN RAISE insufficient_privilege USING MESSAGE = 'floe''s role has not the rights of '||"+literal(d.Owner)+
		"; END IF; ALTER "+address+" OWNER TO "+ident.Quote(d.Owner)+";"), "ALTER "+address+" OWNER TO CURRENT_USER")
}

// part is how COMMENT ON calls on the target what a relation of this name there has of itself.
func (p *planner) part(d catalog.Definition, c catalog.Comment, name string) string {
	switch c.Part {
	case "TYPE":
		return "TYPE " + name
	case "SEQUENCE":
		return "SEQUENCE " + p.sequence(ident.Name{Schema: d.Name.Schema, Name: c.Name}).SQL()
	}
	return c.Part + " " + ident.Quote(c.Name) + " ON " + name
}

// unlessSaid leaves an extension's comment alone where it is the source's already: CREATE EXTENSION gave it one, and
// who may use an extension may not own it.
func unlessSaid(extension, text, says string) string {
	return inside("IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = " + literal(extension) +
		" AND coalesce(pg_catalog.obj_description(oid, 'pg_extension'), '') = " + literal(text) + ") THEN " + says + "; END IF;")
}

// inside is a block of PL/pgSQL, whatever is in it.
func inside(body string) string {
	tag := "$floe$"
	for i := 0; strings.Contains(body, tag); i++ {
		tag = fmt.Sprintf("$floe%d$", i)
	}
	return "DO " + tag + " BEGIN " + body + " END " + tag
}

func (p *planner) remark(d catalog.Definition, phase, sql, undo string) {
	s := Statement{ID: id(d.Kind, d.OID, phase), Object: object(d), SQL: sql, Undo: undo, Optional: true}
	table := ident.Name{}
	switch b := d.Body.(type) {
	case *catalog.TableDef:
		table = b.Name
	case *catalog.ConstraintDef:
		table = b.Table
	case *catalog.IndexDef:
		table = b.Table
	case *catalog.TextDef:
		if b.Table != nil {
			table = *b.Table
		}
	}
	if t := p.db.Table(table); t != nil {
		s.Table, s.Within = t.Name, p.within(t)
	}
	made := id(d.Kind, d.OID, "create")
	if b, ok := d.Body.(*catalog.ConstraintDef); ok && b.Inherited {
		made = p.madeBy(p.db.Table(b.Table), d, b.Type)
	}
	if check, ok := strings.CutSuffix(phase, "/comment"); ok {
		made = id(d.Kind, d.OID, check)
	}
	if tables, ok := p.afterLoad[made]; ok {
		s.Tables = tables
		p.out.After = append(p.out.After, s)
		return
	}
	if p.waits[made] {
		p.out.CutOver = append(p.out.CutOver, s)
		return
	}
	p.third = append(p.third, s)
}

// newPrivileges came with a version; an older target knows neither them nor what they allow.
var newPrivileges = map[string]int{"MAINTAIN": 17}

func (p *planner) grant(d catalog.Definition, name string, g catalog.Grant, privileges []string) {
	var known []string
	for _, x := range privileges {
		if p.older(newPrivileges[x]) {
			p.fact(id(d.Kind, d.OID, "grant/"+x), object(d), LeftOut, CodeVersion, "privilege %s comes with PostgreSQL %d", x, newPrivileges[x])
			continue
		}
		if g.Column != "" {
			x += " (" + ident.Quote(p.columnOf(d, g.Column)) + ")"
		}
		known = append(known, x)
	}
	if len(known) == 0 {
		return
	}
	role := "PUBLIC"
	if g.Role != "" {
		role = ident.Quote(g.Role)
	}
	verb, to, option := "GRANT ", " TO ", ""
	if g.Revoked {
		verb, to = "REVOKE ", " FROM "
	}
	if g.Grantable {
		option = " WITH GRANT OPTION"
	}
	phase := strings.ToLower(strings.TrimSpace(verb)) + "/" + g.Role + "/" + g.Column
	if g.Grantable {
		phase += "/option"
	}
	what := strings.Join(known, ", ") + " ON " + grantedAs(d) + name
	undo := "REVOKE " + what + " FROM " + role
	if g.Revoked {
		undo = "GRANT " + what + " TO " + role
	}
	p.remark(d, phase, verb+what+to+role+option, undo)
}

func (p *planner) columnOf(d catalog.Definition, column string) string {
	if t, ok := d.Body.(*catalog.TableDef); ok {
		return p.column(t, column)
	}
	return column
}

// grantedAs is the kind as GRANT calls it, which takes all relations for tables.
func grantedAs(d catalog.Definition) string {
	switch d.Kind {
	case catalog.KindSchema:
		return "SCHEMA "
	case catalog.KindSequence:
		return "SEQUENCE "
	case catalog.KindFunction, catalog.KindAggregate:
		if b, ok := d.Body.(*catalog.FunctionDef); ok && b.Procedure {
			return "PROCEDURE "
		}
		return "FUNCTION "
	case catalog.KindEnum, catalog.KindComposite, catalog.KindDomain, catalog.KindRange, catalog.KindBaseType:
		return "TYPE "
	case catalog.KindPackage:
		return "PACKAGE "
	case catalog.KindLanguage:
		return "LANGUAGE "
	case catalog.KindWrapper:
		return "FOREIGN DATA WRAPPER "
	case catalog.KindServer:
		return "FOREIGN SERVER "
	}
	return "TABLE "
}

// address is how COMMENT ON calls a definition on the target, and its name alone.
func (p *planner) address(d catalog.Definition) (address, name string, ok bool) {
	name = d.Name.SQL()
	switch b := d.Body.(type) {
	case *catalog.SchemaDef:
		name = ident.Quote(p.mapping.Schema(d.Name.Name))
		return "SCHEMA " + name, name, true
	case *catalog.ExtensionDef:
		name = ident.Quote(d.Name.Name)
		return "EXTENSION " + name, name, true
	case *catalog.CollationDef:
		return "COLLATION " + name, name, true
	case *catalog.EnumDef, *catalog.CompositeDef, *catalog.RangeDef:
		return "TYPE " + name, name, true
	case *catalog.DomainDef:
		return "DOMAIN " + name, name, true
	case *catalog.SequenceDef:
		name = p.sequence(d.Name).SQL()
		return "SEQUENCE " + name, name, true
	case *catalog.FunctionDef:
		name += "(" + b.Args + ")"
		if b.Procedure {
			return "PROCEDURE " + name, name, true
		}
		return "FUNCTION " + name, name, true
	case *catalog.TableDef:
		name = p.table(b.Name).SQL()
		return "TABLE " + name, name, true
	case *catalog.ConstraintDef:
		return "CONSTRAINT " + ident.Quote(d.Name.Name) + " ON " + p.table(b.Table).SQL(), name, p.db.Table(b.Table) != nil
	case *catalog.IndexDef:
		name = ident.Name{Schema: p.relation(b.Table).Schema, Name: d.Name.Name}.SQL()
		return "INDEX " + name, name, true
	case *catalog.TextDef:
		if b.Absent != "" || b.Address == "" || !p.o.spoken(b) {
			return "", "", false
		}
		if b.Attached() {
			return b.Address + " ON " + p.relation(*b.Table).SQL(), name, true
		}
		if d.Kind == catalog.KindBaseType {
			return b.Address, name, true
		}
		_, name, _ = strings.Cut(b.Address, strings.ToUpper(strings.ReplaceAll(string(d.Kind), "-", " "))+" ")
		return b.Address, name, true
	}
	return "", "", false
}
