package workload

import (
	"context"

	"floe/e2e/rig"
	"floe/pkg/ident"
)

// Equal compares every table of the workload.
func Equal(ctx context.Context, p rig.Pair, others ...ident.Name) error {
	source, err := rig.ConnectPinned(ctx, p.SourceURL())
	if err != nil {
		return err
	}
	defer source.Close(ctx)
	target, err := rig.ConnectPinned(ctx, p.TargetURL())
	if err != nil {
		return err
	}
	defer target.Close(ctx)
	for _, name := range append(Tables(), others...) {
		if err := rig.Compare(ctx, source, target, rig.Compared{Source: name, Target: name}); err != nil {
			return err
		}
	}
	return nil
}
