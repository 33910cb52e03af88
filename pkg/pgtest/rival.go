package pgtest

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Rival is a user's transaction that locks a table of schema public. As soon as another session waits for that one,
// and has a lock on a second table there, the transaction asks for the second one, too: a deadlock, which the server
// ends a moment later by ending the transaction, unless the other session gives way. The error is what became of the
// user; it is nil if the user got both tables. It waits as long as ctx for a session that has one and wants one.
func Rival(ctx context.Context, url, table string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	if _, err = conn.Exec(ctx, "BEGIN; SET LOCAL deadlock_timeout = '500ms'; LOCK TABLE public."+table+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return err
	}
	const sql = `SELECT min(format('%I.%I', n.nspname, c.relname)) FROM pg_locks w JOIN pg_locks h ON h.pid = w.pid AND h.granted
		JOIN pg_class c ON c.oid = h.relation AND c.relkind IN ('r', 'p') JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
		WHERE NOT w.granted AND w.relation = ('public.' || $1)::regclass AND h.relation <> w.relation AND h.database = w.database`
	var other *string
	for other == nil {
		if err := conn.QueryRow(ctx, sql, table).Scan(&other); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := conn.Exec(ctx, "LOCK TABLE "+*other+" IN ACCESS EXCLUSIVE MODE; COMMIT"); err != nil {
		return fmt.Errorf("the user has %s, and waits for %s: %w", table, *other, err)
	}
	return nil
}
