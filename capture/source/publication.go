package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/catalog"
	"floe/pkg/failpoint"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// Published returns the tables that are published themselves: leaves and plain tables. Partitioned
// tables are published by leaf on every version, because publishing through the root drops the
// TRUNCATE of a leaf. Unlogged tables write no WAL and cannot be published.
func Published(db *catalog.Database) []*catalog.TableDef {
	var out []*catalog.TableDef
	for _, t := range db.Tables() {
		if t.PartitionKey == "" && !t.Unlogged {
			out = append(out, t)
		}
	}
	return out
}

// Unfit reports whether the source would refuse the table's UPDATE and DELETE once it is published: no publication
// gets it, so that the source's users can go on.
func Unfit(db *catalog.Database, t *catalog.TableDef, keep bool) bool {
	if keep {
		return t.Refuses(t.IdentityKept())
	}
	return t.Refuses(db.Identity(t))
}

func refuse(t *catalog.TableDef) error {
	return halt.New(halt.PublicationChanged, "give "+t.Name.String()+" a primary key, make the columns STORED, or exclude the table",
		"%s has virtual generated columns and no key: the source would refuse its UPDATE and DELETE if it were published", t.Name)
}

// Publish gives each table the replica identity that its changes need, and then makes the publication with all of
// them, and with floe.ddl if DDL is recorded: a server refuses changes of what is published and has none. It runs
// before the slot exists, so no transaction of the slot can fall between. A publication that is somebody else's and
// has all of that is used as it is: only the tables' owner may make one.
//
// A table's writers wait while it is given an identity, so each is a transaction of its own: one that had some tables
// and waited for the next would be in a deadlock with a user who has that one.
func Publish(ctx context.Context, conn *pgx.Conn, name string, db *catalog.Database, keep bool) error {
	tables := Published(db)
	for _, t := range tables {
		if Unfit(db, t, keep) {
			return refuse(t)
		}
	}
	st, err := stand(ctx, conn, name)
	if err != nil {
		return err
	}
	if st != nil && st.Foreign {
		return st.prepared(db, keep)
	}
	for _, t := range tables {
		change := t.Change(db.Identity(t))
		if keep || change == "" {
			continue
		}
		if err := failpoint.Here("identity.before"); err != nil {
			return err
		}
		err := outlasting(ctx, conn, []uint32{t.OID}, func(tx pgx.Tx) error { return give(ctx, tx, t.OID, change) })
		if err != nil {
			return fmt.Errorf("give %s a replica identity: %w", t.Name, err)
		}
		if err := failpoint.Here("identity.after"); err != nil {
			return err
		}
	}
	if err := failpoint.Here("publication.before"); err != nil {
		return err
	}
	err = outlasting(ctx, conn, oidsOf(tables), func(tx pgx.Tx) error {
		for _, sql := range st.remake(name, tables, version(conn)) {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("make publication %s: %w", name, err)
			}
		}
		if err := publishDDL(ctx, tx, name); err != nil {
			return fmt.Errorf("publish floe.ddl: %w", err)
		}
		_, err := Reseal(ctx, conn, name, Seal{})
		return err
	})
	return errors.Join(err, failpoint.Here("publication.after"))
}

// remake are the statements after which there is a publication that has the tables; st is how it stands, nil
// if it does not. One that is as floe makes it is kept: another start may have made a slot upon it since, and
// a stream ends for good at a change from a moment at which the publication is not there.
func (st *Standing) remake(name string, tables []*catalog.TableDef, version int) []string {
	quoted := ident.Quote(name)
	if st == nil || !st.plain() {
		return []string{"DROP PUBLICATION IF EXISTS " + quoted, "CREATE PUBLICATION " + quoted + tableList(tables) + withGenerated(version)}
	}
	var missing []*catalog.TableDef
	for _, t := range tables {
		if !st.Has(t.OID) {
			missing = append(missing, t)
		}
	}
	var out []string
	if !st.stored {
		out = append(out, "ALTER PUBLICATION "+quoted+" SET"+strings.TrimPrefix(withGenerated(version), " WITH"))
	}
	if len(missing) > 0 {
		out = append(out, "ALTER PUBLICATION "+quoted+" ADD"+strings.TrimPrefix(tableList(missing), " FOR"))
	}
	return out
}

