package source

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/pkg/failpoint"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

const floeSQL = "DO $$ BEGIN IF to_regnamespace('floe') IS NULL THEN CREATE SCHEMA floe; END IF; END $$"

// givenSQL is where a source keeps what replica identities its tables had before floe gave them others, for the
// removal of whichever job is the last one that needs them.
const givenSQL = `CREATE TABLE IF NOT EXISTS floe.given (
	relation oid PRIMARY KEY,
	had "char" NOT NULL, -- pg_class.relreplident
	index oid NOT NULL, -- of USING INDEX, 0 for others
	gave "char" NOT NULL -- what floe gave last: where another one stands by now, it is somebody else's
)`

// keepSQL keeps what table $1 had, unless that itself was floe's.
const keepSQL = `INSERT INTO floe.given AS g (relation, had, index, gave) SELECT c.oid, $2::text::"char", $3::oid, c.relreplident FROM pg_catalog.pg_class c WHERE c.oid = $1
	ON CONFLICT (relation) DO UPDATE SET gave = excluded.gave, had = CASE WHEN g.gave = excluded.had THEN g.had ELSE excluded.had END,
	index = CASE WHEN g.gave = excluded.had THEN g.index ELSE excluded.index END`

// give runs the ALTER TABLE that gives a table a replica identity, and keeps which one it had. A user who may not make
// schema floe gives it all the same: then it stays for good.
func give(ctx context.Context, tx pgx.Tx, relation uint32, change string) error {
	var had string
	var index uint32
	if err := tx.QueryRow(ctx, `SELECT c.relreplident::text, coalesce((SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident), 0)
		FROM pg_catalog.pg_class c WHERE c.oid = $1`, relation).Scan(&had, &index); err != nil {
		return fmt.Errorf("look up the replica identity of table %d: %w", relation, err)
	}
	if _, err := tx.Exec(ctx, change); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass('floe.given') IS NOT NULL").Scan(&there); err != nil {
			return err
		}
		if !there {
			for _, sql := range []string{"SELECT pg_advisory_xact_lock(hashtext('floe.ddl'))", floeSQL, givenSQL} {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(ctx, keepSQL, relation, had, index)
		return err
	})
	if err != nil && pg.Code(err) != "42501" {
		return fmt.Errorf("keep the replica identity of table %d: %w", relation, err)
	}
	return nil
}

// Back is a table that gets back the replica identity that it had.
type Back struct {
	Table    string
	Identity string // as ALTER TABLE … REPLICA IDENTITY has it
	OID      uint32
	sql      string
}

func (b Back) String() string {
	return "replica identity " + b.Identity + " of " + b.Table
}

// othersSQL reports whether g.relation, or what it is a part of, is in a publication that is not $1's.
const othersSQL = `EXISTS (WITH RECURSIVE up(id) AS (SELECT g.relation UNION SELECT h.inhparent FROM up JOIN pg_catalog.pg_inherits h ON h.inhrelid = up.id)
	SELECT FROM up JOIN pg_catalog.pg_class u ON u.oid = up.id JOIN pg_catalog.pg_namespace m ON m.oid = u.relnamespace
	JOIN pg_catalog.pg_publication_tables p ON p.schemaname = m.nspname AND p.tablename = u.relname WHERE p.pubname <> $1)`

// Returning are the tables whose replica identity floe gave, nobody changed since, and no publication but the job's
// needs any more.
func Returning(ctx context.Context, conn *pgx.Conn, job string) ([]Back, error) {
	if ours, err := hasGiven(ctx, conn); err != nil || !ours {
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT n.nspname::text, c.relname::text, CASE g.had WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' || quote_ident(x.relname) END, c.oid
		FROM floe.given g JOIN pg_catalog.pg_class c ON c.oid = g.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = g.index AND i.indrelid = c.oid LEFT JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
		WHERE c.relreplident = g.gave AND (g.gave <> g.had OR g.had = 'i' AND NOT i.indisreplident) AND (g.had <> 'i' OR x.oid IS NOT NULL) AND NOT `+othersSQL+` ORDER BY 1, 2`, "floe_"+job)
	if err != nil {
		return nil, fmt.Errorf("look for replica identities: %w", err)
	}
	var out []Back
	var name ident.Name
	var b Back
	_, err = pgx.ForEachRow(rows, []any{&name.Schema, &name.Name, &b.Identity, &b.OID}, func() error {
		b.Table, b.sql = name.String(), "ALTER TABLE ONLY "+name.SQL()+" REPLICA IDENTITY "+b.Identity
		out = append(out, b)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for replica identities: %w", err)
	}
	return out, nil
}

// hasGiven reports whether floe.given is there for this user.
func hasGiven(ctx context.Context, conn *pgx.Conn) (has bool, err error) {
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'floe' AND c.relname = 'given'
		AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE'))`).Scan(&has)
	if err != nil {
		err = fmt.Errorf("look for floe.given: %w", err)
	}
	return has, err
}

// takeBack gives them back and says so. What the source no longer allows stays as it is; a table that is held by others
// is an error, and a further run goes on with it.
func takeBack(ctx context.Context, conn *pgx.Conn, job string) (done []string, err error) {
	backs, err := Returning(ctx, conn, job)
	if err != nil {
		return nil, err
	}
	for _, b := range backs {
		if err := failpoint.Here("take-back.before"); err != nil {
			return done, err
		}
		what := b.String()
		err := b.run(ctx, conn)
		switch code := pg.Code(err); {
		case code == "42501", code == "42P01", code == "42704":
			what = fmt.Sprintf("not %s: %s", b, err)
		case err != nil:
			return done, fmt.Errorf("give %s back its replica identity: %w", b.Table, err)
		}
		done = append(done, what)
		if err := failpoint.Here("take-back.after"); err != nil {
			return done, err
		}
	}
	return done, nil
}

func (b Back) run(ctx context.Context, conn *pgx.Conn) error {
	return outlasting(ctx, conn, []uint32{b.OID}, func(tx pgx.Tx) error {
		for _, sql := range []string{"SELECT set_config('floe.recording', 'on', true)", b.sql} { // no command of anybody's
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "DELETE FROM floe.given WHERE relation = $1", b.OID)
		return err
	})
}

// dropGiven forgets what no other job needs; nothing of floe is left where no DDL is recorded and nothing is kept.
func dropGiven(ctx context.Context, conn *pgx.Conn, job string) error {
	ours, err := hasGiven(ctx, conn)
	if err != nil || !ours {
		return err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM floe.given g WHERE NOT "+othersSQL, "floe_"+job); err != nil {
			return err
		}
		if recording, err := hasSelection(ctx, tx); err != nil || recording {
			return err
		}
		return dropHome(ctx, tx)
	})
	if err != nil && pg.Code(err) != "42501" {
		return fmt.Errorf("drop floe.given: %w", err)
	}
	return nil
}

// dropHome drops floe.given if it is empty, and then schema floe if that is: it may be the home of an applier.
func dropHome(ctx context.Context, tx pgx.Tx) error {
	var there, kept bool
	err := tx.QueryRow(ctx, "SELECT to_regclass('floe.given') IS NOT NULL").Scan(&there) // an older floe made none
	if err == nil && there {
		if err = tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM floe.given)").Scan(&kept); err == nil && !kept {
			_, err = tx.Exec(ctx, "DROP TABLE floe.given")
		}
	}
	if err != nil || kept {
		return err
	}
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DROP SCHEMA floe")
		return err
	})
	if code := pg.Code(err); code == "2BP01" || code == "42501" {
		return nil
	}
	return err
}
