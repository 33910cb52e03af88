package source

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"floe/capture/snapshot"
)

// Doubt is what was last known of a table that has another file since: Since is the oldest transaction that was not over
// then, Columns the greatest number of a column, 0 where nobody knows it.
type Doubt struct {
	Since   uint64
	Columns int16
}

// written is a column, or its default, as a transaction wrote it in the catalog.
type written struct {
	xid    uint64
	column int16
}

// telling is a row of floe.ddl that touched a table: from its transaction's own id to that of the row, which a
// subtransaction wrote behind the command's.
type telling struct {
	first, last uint64
	rewrote     bool // the table's rows
}

// Rewrites are those of the tables of which a transaction wrote columns anew that is not older than the doubt and that
// floe.ddl does not know: the command fired no event trigger. What floe.ddl knows and wrote no rows anew says so of the
// columns alone that it created: of others it may have hidden who wrote them before.
func Rewrites(ctx context.Context, conn *pgx.Conn, doubted map[uint32]Doubt) (unseen []uint32, err error) {
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		columns, err := columnsWritten(ctx, tx, doubted)
		if err != nil || len(columns) == 0 {
			return err
		}
		told, err := toldOf(ctx, tx, columns)
		if err != nil {
			return err
		}
		for table, all := range columns {
			known := doubted[table].Columns
			if slices.ContainsFunc(all, func(w written) bool {
				return !slices.ContainsFunc(told[table], func(t telling) bool {
					return t.first <= w.xid && w.xid <= t.last && (t.rewrote || known == 0 || w.column > known)
				})
			}) {
				unseen = append(unseen, table)
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

// columnsWritten are the tables' columns and defaults, as transactions wrote them in the catalog. What is dropped has no values.
func columnsWritten(ctx context.Context, tx pgx.Tx, doubted map[uint32]Doubt) (map[uint32][]written, error) {
	var text string
	if err := tx.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
		return nil, err
	}
	snap, err := snapshot.Parse(text)
	if err != nil {
		return nil, err
	}
	var oids []uint32
	for oid := range doubted {
		oids = append(oids, oid)
	}
	rows, err := tx.Query(ctx, `SELECT attrelid, xmin::text::bigint, attnum FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($1) AND attnum > 0 AND NOT attisdropped
		UNION SELECT adrelid, xmin::text::bigint, adnum FROM pg_catalog.pg_attrdef WHERE adrelid = ANY ($1)`, oids)
	if err != nil {
		return nil, err
	}
	out := map[uint32][]written{}
	var oid uint32
	var xmin int64
	var column int16
	_, err = pgx.ForEachRow(rows, []any{&oid, &xmin, &column}, func() error {
		if xid := snap.Widen(uint32(xmin)); xid >= doubted[oid].Since && xid < snap.Max {
			out[oid] = append(out[oid], written{xid, column})
		}
		return nil
	})
	return out, err
}

// toldOf are, for each table, the rows of floe.ddl that touched it.
func toldOf(ctx context.Context, tx pgx.Tx, columns map[uint32][]written) (map[uint32][]telling, error) {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('floe.ddl') IS NOT NULL").Scan(&there); err != nil || !there {
		return nil, err
	}
	var tables []int64
	oldest, newest := uint64(math.MaxInt64), uint64(0)
	for t, all := range columns {
		tables = append(tables, int64(t))
		for _, w := range all {
			oldest, newest = min(oldest, w.xid), max(newest, w.xid)
		}
	}
	rows, err := tx.Query(ctx, `SELECT t.value::bigint, d.xid, d.xmin::text::bigint,
			EXISTS (SELECT FROM json_array_elements_text(d.change::json->'rewritten') r WHERE r.value = t.value)
		FROM floe.ddl d, json_array_elements_text(d.change::json->'touched') t
		WHERE d.xid <= $1 AND age(d.xmin) <= age($2::text::xid) AND t.value::bigint = ANY ($3)`, int64(newest), strconv.FormatUint(uint64(uint32(oldest)), 10), tables)
	if err != nil {
		return nil, err
	}
	out := map[uint32][]telling{}
	var table, xid, row int64
	var rewrote bool
	_, err = pgx.ForEachRow(rows, []any{&table, &xid, &row, &rewrote}, func() error {
		first := uint64(xid)
		last := snapshot.Snapshot{Max: first}.Widen(uint32(row))
		out[uint32(table)] = append(out[uint32(table)], telling{first, max(first, last), rewrote})
		return nil
	})
	return out, err
}
