package load

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/pg"
)

// A table of this many pages is read by all readers at once; smaller ones are read beside each other.
// Where it is divided says a sample of so many of its pages.
const (
	splitPages  = 4096
	samplePages = 200
)

// readSplits finds keys that divide a large table, one range for each reader. They need not divide it
// evenly, nor stand in it for long: only their order counts, and that is the server's.
func (l *Loader) readSplits(ctx context.Context, t *version) error {
	if l.Readers < 2 || len(t.Shape.Key) == 0 || t.order.foreign() || !t.Only {
		return nil
	}
	var pages int64
	if err := l.guard.QueryRow(ctx, "SELECT coalesce(pg_relation_size($1::oid::regclass), 0) / current_setting('block_size')::bigint", t.Shape.OID).Scan(&pages); err != nil {
		return fmt.Errorf("look at the size of %s: %w", t.Shape.Name, err)
	}
	if pages < splitPages {
		return nil
	}
	keys := strings.Join(keyColumns(t), ", ")
	res, err := l.guard.PgConn().Exec(ctx, fmt.Sprintf("SELECT %s FROM %s TABLESAMPLE SYSTEM (%f) ORDER BY %s",
		keys, from(t), 100*float64(samplePages)/float64(pages), keys)).ReadAll()
	if err != nil {
		if pg.Code(err) != "" { // somebody's DDL: one reader reads it
			return nil
		}
		return fmt.Errorf("look for keys of %s: %w", t.Shape.Name, err)
	}
	t.splits = spread(res[0].Rows, l.Readers)
	for _, key := range t.splits {
		for i := range key {
			if key[i], err = t.decoded(t.Shape.Key[i], key[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// spread picks the keys that divide sorted ones into n parts.
func spread(keys [][][]byte, n int) (at [][][]byte) {
	for i := 1; i < n; i++ {
		if k := i * len(keys) / n; k < len(keys) && (len(at) == 0 || !equalKeys(at[len(at)-1], keys[k])) {
			at = append(at, slices.Clone(keys[k]))
		}
	}
	return at
}
