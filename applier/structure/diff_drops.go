package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// called is how DROP and ALTER call a definition on the target.
func (p *planner) called(d catalog.Definition) (string, bool) {
	switch d.Body.(type) {
	case *catalog.ExtensionDef:
		return "EXTENSION " + ident.Quote(d.Name.Name), true
	case *catalog.ConstraintDef:
		return "", false
	}
	address, _, ok := p.address(d)
	return address, ok
}

// dropping is the statement that drops what a definition made; false if none does.
func (p *planner) dropping(d catalog.Definition) (string, bool) {
	if b, ok := d.Body.(*catalog.ConstraintDef); ok {
		return "ALTER TABLE IF EXISTS " + p.table(b.Table).SQL() + " DROP CONSTRAINT IF EXISTS " + ident.Quote(d.Name.Name), true
	}
	address, ok := p.called(d)
	if d.Kind == catalog.KindBaseType {
		return dropBaseType(d.Name), true
	}
	return "DROP " + address, ok
}

// dropBaseType drops a type with the functions that it is made of, which depend on it as it does on them. Only
// CASCADE can, so it looks first whether anything else would go.
func dropBaseType(name ident.Name) string {
	address := name.SQL()
	return `DO $floe$ DECLARE other text; BEGIN
	WITH t AS (SELECT t.oid, t.typarray FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = ` + literal(name.Schema) + ` AND t.typname = ` + literal(name.Name) + `),
	f AS (SELECT d.objid AS oid FROM pg_catalog.pg_depend d, t WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = t.oid AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
	SELECT pg_catalog.string_agg(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO other FROM pg_catalog.pg_depend d, t
	WHERE (d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid IN (t.oid, t.typarray) OR d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid IN (SELECT oid FROM f))
	AND NOT (d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid IN (t.oid, t.typarray)) AND NOT (d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid IN (SELECT oid FROM f));
	IF other IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '` + codeDependents + `', MESSAGE = 'cannot drop type ` + strings.ReplaceAll(address, "'", "''") + ` because other objects depend on it', DETAIL = other; END IF;
	DROP TYPE ` + address + ` CASCADE;
END $floe$`
}

// dropObject has an object dropped that the source no longer has, or has anew. What goes with its table
// is not dropped by itself, but for what may hold others: foreign keys, policies and rules.
func (d *differ) dropObject(old catalog.Definition) {
	s := Statement{ID: keyOf(old) + "/drop", Object: object(old), Alters: keyOf(old) + "/create", Optional: d.harmless(old)}
	if on := hangsOn(old); on.Name != "" {
		t := d.was.db.Table(on)
		if t != nil {
			now := d.newTable(t)
			c, _ := old.Body.(*catalog.ConstraintDef)
			part := now != nil && d.goesWithParent(old, t, now)
			holds := c != nil && c.Type == catalog.ForeignKey || old.Kind == catalog.KindPolicy || old.Kind == catalog.KindRule
			if now == nil && !holds || part && !d.parentGone(old) {
				return
			}
			if part { // it went with its parent's, if it had become a part of that
				sql, _ := d.was.dropping(old)
				s.Table, s.Within, s.SQL = now.Name, d.now.within(now), strings.Replace(sql, "DROP INDEX ", "DROP INDEX IF EXISTS ", 1)
				d.parted = append(d.parted, s)
				return
			}
			s.Table, s.Within = on, d.was.within(t)
			if now != nil {
				s.Table, s.Within = now.Name, d.now.within(now)
			}
		}
	}
	sql, ok := d.was.dropping(old)
	if !ok {
		d.undoAll(old)
		return
	}
	s.SQL = sql
	if b, ok := old.Body.(*catalog.TableDef); ok {
		s.Creates = d.was.table(b.Name)
	}
	if catalog.Rank(old.Kind) > catalog.Rank(catalog.KindTable) {
		d.loose = append(d.loose, s)
	} else {
		d.solid = append(d.solid, s)
	}
}

