package applier

import (
	"context"
	"fmt"

	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/pg"
)

// labels adds the new labels of enums over a connection of its own, before the open transaction uses them
// (docs/adr/0007). What the target refuses there, as it does for a type that the open transaction made, is
// left to that.
func (s *session) labels(ctx context.Context, c *change) error {
	stmts := structure.Labels(s.valid, c.now)
	if len(stmts) == 0 {
		return nil
	}
	conn, err := pg.Connect(ctx, s.Target, pg.Apply)
	if err != nil {
		return fmt.Errorf("connect to the target: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	for _, sql := range append([]string{"SET lock_timeout = '1s'"}, stmts...) {
		if _, err := conn.Exec(ctx, sql); err != nil && !target.Refused(err) && pg.Code(err) != lockNotAvailable {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// lockNotAvailable: the open transaction itself has changed the type.
const lockNotAvailable = "55P03"
