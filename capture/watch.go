package capture

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/source"
	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// watchEvery is how soon a change is noticed that no message of the stream shows: rows of a table or of a
// leaf that is not published are in none.
const watchEvery = time.Second

// changesOfCatalog is what sees them beside the stream.
func (s *session) changesOfCatalog() func(context.Context) error {
	if s.DDLOff {
		return s.watch
	}
	return s.follow
}

// watch, where changes are not followed, looks at the catalog for tables that came, were renamed, made anew or taken out of the WAL, and
// for partitions that came or left. It ends with ctx.
func (s *session) watch(ctx context.Context) error {
	conn, err := s.readConn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	w := newWatched(s.db)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		st, err := source.Stand(ctx, conn, s.publication())
		if err != nil {
			return err
		}
		if err := s.sealed(ctx, conn, st, source.Published(s.db)); err != nil {
			return err
		}
		if err := samePartitions(ctx, conn, w.roots, w.leaves); err != nil {
			return err
		}
		news, err := w.look(ctx, conn)
		if err != nil {
			return err
		}
		if err := s.joins(ctx, conn, w, news); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// watched is what the session's tables are known as.
type watched struct {
	tables        map[uint32]*catalog.TableDef
	names         map[ident.Name]bool
	roots, leaves []uint32
	others        map[uint32]bool // tables that were looked at and are not the job's
}

func newWatched(db *catalog.Database) *watched {
	w := &watched{tables: map[uint32]*catalog.TableDef{}, names: map[ident.Name]bool{}, others: map[uint32]bool{}}
	for _, t := range db.Tables() {
		w.tables[t.OID], w.names[t.Name] = t, true
		if t.PartitionKey != "" {
			w.roots = append(w.roots, t.OID)
		}
		if t.PartitionOf != nil {
			w.leaves = append(w.leaves, t.OID)
		}
	}
	return w
}

// look halts if a table has another name, or its name another table, or if its changes are no longer
// (or only now) in the WAL. It returns tables that it does not know.
func (w *watched) look(ctx context.Context, conn *pgx.Conn) (news map[uint32]ident.Name, err error) {
	rows, err := conn.Query(ctx, `SELECT c.oid, n.nspname, c.relname, c.relpersistence = 'u' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'floe')`)
	if err != nil {
		return nil, fmt.Errorf("look at tables: %w", err)
	}
	defer rows.Close()
	news = map[uint32]ident.Name{}
	for rows.Next() {
		var oid uint32
		var name ident.Name
		var unlogged bool
		if err := rows.Scan(&oid, &name.Schema, &name.Name, &unlogged); err != nil {
			return nil, fmt.Errorf("look at tables: %w", err)
		}
		switch t := w.tables[oid]; {
		case t == nil && w.names[name]:
			return nil, halt.New(halt.StructureChanged, halt.Rebuild, "table %s is another one than it was", name)
		case t == nil && !w.others[oid]:
			news[oid] = name
		case t == nil:
		case t.Name != name:
			return nil, halt.New(halt.StructureChanged, halt.Rebuild, "table %s is %s now", t.Name, name)
		case t.Unlogged != unlogged:
			return nil, halt.New(halt.StructureChanged, halt.Rebuild, "table %s was set %s", name, map[bool]string{true: "UNLOGGED: its changes are in no log", false: "LOGGED: its rows are not in the job"}[unlogged])
		}
	}
	return news, rows.Err()
}

// joins ends the session when a table of the selection is new: the next one begins with it. What the
// selection leaves out is not looked at again.
func (s *session) joins(ctx context.Context, conn *pgx.Conn, w *watched, news map[uint32]ident.Name) error {
	candidates := false
	for oid, name := range news {
		if w.others[oid] = s.Includes != nil && !s.Includes(name); !w.others[oid] {
			candidates = true
		}
	}
	if !candidates {
		return nil
	}
	db, err := catalog.ReadSelection(ctx, conn, s.reads())
	if err != nil {
		return err
	}
	for _, t := range db.Tables() {
		if name, isNew := news[t.OID]; isNew {
			return fmt.Errorf("table %s is new in the selection: the next session begins with it", name)
		}
	}
	for oid := range news {
		w.others[oid] = true
	}
	return nil
}

// samePartitions halts unless the tables have these partitions and no others.
func samePartitions(ctx context.Context, conn *pgx.Conn, roots, leaves []uint32) error {
	rows, err := conn.Query(ctx, `SELECT c.oid, c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE c.relispartition AND c.relkind IN ('r', 'p') AND i.inhparent = any($1::oid[])`, roots)
	if err != nil {
		return fmt.Errorf("look at partitions: %w", err)
	}
	defer rows.Close()
	left := slices.Clone(leaves)
	var news []string
	for rows.Next() {
		var oid uint32
		var name string
		if err := rows.Scan(&oid, &name); err != nil {
			return fmt.Errorf("look at partitions: %w", err)
		}
		if i := slices.Index(left, oid); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			news = append(news, name)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look at partitions: %w", err)
	}
	const fix = halt.Rebuild
	if len(news) > 0 {
		return halt.New(halt.StructureChanged, fix, "partitions came that are not replicated: %s", strings.Join(news, ", "))
	}
	if len(left) > 0 {
		return halt.New(halt.StructureChanged, fix, "%d partitions were dropped or detached", len(left))
	}
	return nil
}