// undoAll takes back, step by step, what no DROP takes away.
func (d *differ) undoAll(old catalog.Definition) {
	for _, s := range d.was.out.all() {
		if of, phase := parted(s.ID); of == keyOf(old) && s.Undo != "" {
			d.loose = append(d.loose, Statement{ID: of + "/change/undo/" + phase, Object: s.Object, SQL: s.Undo, Alters: s.ID, Optional: true})
		}
	}
}

// goesWithParent reports whether a part of a table is one of its parent's parts, which is dropped there.
func (d *differ) goesWithParent(old catalog.Definition, was, now *catalog.TableDef) bool {
	switch b := old.Body.(type) {
	case *catalog.ConstraintDef:
		return (b.Inherited || b.Parent != 0) && d.sameParents(was, now)
	case *catalog.IndexDef:
		return b.Parent != 0 && d.sameParents(was, now)
	}
	return false
}

// parentGone reports whether an index's parent goes too.
func (d *differ) parentGone(old catalog.Definition) bool {
	switch b := old.Body.(type) {
	case *catalog.ConstraintDef:
		return b.Parent != 0 && d.gone[key(old.Kind, b.Parent)]
	case *catalog.IndexDef:
		return d.gone[key(old.Kind, b.Parent)]
	}
	return false
}

// harmless reports whether rows can go on if an object stays that should be gone.
func (d *differ) harmless(old catalog.Definition) bool {
	switch b := old.Body.(type) {
	case *catalog.TableDef, *catalog.ConstraintDef:
		return false
	case *catalog.IndexDef:
		return !b.Unique
	}
	return true
}

// drop collects what is gone, dependants first.
func (d *differ) drop() {
	defs := slices.Clone(d.was.db.Definitions)
	slices.SortStableFunc(defs, func(a, b catalog.Definition) int { return -earlier(a, b) })
	for _, old := range defs {
		if d.gone[keyOf(old)] && old.Kind != catalog.KindSchema {
			d.dropObject(old)
			d.letGo(old)
		}
	}
	for _, old := range defs {
		if old.Kind != catalog.KindSchema || !d.gone[keyOf(old)] {
			continue
		}
		name := d.was.mapping.Schema(old.Name.Name)
		if slices.ContainsFunc(d.now.out.Before, func(s Statement) bool { return s.ID == "schema/"+name }) {
			continue
		}
		d.solid = append(d.solid, Statement{ID: keyOf(old) + "/drop", Object: "schema " + name, Alters: "schema/" + name, Optional: true,
			SQL: "DROP SCHEMA " + ident.Quote(name)})
		d.out.Obsolete = append(d.out.Obsolete, "schema/"+name)
	}
}

// letGo ends the records of what of a domain was let go (Relax), which the domain takes along.
func (d *differ) letGo(old catalog.Definition) {
	b, ok := old.Body.(*catalog.DomainDef)
	if !ok {
		return
	}
	d.out.Obsolete = append(d.out.Obsolete, id(old.Kind, old.OID, domainNotNull))
	for _, c := range b.Checks {
		d.out.Obsolete = append(d.out.Obsolete, id(old.Kind, old.OID, domainCheck(c.Name)))
	}
}

// parentOIDs are the tables that a table is a partition of or inherits from, by oid.
func parentOIDs(db *catalog.Database, t *catalog.TableDef) []uint32 {
	names := slices.Clone(t.Inherits)
	if t.PartitionOf != nil {
		names = append(names, t.PartitionOf.Parent)
	}
	var out []uint32
	for _, n := range names {
		if p := db.Table(n); p != nil {
			out = append(out, p.OID)
		}
	}
	return out
}

func (d *differ) sameParents(was, now *catalog.TableDef) bool {
	return slices.Equal(parentOIDs(d.was.db, was), parentOIDs(d.now.db, now))
}
