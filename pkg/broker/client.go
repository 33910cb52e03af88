package broker

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Options are what every client of the log shares. Nothing here ever resets an offset by itself.
func Options(brokers []string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("floe"),
		kgo.DisableClientMetrics(),
		Dialer(&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMinBytes(1),
		// A partition that is added waits for the fetch under way to end.
		kgo.FetchMaxWait(50 * time.Millisecond),
		kgo.FetchMaxBytes(32 << 20),
		kgo.FetchMaxPartitionBytes(8 << 20),
		kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.MaxConcurrentFetches(2),
	}
}

// UnreachableError is a broker that cannot be connected to: an error's text alone does not say whether
// it was a broker or a database.
type UnreachableError struct {
	Addr string
	Err  error
}

func (e *UnreachableError) Error() string { return "broker " + e.Addr + ": " + e.Err.Error() }
func (e *UnreachableError) Unwrap() error { return e.Err }

// Dialer is the option of a client that connects by d.
func Dialer(d interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}) kgo.Opt {
	return kgo.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, &UnreachableError{addr, err}
		}
		return conn, nil
	})
}

// Producer are the further options of capture's client: every record acknowledged by all replicas,
// idempotent, retried without limit, in the partition that capture chose, at once.
func Producer() []kgo.Opt {
	return []kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerBatchMaxBytes(1_000_000),
		kgo.MaxBufferedRecords(200_000),
		kgo.MaxBufferedBytes(64 << 20),
		kgo.RecordDeliveryTimeout(0),
	}
}

// Ping reports whether the brokers answer within the context's time.
func Ping(ctx context.Context, brokers []string) error {
	cl, err := kgo.NewClient(Options(brokers)...)
	if err != nil {
		return fmt.Errorf("connect to Kafka at %v: %w", brokers, err)
	}
	defer cl.Close()
	if err := cl.Ping(ctx); err != nil {
		return fmt.Errorf("connect to Kafka at %v: %w", brokers, err)
	}
	return nil
}
