package capture

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/load"
	"floe/capture/route"
	"floe/pkg/control"
	"floe/pkg/failpoint"
	"floe/pkg/ledger"
)

// load runs the loader whenever a load is open. It ends with ctx.
func (s *session) load(ctx context.Context) error {
	for {
		if s.loading.Load() {
			l := &load.Loader{Config: load.Config{Hold: s.ChunkHold, ChunkBytes: chunkBytes, Readers: s.LoadReaders, Rate: s.rate, ByteRate: s.byteRate, Rests: func() bool { return s.pressed.rests() != "" }},
				Connect: s.rowConn, Charset: s.Charset, Tables: s.loadable, Pending: s.pending(), Members: s.typeMembers, Gate: s.gate, Writer: s.writer, Ask: s.wal.Ask, Log: s.Log, Update: s.update, Loaded: s.loaded,
				Waited: func(d time.Duration) { s.report.metrics.throttled.Add(int64(d)) }}
			if err := l.Run(ctx); err != nil {
				return err
			}
		}
		s.update(func(st load.States) { s.loading.Store(st.Open()) })
		if s.loading.Load() {
			continue
		}
		select {
		case <-s.opened:
		case <-ctx.Done():
			return nil
		}
	}
}

// rate is the load's bound as it was last set.
func (s *session) rate() int { return control.Or(s.wanted.Load().Set.LoadRows, s.LoadRows) }

func (s *session) byteRate() int {
	return control.Or(s.wanted.Load().Set.LoadMBps, s.LoadMBps) * 1_000_000
}

// reload opens a load that replaces what the target has of the table; the caller places the object that
// says so (load.State.Record). Only the stream's goroutine calls it, between two transactions or at a
// row that changes the structure.
func (s *session) reload(table uint32) (st *load.State) {
	s.update(func(states load.States) {
		st = states.Reload(table)
		s.loading.Store(true) // before the next commit: the gate must know of it
	})
	select {
	case s.opened <- struct{}{}:
	default:
	}
	return st
}

// loaded places Loaded; the load calls it within a hold.
func (s *session) loaded(st *load.State) error {
	if err := failpoint.Here("loaded.before"); err != nil {
		return err
	}
	err := s.writer.Append(&ledger.Entry{Loaded: &ledger.Loaded{Load: st.Load, Table: st.Table, Rows: st.Rows}}, nil, nil)
	return errors.Join(err, failpoint.Here("loaded.after"))
}

// loadable are the tables to be loaded, in the order of their definitions.
func (s *session) loadable() (tables []load.Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := map[*route.Table]bool{} // rows written before they are published are in no message
	for oid := range s.joining {
		waiting[s.leaves[oid]] = true
	}
	for _, def := range s.db.Tables() {
		if t := s.tables[def.OID]; t != nil && s.lost[def.OID] == nil && !waiting[t] {
			tables = append(tables, load.Table{Table: t, Only: def.PartitionKey == ""})
		}
	}
	return tables
}

// pending tells the loader whether a snapshot sees structure that the stream has not come to (H4): a
// command of which it has not read, or, where nobody tells of commands, or did not for a while since the last look, a
// catalog that the definitions were not held against. Nil where changes are not followed.
func (s *session) pending() func(context.Context, *pgx.Conn) (bool, error) {
	if s.DDLOff {
		return nil
	}
	return func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		triggers, err := triggersOf(ctx, conn)
		if err != nil {
			return false, err
		}
		if !s.told.Load() || triggers != s.triggers { // the stream, whose this is, stands
			state, err := stateOf(ctx, conn)
			s.mu.Lock()
			defer s.mu.Unlock()
			if state != s.reconciled {
				s.lookAgain()
			}
			return state != s.reconciled, err
		}
		rows, err := conn.Query(ctx, "SELECT xid FROM floe.ddl WHERE xid > $1", int64(s.begun))
		if err != nil {
			return false, err
		}
		xids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.ContainsFunc(xids, func(x int64) bool {
			return !s.commanded[uint32(x)] && !(s.first && s.catalogSnap.Sees(uint32(x))) // from before the slot was
		}), err
	}
}
