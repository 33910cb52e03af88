package structure

import (
	"fmt"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

func (p *planner) sequenceDef(d catalog.Definition, b *catalog.SequenceDef) {
	name := p.sequence(d.Name)
	kind := "SEQUENCE "
	if b.Unlogged && !p.older(15) {
		kind = "UNLOGGED SEQUENCE "
	}
	p.optional(step(d, "create", "CREATE "+kind+name.SQL()+" AS "+b.Type+" "+sequenceOptions(b)))
	if b.OwnedBy == nil {
		return
	}
	t := p.db.Table(b.OwnedBy.Table)
	if t == nil {
		return
	}
	s := p.ofTable(t, id(d.Kind, d.OID, "owned"), "sequence "+d.Name.String(), fmt.Sprintf("ALTER SEQUENCE %s OWNED BY %s.%s",
		name.SQL(), p.table(t.Name).SQL(), ident.Quote(p.column(t, b.OwnedBy.Name))))
	s.Optional = true
	// It must have the owner that its table has by then.
	s.Else = []string{inside("EXECUTE pg_catalog.format('ALTER SEQUENCE %s OWNER TO %I', " + literal(name.SQL()) + ", (SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = " +
		literal(p.table(t.Name).SQL()) + "::pg_catalog.regclass)); " + s.SQL + ";")}
	p.second = append(p.second, s)
}

func sequenceOptions(b *catalog.SequenceDef) string {
	s := fmt.Sprintf("START WITH %d INCREMENT BY %d MINVALUE %d MAXVALUE %d CACHE %d", b.Start, b.Increment, b.Min, b.Max, b.Cache)
	if b.Cycle {
		s += " CYCLE"
	}
	return s
}

// nextval is a default on a sequence, under the target's name of it.
func (p *planner) nextval(s ident.Name) string {
	return "nextval(" + strings.TrimSpace(ident.Literal(p.sequence(s).SQL())) + "::regclass)"
}
