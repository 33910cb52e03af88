package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
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

// Publish makes the publication with every table, and in the same transaction gives each the replica
// identity that its changes need. It runs before the slot exists, so no transaction of the slot can
// fall between.
func Publish(ctx context.Context, conn *pgx.Conn, name string, db *catalog.Database, keep bool) error {
	tables := Published(db)
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DROP PUBLICATION IF EXISTS "+ident.Quote(name)); err != nil {
			return fmt.Errorf("replace publication %s: %w", name, err)
		}
		if _, err := tx.Exec(ctx, "CREATE PUBLICATION "+ident.Quote(name)+tableList(tables)); err != nil {
			return fmt.Errorf("create publication %s: %w", name, err)
		}
		if keep {
			return nil
		}
		for _, t := range tables {
			change := t.Change(db.Identity(t))
			if change == "" {
				continue
			}
			if _, err := tx.Exec(ctx, change); err != nil {
				return fmt.Errorf("give %s a replica identity: %w", t.Name, err)
			}
		}
		return nil
	})
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

// CheckPublication halts unless the publication is as floe made it: a table that was taken out, or a
// kind of change that is no longer published, is a gap.
func CheckPublication(ctx context.Context, conn *pgx.Conn, name string, db *catalog.Database) error {
	const fix = "`floe resync` of the named tables after restoring the publication, or `floe job reset`"
	var complete bool
	err := conn.QueryRow(ctx, `SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate
		FROM pg_publication WHERE pubname = $1`, name).Scan(&complete)
	if errors.Is(err, pgx.ErrNoRows) {
		return halt.New(halt.PublicationChanged, fix, "publication %s is gone from the source", name)
	}
	if err != nil {
		return fmt.Errorf("look up publication %s: %w", name, err)
	}
	if !complete {
		return halt.New(halt.PublicationChanged, fix, "publication %s no longer publishes every kind of change", name)
	}
	rows, err := conn.Query(ctx, `SELECT prrelid::bigint FROM pg_publication_rel r
		JOIN pg_publication p ON p.oid = r.prpubid WHERE pubname = $1`, name)
	if err != nil {
		return fmt.Errorf("look up publication %s: %w", name, err)
	}
	oids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("look up publication %s: %w", name, err)
	}
	slices.Sort(oids)
	var missing []string
	for _, t := range Published(db) {
		if _, ok := slices.BinarySearch(oids, int64(t.OID)); !ok {
			missing = append(missing, t.Name.String())
		}
	}
	if len(missing) > 0 {
		return halt.New(halt.PublicationChanged, fix, "publication %s lacks %s", name, strings.Join(missing, ", "))
	}
	return nil
}

// PublicationExists reports whether there is one of that name.
func PublicationExists(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	var yes bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)", name).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look up publication %s: %w", name, err)
	}
	return yes, nil
}
