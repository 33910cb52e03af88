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

// Rewrites are those of the tables of which a transaction wrote columns anew that is not older than the table's since and
// that floe.ddl does not know: the command fired no event trigger.
func Rewrites(ctx context.Context, conn *pgx.Conn, since map[uint32]uint64) (unseen []uint32, err error) {
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		written, err := columnsWritten(ctx, tx, since)
		if err != nil || len(written) == 0 {
			return err
		}
		told, err := toldOf(ctx, tx, written)
		if err != nil {
			return err
		}
		for table, xids := range written {
			if slices.ContainsFunc(xids, func(xid uint64) bool {
				return !slices.ContainsFunc(told[table], func(span [2]uint64) bool { return span[0] <= xid && xid <= span[1] })
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

// columnsWritten are the transactions that wrote the tables' columns and their defaults in the catalog.
func columnsWritten(ctx context.Context, tx pgx.Tx, since map[uint32]uint64) (map[uint32][]uint64, error) {
	var text string
	if err := tx.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
		return nil, err
	}
	snap, err := snapshot.Parse(text)
	if err != nil {
		return nil, err
	}
	var oids []uint32
	for oid := range since {
		oids = append(oids, oid)
	}
	rows, err := tx.Query(ctx, `SELECT attrelid, xmin::text::bigint FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($1) AND attnum > 0
		UNION SELECT adrelid, xmin::text::bigint FROM pg_catalog.pg_attrdef WHERE adrelid = ANY ($1)`, oids)
	if err != nil {
		return nil, err
	}
	out := map[uint32][]uint64{}
	var oid uint32
	var xmin int64
	_, err = pgx.ForEachRow(rows, []any{&oid, &xmin}, func() error {
		if xid := snap.Widen(uint32(xmin)); xid >= since[oid] && xid < snap.Max {
			out[oid] = append(out[oid], xid)
		}
		return nil
	})
	return out, err
}

// toldOf are, for each table, the transactions of floe.ddl that touched it: from a transaction's own id to that of the row,
// which a subtransaction wrote behind the command's.
func toldOf(ctx context.Context, tx pgx.Tx, written map[uint32][]uint64) (map[uint32][][2]uint64, error) {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('floe.ddl') IS NOT NULL").Scan(&there); err != nil || !there {
		return nil, err
	}
	var tables []int64
	oldest, newest := uint64(math.MaxInt64), uint64(0)
	for t, xids := range written {
		tables = append(tables, int64(t))
		oldest, newest = min(oldest, slices.Min(xids)), max(newest, slices.Max(xids))
	}
	rows, err := tx.Query(ctx, `SELECT t.value::bigint, d.xid, d.xmin::text::bigint FROM floe.ddl d, json_array_elements_text(d.change::json->'touched') t
		WHERE d.xid <= $1 AND age(d.xmin) <= age($2::text::xid) AND t.value::bigint = ANY ($3)`, int64(newest), strconv.FormatUint(uint64(uint32(oldest)), 10), tables)
	if err != nil {
		return nil, err
	}
	out := map[uint32][][2]uint64{}
	var table, xid, row int64
	_, err = pgx.ForEachRow(rows, []any{&table, &xid, &row}, func() error {
		first := uint64(xid)
		last := snapshot.Snapshot{Max: first}.Widen(uint32(row))
		out[uint32(table)] = append(out[uint32(table)], [2]uint64{first, max(first, last)})
		return nil
	})
	return out, err
}
