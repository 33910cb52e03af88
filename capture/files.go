package capture

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/capture/load"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/capture/source"
	"floe/pkg/ledger"
)

// file is that of a table: a command that writes the table anew gives it another. since is the oldest transaction that
// was not over when it was looked at.
type file struct {
	node  uint32
	since uint64
}

// filesOf are the files of tables, by oid, as the snapshot shows them.
func filesOf(ctx context.Context, conn *pgx.Conn, snap *snapshot.Snapshot) (map[uint32]file, error) {
	rows, err := conn.Query(ctx, "SELECT oid, relfilenode FROM pg_catalog.pg_class WHERE relkind = 'r' AND oid >= 16384")
	if err != nil {
		return nil, err
	}
	files := map[uint32]file{}
	var oid, node uint32
	_, err = pgx.ForEachRow(rows, []any{&oid, &node}, func() error {
		files[oid] = file{node, snap.Min}
		return nil
	})
	return files, err
}

// refiled are tables that were written anew since the last look, so that their rows could be other ones, and nobody told
// of it.
//
//   - Nobody tells, or did not for a while: what only moves rows (VACUUM FULL, CLUSTER) looks the same.
//   - A session for which event triggers do not fire (event_triggers of 17, superusers of PolarDB), or one within such a
//     while that truncated the table too: a command that writes rows anew writes columns anew in the catalog, as what only
//     moves or empties them does not, and floe.ddl does not know that version of the column.
func (s *session) refiled(ctx context.Context, l *look) (oids []uint32, err error) {
	untold := !s.told.Load() || l.triggers != s.triggers
	doubted := map[uint32]uint64{}
	for oid := range s.leaves {
		was, is := s.files[oid], l.files[oid]
		switch {
		case was.node == 0 || is.node == 0 || was.node == is.node:
		case was.since > is.since: // it was looked at since, for a load that began
			l.files[oid] = was
		case untold && !s.truncated[oid]:
			oids = append(oids, oid)
		case was.since != 0:
			doubted[oid] = was.since
		}
	}
	if len(doubted) > 0 {
		unseen, err := source.Rewrites(ctx, s.admin, doubted)
		if err != nil {
			return nil, err
		}
		oids = append(oids, unseen...)
	}
	s.files, s.triggers = l.files, l.triggers
	clear(s.truncated)
	return oids, nil
}

// refile looks at the files of tables whose load begins: whatever comes behind this, its rows do not have.
func (s *session) refile(ctx context.Context, next *layout, again map[uint32]bool) error {
	if len(again) == 0 {
		return nil
	}
	return pgx.BeginTxFunc(ctx, s.admin, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var text string
		if err := tx.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return fmt.Errorf("look at open transactions: %w", err)
		}
		snap, err := snapshot.Parse(text)
		if err != nil {
			return err
		}
		files, err := filesOf(ctx, tx.Conn(), &snap)
		if err != nil {
			return fmt.Errorf("look at the files of tables: %w", err)
		}
		for oid, t := range next.leaves {
			if f, ok := files[oid]; ok && again[t.Shape.OID] {
				s.files[oid] = f
			}
		}
		return nil
	})
}

// filed are the files of the relations whose rows are the table's, for the log: a later session holds them against those
// that it finds.
func (s *session) filed(t *route.Table) ledger.Filed {
	out := ledger.Filed{Files: map[uint32]uint32{}, Triggers: s.triggers}
	for oid, of := range s.leaves {
		f := s.files[oid]
		if of != t || f.node == 0 {
			continue
		}
		out.Files[oid] = f.node
		if out.Since == 0 || f.since < out.Since {
			out.Since = f.since
		}
	}
	return out
}

// refiles has the session begin with the files that the log knows, and with those of now for what it does not.
func (s *session) refiles() {
	now := s.triggers
	s.update(func(st load.States) {
		for _, t := range s.tables {
			l := st[t.Shape.OID]
			if l == nil {
				continue
			}
			told := s.told.Load() && (l.Triggers == now || l.Files == nil)
			for oid, node := range l.Files { // as long as the first look has not found a difference, the next session has to
				if !told || l.Since != 0 {
					s.files[oid] = file{node, l.Since}
				}
			}
			triggers := now
			if !told {
				triggers, s.triggers = l.Triggers, l.Triggers
			}
			l.Filed = s.filed(t)
			l.Triggers = triggers
		}
	})
}
