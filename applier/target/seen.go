package target

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/ident"
)

// SeenName is the table that keeps which keys the replacing load of a table bore. There is one while
// the load is open, so that a start need only look for it.
func SeenName(o Owner, table uint32) ident.Name {
	return ident.Name{Schema: "floe", Name: seenPrefix(o) + strconv.FormatUint(uint64(table), 10)}
}

func seenPrefix(o Owner) string {
	sum := md5.Sum([]byte(o.Job + "/" + o.Applier))
	return "seen_" + hex.EncodeToString(sum[:6]) + "_"
}

// Seen are those tables of this applier, by the source table's oid.
func (s *Session) Seen(ctx context.Context, o Owner) (map[uint32]ident.Name, error) {
	rows, err := s.Conn.Query(ctx, "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'floe' AND c.relkind = 'r' AND starts_with(c.relname::text, $1)", seenPrefix(o))
	if err != nil {
		return nil, fmt.Errorf("look for open loads: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for open loads: %w", err)
	}
	out := map[uint32]ident.Name{}
	for _, name := range names {
		oid, err := strconv.ParseUint(strings.TrimPrefix(name, seenPrefix(o)), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("table floe.%s: %w", name, err)
		}
		out[uint32(oid)] = ident.Name{Schema: "floe", Name: name}
	}
	return out, nil
}
