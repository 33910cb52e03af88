package capture

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/past"
	"floe/capture/source"
	"floe/pkg/catalog"
)

// define decides what is valid where this session begins: what the log says, for the stream moves on from
// there. Today's catalog is what will be valid when the stream has passed today; it is used as it stands
// by the first epoch, whose tables are all still to be loaded, and where changes are not followed (L2).
func (s *session) define(ctx context.Context, p *past.Past) error {
	s.today, s.first = s.db, p.Defined == nil
	if s.first {
		return nil
	}
	if s.DDLOff {
		was := map[uint32]catalog.Definition{}
		for _, d := range p.Defined.List() {
			if d.Kind == catalog.KindTable {
				was[d.OID] = d
			}
		}
		if err := sameTables(was, s.db); err != nil {
			return err
		}
		return s.sortedAlike(was, p)
	}
	there, err := tablesThere(ctx, s.admin)
	if err != nil {
		return err
	}
	was := catalog.NewDatabase(s.today.Version, defined.InOrderOf(p.Defined.List(), s.today.Definitions))
	s.db = defined.Apply(was, nil, nil, s.leftBy(was, s.today, there)).DB
	return nil
}

// leftBy are the tables that are not, or no longer, of the selection: by the name that the log knows, or
// because the source has them and today's selection does not.
func (s *session) leftBy(was, today *catalog.Database, there map[uint32]bool) (left []catalog.Ref) {
	selected := map[uint32]bool{}
	for _, t := range today.Tables() {
		selected[t.OID] = true
	}
	for _, t := range was.Tables() {
		if there[t.OID] && !selected[t.OID] || s.Includes != nil && !s.Includes(t.Name) && !s.Includes(was.Root(t).Name) {
			left = append(left, catalog.Ref{Kind: catalog.KindTable, OID: t.OID, Name: t.Name})
		}
	}
	return left
}

// tablesThere are the oids of all tables of the source.
func tablesThere(ctx context.Context, conn *pgx.Conn) (map[uint32]bool, error) {
	rows, err := conn.Query(ctx, "SELECT oid FROM pg_catalog.pg_class")
	if err != nil {
		return nil, fmt.Errorf("look at tables: %w", err)
	}
	oids, err := pgx.CollectRows(rows, pgx.RowTo[uint32])
	if err != nil {
		return nil, fmt.Errorf("look at tables: %w", err)
	}
	there := make(map[uint32]bool, len(oids))
	for _, oid := range oids {
		there[oid] = true
	}
	return there, nil
}

// checkPublication halts if the publication lacks a table that the log has rows of, and adds what is new.
// Rows that were written to a partition before it joined are in no message: its root is loaded again when
// its definition comes. One that was published and that the log does not know may have joined so. A table that the log
// knows, and of which nothing was read, has in the log what the stream brought before it was taken out: its load
// replaces that. One that others hold must not keep the job from the rest: who follows the catalog has it join.
func (s *session) checkPublication(ctx context.Context, p *past.Past) error {
	is, err := source.CheckPublication(ctx, s.admin, s.publication(), s.today, func(t *catalog.TableDef) bool { return s.held(t, p) }, s.KeepIdentity)
	if err != nil {
		return err
	}
	for oid, err := range is.Refused {
		var held *source.HeldError
		if s.first || s.DDLOff || !errors.As(err, &held) { // nobody would try again, or it would be in vain
			return err
		}
		s.Log.Warn("a table of the selection is held by others; it joins, and is loaded, when they let it go", "err", err)
		s.joined[oid], s.joining[oid] = true, 0
	}
	if s.seal, err = source.Reseal(ctx, s.admin, s.publication(), is.Seal); err != nil || s.first || s.DDLOff {
		return err
	}
	for _, oid := range is.Joined {
		s.joined[oid] = true
	}
	for _, t := range source.Published(s.db) {
		if l := p.Loads[s.db.Root(t).OID]; s.joined[t.OID] && l != nil && !begun(l) {
			l.Replace = true
		}
	}
	known := defined.SetOf(s.db.Definitions)
	for _, t := range source.Published(s.today) {
		if known.Get(defined.Key{Kind: catalog.KindTable, OID: t.OID}) == nil {
			s.joined[t.OID] = true
		}
	}
	return nil
}

// intact halts if others changed the publication. Tables may be gone since they were looked at, and are
// then in no publication.
func (s *session) intact(ctx context.Context, conn *pgx.Conn, st *source.Standing, tables []*catalog.TableDef) error {
	if st.Check(s.seal, tables) == nil {
		return nil
	}
	there, err := tablesThere(ctx, conn)
	if err != nil {
		return err
	}
	var still []*catalog.TableDef
	for _, t := range tables {
		if there[t.OID] {
			still = append(still, t)
		}
	}
	return st.Check(s.seal, still)
}

// sealed halts if others changed the publication, and seals what joined it meanwhile.
func (s *session) sealed(ctx context.Context, conn *pgx.Conn, st *source.Standing, tables []*catalog.TableDef) error {
	err := s.intact(ctx, conn, st, tables)
	if err != nil {
		return err
	}
	s.seal, err = st.Renew(ctx, conn, s.seal)
	return err
}

// held reports whether the log has rows of a table, so that it must have been published.
func (s *session) held(t *catalog.TableDef, p *past.Past) bool {
	if s.first || s.DDLOff {
		return p.Selected[s.today.Root(t).Name.SQL()]
	}
	for _, was := range source.Published(s.db) {
		if was.OID == t.OID {
			return begun(p.Loads[s.db.Root(was).OID])
		}
	}
	return false
}

// begun reports whether a load has read anything, or is not to be.
func begun(l *load.State) bool {
	return l != nil && (l.Loaded || !l.Untouched())
}
