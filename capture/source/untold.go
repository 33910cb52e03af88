package source

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// UntoldType is one of the composite types of which a transaction brought or took one of the attributes given, by their
// numbers, that floe.ddl has no command of on that type; 0 if all are told, or will be where the stream comes to it.
func UntoldType(ctx context.Context, conn *pgx.Conn, attributes map[uint32][]int16) (uint32, error) {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('floe.ddl') IS NOT NULL").Scan(&there); err != nil {
		return 0, fmt.Errorf("look for the recording of DDL: %w", err)
	}
	for oid, numbers := range attributes {
		told := false
		if there {
			// From the transaction's own id to that of the row, which a subtransaction wrote behind the command's.
			if err := conn.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid
				WHERE t.oid = $1 AND a.attnum = ANY ($2) AND NOT EXISTS (SELECT FROM floe.ddl d
					WHERE age(d.xmin) <= age(a.xmin) AND age((d.xid % 4294967296)::text::xid) >= age(a.xmin)
					AND EXISTS (SELECT FROM json_array_elements_text(d.change::json->'touched') o WHERE o.value::bigint = $1)))`, oid, numbers).Scan(&told); err != nil {
				return 0, fmt.Errorf("look at who changed type %d: %w", oid, err)
			}
		}
		if !told {
			return oid, nil
		}
	}
	return 0, nil
}
