package source

import (
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// prepared halts unless the publication that others made brings all that the job needs.
func (st *Standing) prepared(db *catalog.Database, keep bool) error {
	lacks := st.Lacks(db, keep)
	if len(lacks) == 0 {
		return nil
	}
	return halt.New(halt.PublicationChanged, "let its owner run: "+strings.Join(lacks, " "), "publication %s was made by another user, and does not bring all that the job needs", st.name)
}

// Lacks are the statements by which the publication would bring all changes of the selected tables, each
// with the identity that its changes need (not if identities are kept).
func (st *Standing) Lacks(db *catalog.Database, keep bool) []string {
	var missing []*catalog.TableDef
	var sql []string
	for _, t := range Published(db) {
		if !st.Has(t.OID) {
			missing = append(missing, t)
		}
		if change := t.Change(db.Identity(t)); !keep && change != "" {
			sql = append(sql, change+";")
		}
	}
	name := ident.Quote(st.name)
	switch {
	case !st.plain():
		sql = append(sql, "DROP PUBLICATION "+name+";", "CREATE PUBLICATION "+name+tableList(Published(db))+";")
	case len(missing) > 0:
		sql = append(sql, "ALTER PUBLICATION "+name+" ADD"+strings.TrimPrefix(tableList(missing), " FOR")+";")
	}
	return sql
}