// withGenerated has a publication bring stored generated columns where it can, from 18 on: such a server refuses
// UPDATE and DELETE of a table whose rows are told apart by all columns while one of them is not published.
// Capture drops them.
func withGenerated(version int) string {
	if version < 180000 {
		return ""
	}
	return " WITH (publish_generated_columns = stored)"
}

// completed gives a publication that an older floe made what withGenerated says, and seals it.
func completed(ctx context.Context, conn *pgx.Conn, name string, seal Seal) (Seal, error) {
	if err := failpoint.Here("complete.before"); err != nil {
		return seal, err
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		if _, err = tx.Exec(ctx, "ALTER PUBLICATION "+ident.Quote(name)+" SET"+strings.TrimPrefix(withGenerated(version(conn)), " WITH")); err != nil {
			return fmt.Errorf("alter publication %s: %w", name, err)
		}
		seal, err = Reseal(ctx, conn, name, seal)
		return err
	})
	return seal, errors.Join(err, failpoint.Here("complete.after"))
}

func tableList(tables []*catalog.TableDef) string {
	if len(tables) == 0 {
		return ""
	}
	var b strings.Builder
	for i, t := range tables {
		if i == 0 {
			b.WriteString(" FOR TABLE ONLY ")
		} else {
			b.WriteString(", ONLY ")
		}
		b.WriteString(t.Name.SQL())
	}
	return b.String()
}

// Checked is a publication that is as floe made it.
type Checked struct {
	Seal    Seal
	Joined  []uint32         // oids of tables that joined it now, or were not published all along as far as the seal knows
	Refused map[uint32]error // why the source lets others not join now, by oid
}

// CheckPublication halts unless the publication is as floe made it: a table that was taken out, or a
// kind of change that is no longer published, is a gap, and stays one when it is put right again. held says
// of which tables the log has rows that a load read; the others join.
func CheckPublication(ctx context.Context, conn *pgx.Conn, name string, db *catalog.Database, held func(*catalog.TableDef) bool, keep bool) (c Checked, err error) {
	st, err := Stand(ctx, conn, name)
	if err != nil {
		return c, err
	}
	if c.Seal, err = st.Sealed(); err != nil {
		return c, err
	}
	var missing []string
	var anew []uint32
	var ours, joining []*catalog.TableDef
	for _, t := range Published(db) {
		switch {
		case held(t):
			ours = append(ours, t)
			if !st.Has(t.OID) {
				missing = append(missing, t.Name.String())
			}
		case !st.Has(t.OID):
			joining = append(joining, t)
		case !st.since(c.Seal, t.OID):
			anew = append(anew, t.OID)
		}
	}
	if err := st.Check(c.Seal, ours); err != nil {
		return c, err
	}
	if len(missing) > 0 {
		return c, halt.New(halt.PublicationChanged, halt.Reset, "publication %s lacks %s", name, strings.Join(missing, ", "))
	}
	if !st.stored && !st.Foreign {
		if c.Seal, err = completed(ctx, conn, name, c.Seal); err != nil {
			return c, err
		}
	}
	c.Joined, c.Refused, err = Join(ctx, conn, name, db, joining, keep)
	c.Joined = append(c.Joined, anew...)
	return c, err
}

// Unpublished are those of the oids that are tables of the source and not in the publication.
func Unpublished(ctx context.Context, conn *pgx.Conn, name string, oids []uint32) ([]uint32, error) {
	rows, err := conn.Query(ctx, `SELECT c.oid FROM pg_class c WHERE c.oid = any($2::oid[]) AND c.relkind = 'r' AND c.relpersistence = 'p'
		AND NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = $1 AND r.prrelid = c.oid)`, name, oids)
	if err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[uint32])
	if err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	return out, nil
}

// Join adds tables to the publication. It returns the oids of those that it added, and why the source refuses others,
// for want of a right or of a lock: they may be tried again. The lock waits for transactions that write already: a
// plain ADD would lose their rows (design.md §2).
func Join(ctx context.Context, conn *pgx.Conn, name string, db *catalog.Database, tables []*catalog.TableDef, keep bool) (joined []uint32, refused map[uint32]error, err error) {
	refused = map[uint32]error{}
	for _, t := range tables {
		if Unfit(db, t, keep) {
			return joined, refused, refuse(t)
		}
		err := join(ctx, conn, name, db, t, keep)
		if err != nil {
			err = fmt.Errorf("publish %s: %w", t.Name, err)
		}
		if pg.Code(err) != "" {
			refused[t.OID] = err
			continue
		}
		if err != nil {
			return joined, refused, err
		}
		joined = append(joined, t.OID)
	}
	return joined, refused, nil
}

