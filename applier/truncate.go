package applier

import (
	"context"
	"fmt"

	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// truncate empties the tables of one TRUNCATE command in one; a partition that was emptied alone is
// emptied where the target has it, else by its bounds.
func (s *session) truncate(ctx context.Context, rows []*event.Row) ([]*work, error) {
	var whole []*render.Table
	var works []*work
	for _, r := range rows {
		to, err := s.table(ctx, r.Table)
		if err != nil {
			return nil, err
		}
		if r.Leaf == nil {
			whole = append(whole, to)
			continue
		}
		sql, err := s.leaf(ctx, to, r.Leaf)
		if err != nil {
			return nil, err
		}
		works = append(works, &work{Work: target.Work{Statement: render.Statement{SQL: sql}, Least: -1}, row: r})
	}
	if len(whole) == 0 {
		return works, nil
	}
	if !s.emptied {
		return append(works, &work{Work: target.Work{Statement: render.Statement{SQL: render.Truncate(whole, rows[0].RestartIdentity)}, Least: -1}, row: rows[0]}), nil
	}
	for _, to := range whole {
		works = append(works, &work{Work: target.Work{Statement: render.Statement{SQL: to.Empty()}, Least: -1}, row: rows[0]})
	}
	return works, nil
}

// leaf empties one partition.
func (s *session) leaf(ctx context.Context, to *render.Table, leaf *event.Leaf) (string, error) {
	name := s.Mapping.Table(leaf.Name)
	var within bool
	err := s.db.Conn.QueryRow(ctx, `WITH RECURSIVE up AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2
		UNION ALL SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.oid)
		SELECT EXISTS (SELECT FROM up JOIN pg_class c ON c.oid = up.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $3 AND c.relname = $4)`,
		name.Schema, name.Name, to.Name.Schema, to.Name.Name).Scan(&within)
	if err != nil {
		return "", fmt.Errorf("look up partition %s: %w", name, err)
	}
	if within && !s.emptied {
		return "TRUNCATE ONLY " + name.SQL(), nil
	}
	if within {
		return "DELETE FROM ONLY " + name.SQL(), nil
	}
	return "DELETE FROM " + to.Name.SQL() + " AS " + ident.Quote(leaf.Name.Name) + " WHERE " + leaf.Condition, nil
}
