package capture

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/load"
	"floe/capture/snapshot"
	"floe/capture/source"
	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// look is the catalog as one snapshot shows it. It is held against the definitions once the stream has
// passed after: by then everything that the snapshot sees is placed.
type look struct {
	db        *catalog.Database
	snapshot  snapshot.Snapshot
	after     event.LSN
	there     map[uint32]bool // oids of relations
	files     map[uint32]file // of tables, by oid
	triggers  string          // triggersOf
	state     string
	joining   map[uint32]bool // oids of tables that are to be published and are not
	unfit     []ident.Name    // those of them that no publication can have
	published *source.Standing
}

// lookAgain has the catalog read as soon as can be; the stream need not wait for it.
func (s *session) lookAgain() {
	select {
	case s.want <- struct{}{}:
	default:
	}
}

// follow reads the catalog whenever it changed, publishes tables that are new in it, and hands it to the
// stream. What event triggers wrote into the stream is found to be valid by then; what they could not
// write (superusers' commands that they do not see, a source where they may not be) is found here. It
// ends with ctx.
func (s *session) follow(ctx context.Context) error {
	conn, err := s.readConn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	f := follower{s: s, conn: conn, published: source.Published(s.today), refused: map[uint32]refused{}}
	for asked := true; ; {
		began := time.Now()
		if asked, err = f.once(ctx, asked); err != nil {
			return err
		}
		took := time.Since(began)
		if asked, err = f.rest(ctx, asked, restAfter(took, asked), 4*took); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// rest waits for the next look, with an eye on the publication; asked says that one is due, or was asked for.
// Then it comes sooner: rows of a table that changed, and nobody told, are dropped until it is known what it is.
func (f *follower) rest(ctx context.Context, due bool, least, soon time.Duration) (asked bool, err error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	pause, hears := time.NewTimer(least), time.NewTimer(min(least, soon))
	defer pause.Stop()
	defer hears.Stop()
	var want chan struct{}
	for over := false; ; {
		select {
		case <-hears.C:
			want = f.s.want
		case <-pause.C:
			over = true
		case <-want:
			return true, nil
		case <-tick.C:
			st, err := source.Stand(ctx, f.conn, f.s.publication())
			if err == nil {
				err = f.s.sealed(ctx, f.conn, st, f.published)
			}
			if err != nil || over {
				return due, err
			}
		case <-ctx.Done():
			return false, nil
		}
	}
}

// restAfter is how long the catalog is left alone after a look. Of a large catalog, looking costs no more
// than a twentieth of the time; but a look that a busy machine made slow is no reason to see nothing for
// minutes, and one that is only half done (tables were published) goes on.
func restAfter(took time.Duration, again bool) time.Duration {
	if again {
		return took
	}
	return min(19*took, max(15*time.Second, 2*took))
}

type follower struct {
	s         *session
	conn      *pgx.Conn
	seen      string              // the catalog's state when it was last handed to the stream
	published []*catalog.TableDef // tables that are to be, when it was last looked at
	warned    []ident.Name        // unfit tables, then
	refused   map[uint32]refused  // tables that the source did not let it publish, by oid
}

// refused is a table that is left alone for a while: whoever waits for its lock holds up all who come behind.
type refused struct {
	until time.Time
	pause time.Duration // doubles while it is refused
	why   string
}

const firstPause, longestPause = 2 * time.Second, time.Minute

// once looks and hands on what it saw, if there is something to see. It returns whether to look again.
func (f *follower) once(ctx context.Context, asked bool) (again bool, err error) {
	if err := f.tells(ctx); err != nil {
		return false, err
	}
	now, err := f.state(ctx)
	if err != nil || now == f.seen && !asked && !f.rested() {
		return false, err
	}
	l, state, err := f.look(ctx)
	if catalog.Moved(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	f.published = source.Published(l.db)
	if err := f.s.sealed(ctx, f.conn, l.published, f.published); err != nil {
		return false, err
	}
	// A commit that an earlier capture placed may not be visible yet: a catalog without it would take its
	// changes back. Behind what began before this session all are (H1).
	if l.snapshot.Min <= f.s.begun {
		f.s.Log.Debug("the catalog is looked at when older transactions have ended", "xid", f.s.begun, "oldest", l.snapshot.Min)
		return true, nil
	}
	f.warn(l.unfit)
	joined, err := f.join(ctx, l)
	if err != nil {
		f.s.Log.Warn("tables of the selection cannot be published; it is tried again", "err", err)
	}
	if err != nil || joined { // it is looked at as it is then
		return true, nil
	}
	if err := f.passed(ctx, l.after); err != nil {
		return false, err
	}
	select {
	case f.s.looks <- l:
		f.seen = state
	case <-ctx.Done():
	}
	return false, nil
}

// tells finds out whether the source records its commands.
func (f *follower) tells(ctx context.Context) error {
	var told bool
	err := f.conn.QueryRow(ctx, `SELECT count(*) = 3 FROM pg_catalog.pg_event_trigger WHERE evtname IN ('floe_ddl_command_end', 'floe_sql_drop', 'floe_table_rewrite') AND evtenabled = 'A'`).Scan(&told)
	if err != nil {
		return fmt.Errorf("look at event triggers: %w", err)
	}
	if f.s.told.Swap(told) != told {
		f.s.Log.Info("who tells of changes of structure", "event_triggers", told)
	}
	return nil
}

// stateSQL changes with every change of the catalogs that definitions are read from.
const stateSQL = `SELECT concat_ws(',',
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_class WHERE relpersistence <> 't' AND oid >= 16384),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_attribute
		WHERE attrelid >= 16384 AND attrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE relpersistence = 't')),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_constraint),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_index WHERE indexrelid >= 16384),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_inherits),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_attrdef),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_temp|^pg_toast_temp'),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_type WHERE oid >= 16384 AND typrelid = 0 AND typelem = 0),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_enum),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_proc WHERE oid >= 16384),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_sequence),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_extension),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_rewrite WHERE oid >= 16384),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_trigger),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_policy),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_publication),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_publication_rel),
	(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog.pg_description WHERE objoid >= 16384))`

func (f *follower) state(ctx context.Context) (string, error) { return stateOf(ctx, f.conn) }

func stateOf(ctx context.Context, conn *pgx.Conn) (state string, err error) {
	d, err := dialect.Of(ctx, conn)
	if err != nil {
		return "", err
	}
	if err := conn.QueryRow(ctx, catalogState(d)).Scan(&state); err != nil {
		return "", fmt.Errorf("look at the catalog: %w", err)
	}
	return state, nil
}

// catalogState is stateSQL with the catalogs that only an Oracle-mode server has. Dictionary views have
// no row versions: what only they show is seen when something else changes, and at each start.
func catalogState(d dialect.Dialect) string {
	var more []string
	for name, has := range map[string]bool{"pg_synonym": d.Synonyms, "pg_package": d.IvoryPackages, "pg_package_body": d.IvoryPackages} {
		if has {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	sql := strings.TrimSuffix(stateSQL, ")")
	for _, name := range more {
		sql += ",\n\t(SELECT count(*) || ':' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) FROM pg_catalog." + name + ")"
	}
	return sql + ")"
}

// look reads the catalog under one snapshot.
func (f *follower) look(ctx context.Context) (*look, string, error) {
	s, l := f.s, &look{joining: map[uint32]bool{}}
	var state string
	err := pgx.BeginTxFunc(ctx, f.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(pgx.Tx) (err error) {
		var text string
		if err = f.conn.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return err
		}
		if l.snapshot, err = snapshot.Parse(text); err != nil {
			return err
		}
		if state, err = f.state(ctx); err != nil {
			return err
		}
		l.state = state
		if l.files, err = filesOf(ctx, f.conn, &l.snapshot); err != nil {
			return err
		}
		if l.triggers, err = triggersOf(ctx, f.conn); err != nil {
			return err
		}
		if l.db, err = catalog.ReadSelection(ctx, f.conn, s.reads()); err != nil {
			return err
		}
		if l.there, err = tablesThere(ctx, f.conn); err != nil {
			return err
		}
		if l.published, err = source.Stand(ctx, f.conn, s.publication()); err != nil {
			return err
		}
		for _, t := range source.Published(l.db) {
			if l.published.Has(t.OID) {
				continue
			}
			l.joining[t.OID] = true
			if source.Unfit(l.db, t, s.KeepIdentity) {
				l.unfit = append(l.unfit, t.Name)
			}
		}
		if err := f.conn.QueryRow(ctx, "SELECT pg_current_wal_insert_lsn()::text").Scan(&text); err != nil {
			return err
		}
		l.after, err = load.Passable(text)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("look at the catalog: %w", err)
	}
	return l, state, nil
}

// warn names, once, the tables that are not published and so not loaded.
func (f *follower) warn(unfit []ident.Name) {
	if len(unfit) > 0 && !slices.Equal(unfit, f.warned) {
		f.s.Log.Warn("tables have virtual generated columns and no key: the source would refuse their changes if they were published; they are not copied until they have one", "tables", unfit)
	}
	f.warned = unfit
}

// join publishes tables, and reports whether one joined. Rows that were written before are in no message: they are
// loaded. What the source refuses rests.
func (f *follower) join(ctx context.Context, l *look) (any bool, err error) {
	maps.DeleteFunc(f.refused, func(oid uint32, _ refused) bool { return !l.joining[oid] })
	var tables []*catalog.TableDef
	for _, t := range source.Published(l.db) {
		if l.joining[t.OID] && !slices.Contains(l.unfit, t.Name) && !time.Now().Before(f.refused[t.OID].until) {
			tables = append(tables, t)
		}
	}
	f.s.update(func(load.States) { // before: as soon as one is published the stream may come to its definition
		for _, t := range tables {
			f.s.joined[t.OID] = true
		}
	})
	joined, not, err := source.Join(ctx, f.conn, f.s.publication(), l.db, tables, f.s.KeepIdentity)
	for oid, why := range not {
		r := f.refused[oid]
		if r.why != why.Error() {
			f.s.Log.Warn("a table of the selection cannot be published; it is tried again", "err", why)
		}
		pause := max(firstPause, min(2*r.pause, longestPause))
		f.refused[oid] = refused{time.Now().Add(pause), pause, why.Error()}
	}
	return len(joined) > 0, err
}

// rested reports whether a table that was refused is to be tried again.
func (f *follower) rested() bool {
	for _, r := range f.refused {
		if time.Now().After(r.until) {
			return true
		}
	}
	return false
}

// passed waits until the stream has passed lsn. An idle source keeps what is behind its last commit to
// itself for a while: a message of no meaning brings it out.
func (f *follower) passed(ctx context.Context, lsn event.LSN) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; f.s.gate.At() < lsn; i++ {
		f.s.wal.Ask()
		if i%10 == 9 {
			if _, err := f.conn.Exec(ctx, "SELECT pg_logical_emit_message(true, 'floe', '')"); err != nil && f.conn.IsClosed() {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// triggersOf are the versions of floe's event triggers: one that was disabled and enabled again has another.
func triggersOf(ctx context.Context, conn *pgx.Conn) (versions string, err error) {
	if err = conn.QueryRow(ctx, `SELECT coalesce(string_agg(evtname || ' ' || xmin::text, ' ' ORDER BY evtname), '') FROM pg_catalog.pg_event_trigger
		WHERE evtname IN ('floe_ddl_command_end', 'floe_sql_drop', 'floe_table_rewrite')`).Scan(&versions); err != nil {
		err = fmt.Errorf("look at event triggers: %w", err)
	}
	return versions, err
}
