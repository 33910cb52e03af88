package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"floe/capture/snapshot"
)

// written is a column as a transaction wrote it in the catalog: the version of its row, which no other has.
type written struct {
	table, xid uint32
	version    string
}

// Rewrites are those of the tables of which a transaction wrote columns in the catalog that is not older than what is
// given for the table (the oldest that was not over when it was last known), and that floe.ddl does not know: the command
// fired no event trigger. floe.ddl has which version of a column a command wrote over which one, as the command found it.
// A column is told of if all its versions are, back to one that is older, to none, or to where a command wrote the
// table's rows anew, which has it loaded.
func Rewrites(ctx context.Context, conn *pgx.Conn, doubted map[uint32]uint64) (unseen []uint32, err error) {
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var text string
		if err := tx.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return err
		}
		snap, err := snapshot.Parse(text)
		if err != nil {
			return err
		}
		since := func(w written) bool {
			xid := snap.Widen(w.xid)
			return xid >= doubted[w.table] && xid < snap.Max
		}
		columns, err := columnsWritten(ctx, tx, doubted)
		if err != nil {
			return err
		}
		columns = slices.DeleteFunc(columns, func(w written) bool { return !since(w) })
		if len(columns) == 0 {
			return nil
		}
		over, err := toldOf(ctx, tx, doubted)
		if err != nil {
			return err
		}
		for _, w := range columns {
			for told := true; told && w.version != "" && since(w); {
				was, ok := over[w.version]
				delete(over, w.version)
				if told = ok; !told && !slices.Contains(unseen, w.table) {
					unseen = append(unseen, w.table)
				}
				w = was
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("look at the columns of tables that were written anew: %w", err)
	}
	slices.Sort(unseen)
	return unseen, err
}

// columnsWritten are the tables' columns. What is dropped has no values.
func columnsWritten(ctx context.Context, tx pgx.Tx, doubted map[uint32]uint64) ([]written, error) {
	var oids []uint32
	for oid := range doubted {
		oids = append(oids, oid)
	}
	rows, err := tx.Query(ctx, `SELECT concat_ws(' ', attrelid, attnum, xmin, ctid) FROM pg_catalog.pg_attribute
		WHERE attrelid = ANY ($1) AND attnum > 0 AND NOT attisdropped`, oids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (w written, err error) {
		if err = r.Scan(&w.version); err == nil {
			w, err = versionOf(w.version)
		}
		return w, err
	})
}

func versionOf(text string) (written, error) {
	w := written{version: text}
	var column int
	_, err := fmt.Sscanf(text, "%d %d %d", &w.table, &column, &w.xid)
	return w, err
}

// toldOf are the versions that floe.ddl has, each with the one that it was written over.
func toldOf(ctx context.Context, tx pgx.Tx, doubted map[uint32]uint64) (map[string]written, error) {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('floe.ddl') IS NOT NULL").Scan(&there); err != nil || !there {
		return nil, err
	}
	var oldest uint64
	for _, since := range doubted {
		if oldest == 0 || since < oldest {
			oldest = since
		}
	}
	rows, err := tx.Query(ctx, `SELECT w.value->>0, coalesce(w.value->>1, '') FROM floe.ddl d, json_array_elements(d.change::json->'wrote') w
		WHERE age(d.xmin) <= age($1::text::xid)`, strconv.FormatUint(uint64(uint32(oldest)), 10))
	if err != nil {
		return nil, err
	}
	over := map[string]written{}
	var version, was string
	_, err = pgx.ForEachRow(rows, []any{&version, &was}, func() (err error) {
		var w written
		if was != "" {
			w, err = versionOf(was)
		}
		over[version] = w
		return err
	})
	return over, err
}
