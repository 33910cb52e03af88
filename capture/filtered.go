package capture

import (
	"context"

	"floe/capture/filter"
	"floe/pkg/catalog"
	"floe/pkg/halt"
)

// filtered readies the filter for a table with a condition. One that the source does not take, or that
// would answer differently at another time, is a halt before any row is looked at.
func (s *session) filtered(ctx context.Context, def *catalog.TableDef) error {
	if def.Filter == "" {
		return nil
	}
	if err := catalog.CheckFilter(ctx, s.admin, def); err != nil {
		return &halt.Error{Code: halt.FilterRefused, Detail: "the filter of " + def.Name.String(), Fix: "mend objects.filters in the job file and start floe again", Err: err}
	}
	if s.filter != nil {
		return nil
	}
	var err error
	if s.asking, err = s.readConn(ctx); err != nil {
		return err
	}
	s.filter = filter.New(s.asking)
	return nil
}
