package reset

import (
	"context"
	"os"
	"path/filepath"

	"floe/pkg/broker"
	"floe/pkg/ending"
)

// lookAtLog finds the job's topics, the ledger last.
func (r *Reset) lookAtLog(ctx context.Context) error {
	if r.client == nil {
		if log := filepath.Join(r.config.BrokerDir, "log"); exists(log) {
			r.Plan.BrokerLog = log
		}
		return nil
	}
	var err error
	r.Plan.Topics, err = ending.Topics(ctx, r.client, r.config.Job.Prefix())
	return err
}

// dropLog deletes the topics, the ledger last: while it is there a capture that is started finds its slot gone and stops.
func (r *Reset) dropLog(ctx context.Context) error {
	if r.client == nil {
		return broker.Discard(r.config.BrokerDir)
	}
	return ending.DropTopics(ctx, r.client, r.Plan.Topics, broker.Ledger(r.config.Job.Prefix()))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