func join(ctx context.Context, conn *pgx.Conn, name string, db *catalog.Database, t *catalog.TableDef, keep bool) error {
	change, mode := t.Change(db.Identity(t)), "SHARE ROW EXCLUSIVE"
	if keep {
		change = ""
	}
	if change != "" {
		mode = "ACCESS EXCLUSIVE" // at once: a user may have read, and wait to write
	}
	if err := failpoint.Here("join.before"); err != nil {
		return err
	}
	err := outlasting(ctx, conn, []uint32{t.OID}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "LOCK TABLE ONLY "+t.Name.SQL()+" IN "+mode+" MODE"); err != nil {
			return err
		}
		if err := still(ctx, tx, t); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "ALTER PUBLICATION "+ident.Quote(name)+" ADD TABLE ONLY "+t.Name.SQL()); err != nil {
			return err
		}
		if change == "" {
			return nil
		}
		return give(ctx, tx, t.OID, change)
	})
	if err != nil {
		return err
	}
	return failpoint.Here("join.after")
}

// still sees to it that a table has its name, which is locked. Another one that has it by now would be published unbeknown
// to the stream: what was written to it before would be in no message.
func still(ctx context.Context, tx pgx.Tx, t *catalog.TableDef) error {
	var oid uint32
	if err := tx.QueryRow(ctx, "SELECT coalesce(to_regclass($1)::oid, 0)", t.Name.SQL()).Scan(&oid); err != nil {
		return err
	}
	if oid != t.OID {
		return fmt.Errorf("another table has its name by now")
	}
	return nil
}

// Widen has the source send old rows of a table as a whole, if it does not. What was written before bears what it
// bore then.
func Widen(ctx context.Context, conn *pgx.Conn, oid uint32) error {
	var sql *string
	err := conn.QueryRow(ctx, `SELECT CASE WHEN c.relreplident <> 'f' THEN format('ALTER TABLE ONLY %I.%I REPLICA IDENTITY FULL', n.nspname, c.relname) END
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1`, oid).Scan(&sql)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && sql == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up the identity of table %d: %w", oid, err)
	}
	if err := failpoint.Here("widen.before"); err != nil {
		return err
	}
	if err := outlasting(ctx, conn, []uint32{oid}, func(tx pgx.Tx) error { return give(ctx, tx, oid, *sql) }); err != nil {
		return fmt.Errorf("%s: %w", *sql, err)
	}
	return failpoint.Here("widen.after")
}

// Unwanted are the tables of the publication that are neither selected nor floe's own.
func Unwanted(ctx context.Context, conn *pgx.Conn, name string, selected []uint32) ([]ident.Name, error) {
	rows, err := conn.Query(ctx, `SELECT n.nspname::text, c.relname::text FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
		JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = $1 AND n.nspname <> 'floe' AND c.oid <> all(coalesce($2::oid[], '{}'))`, name, selected)
	if err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	if err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	return tables, nil
}

// Withdraw takes tables out of the publication. What the source refuses, for want of a right or of a lock, it says;
// such tables stay published, which costs nothing but their way through the stream.
func Withdraw(ctx context.Context, conn *pgx.Conn, name string, tables []ident.Name) (kept []string, err error) {
	for _, t := range tables {
		if err := failpoint.Here("withdraw.before"); err != nil {
			return kept, err
		}
		err := outlasting(ctx, conn, nil, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "ALTER PUBLICATION "+ident.Quote(name)+" DROP TABLE ONLY "+t.SQL())
			return err
		})
		var refusal *pgconn.PgError
		if err != nil && !errors.As(err, &refusal) {
			return kept, fmt.Errorf("withdraw %s: %w", t, err)
		}
		if err != nil {
			kept = append(kept, fmt.Sprintf("%s: %s", t, refusal.Message))
		}
		if err := failpoint.Here("withdraw.after"); err != nil {
			return kept, err
		}
	}
	return kept, nil
}
