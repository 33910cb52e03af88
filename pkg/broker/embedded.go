package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/port"
)

// Embedded is the broker inside `floe dev`: franz-go's kfake on a data directory. It is for trials,
// demos and tests. What it acknowledged survives the end of its process; after the end of its machine it
// goes on only if nothing is missing.
//
// What kfake does not do safely on a data directory floe never asks of it: compaction, retention,
// transactions, topics made by a metadata request, and a partition without its last record.
type Embedded struct {
	Addr    string
	cluster *kfake.Cluster
	lock    *os.File
	dir     string
	log     *slog.Logger
	free    func(dir string) (float64, error)
	guard   guard
	client  *kgo.Client
	was     journal // as written last
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// DefaultLogCap is the log that the embedded broker is to hold, in bytes.
const DefaultLogCap = 2 << 30

// EmbeddedConfig says where the log is.
type EmbeddedConfig struct {
	Dir string
	// LogCap is the size in bytes above which captures trim what is applied, and pause when nothing is;
	// 0 for none.
	LogCap int64
	Log    *slog.Logger
	// Listens is told the address once connections are kept there until the log was opened: clients may
	// be started beside it.
	Listens func(addr string) error

	// Free is which part of the disk is free; nil asks the disk.
	Free func(dir string) (float64, error)
}

// OpenEmbedded is Embed with the default cap.
func OpenEmbedded(dir string, log *slog.Logger) (*Embedded, error) {
	return Embed(EmbeddedConfig{Dir: dir, LogCap: DefaultLogCap, Log: log})
}

// Embed starts the broker on a folder, which it locks. Its port is chosen free at the first start and
// kept there, so that clients find it again after a restart.
func Embed(c EmbeddedConfig) (*Embedded, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(c.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	e := &Embedded{lock: lock, dir: c.Dir, log: c.Log, free: c.Free}
	if e.free == nil {
		e.free = freeOf
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("embedded broker: %s is in use by another floe", c.Dir)
	}
	if err := e.open(c); err != nil {
		e.Close()
		return nil, err
	}
	c.Log.Info("embedded broker is for trials; use Apache Kafka in production", "addr", e.Addr)
	return e, nil
}

// segmentBytes bounds a segment: whole ones are deleted, and the last of each partition stays.
const segmentBytes = 16 << 20

// open starts kfake, lets nobody in before the log was held against the journal, then keeps watch.
func (e *Embedded) open(c EmbeddedConfig) error {
	own, err := keptPort(filepath.Join(e.dir, "port"))
	if err != nil {
		return err
	}
	if e.was, err = readJournal(e.journal()); err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	if err := settle(e.logDir()); err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	var gates []*gate
	segment := int64(segmentBytes)
	if c.LogCap > 0 {
		segment = min(segment, max(c.LogCap/32, 64<<10))
	}
	configs := map[string]string{"log.segment.bytes": strconv.FormatInt(segment, 10), LogCapKey: strconv.FormatInt(c.LogCap, 10)}
	listen := func(network, address string) (net.Listener, error) {
		g, err := newGate(network, address)
		if err != nil {
			return nil, err
		}
		gates = append(gates, g)
		if c.Listens != nil {
			err = c.Listens(g.Addr().String())
		}
		return g, err
	}
	if e.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(own), kfake.DataDir(e.logDir()), kfake.ListenFn(listen),
		kfake.DefaultNumPartitions(1), kfake.ClusterID("floe"), kfake.BrokerConfigs(configs)); err != nil {
		return fmt.Errorf("embedded broker on port %d: %w; if another program took the port, remove %s", own, err, filepath.Join(e.dir, "port"))
	}
	e.Addr = e.cluster.ListenAddrs()[0]
	if err := e.was.check(e.cluster, e.dir); err != nil {
		return err
	}
	e.guard.know(e.was)
	e.judge(e.free(e.dir))
	e.cluster.ControlKey(0, e.guard.produce(e.cluster)) // 0: produce
	for _, g := range gates {
		close(g.opened)
	}
	if e.client, err = kgo.NewClient(Options([]string{e.Addr})...); err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.done.Go(func() { e.watch(ctx) })
	return nil
}

func (e *Embedded) journal() string { return filepath.Join(e.dir, "ends.json") }
func (e *Embedded) logDir() string  { return filepath.Join(e.dir, "log") }

// watchEvery is how much of the log's end may be unknown to the journal.
const watchEvery = time.Second

// watch writes the journal and looks at the disk until ctx ends.
func (e *Embedded) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		free, fault := e.free(e.dir)
		if err := e.note(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("embedded broker: the journal of the log's ends is not written", "err", err)
		}
		e.judge(free, fault) // with the topics of reports as they are since
	}
}

// judge closes the log to records while the disk is almost full.
func (e *Embedded) judge(free float64, err error) {
	if err != nil {
		e.log.Error("embedded broker", "err", err)
		return
	}
	if full := free < keepFree; full != e.guard.full.Swap(full) {
		e.log.Warn("embedded broker: free space on the disk", "percent", int(100*free), "takes records", !full)
	}
}

// note writes the journal if an end moved.
func (e *Embedded) note(ctx context.Context) error {
	is, err := endsOf(ctx, kadm.NewClient(e.client))
	if err != nil {
		return err
	}
	e.guard.know(is)
	if is.equal(e.was) {
		return nil
	}
	if err := is.write(e.journal()); err != nil {
		return err
	}
	e.was = is
	return nil
}

// Close stops the broker; its data stays.
func (e *Embedded) Close() {
	if e.cancel != nil {
		e.cancel()
		e.done.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		if err := e.note(ctx); err != nil {
			e.log.Error("embedded broker: the journal of the log's ends is not written", "err", err)
		}
		cancel()
	}
	if e.client != nil {
		e.client.Close()
	}
	if e.cluster != nil {
		e.cluster.Close()
	}
	_ = e.lock.Close()
}

// Address is where the broker of dir listens, or will: clients may be started beside it.
func Address(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("embedded broker: %w", err)
	}
	own, err := keptPort(filepath.Join(dir, "port"))
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(own)), err
}

func keptPort(file string) (int, error) {
	if b, err := os.ReadFile(file); err == nil {
		kept, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			return 0, fmt.Errorf("embedded broker: %s holds %q instead of a port", file, b)
		}
		return kept, nil
	}
	free, err := port.Free()
	if err == nil {
		err = os.WriteFile(file, []byte(strconv.Itoa(free)), 0o600)
	}
	if err != nil {
		return 0, fmt.Errorf("embedded broker: %w", err)
	}
	return free, nil
}
