package publish

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Sync produces one record and waits for its acknowledgement, or for the end of ctx: a client gives no
// record up that it has sent and got no answer for, however long its broker is away. Such a record may
// still come to be in the log; so may one of a capture that was killed, and readers judge both alike.
func Sync(ctx context.Context, client Log, r *kgo.Record) error {
	done := make(chan error, 1)
	client.Produce(ctx, r, func(_ *kgo.Record, err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
