package applier

import (
	"context"

	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/event"
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
		sql, err := s.leaf(ctx, to, r.Leaf, !s.emptied)
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
