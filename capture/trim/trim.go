// Package trim deletes from a job's log what every applier has made true and its target has flushed,
// oldest first, down to a quarter of the log's cap; and says when the log is at its cap and nothing more
// can be deleted, so that capture reads no further until an applier has caught up (design.md L6).
//
//   - A row is deleted only with every valid entry that points at it applied; what is not applied is
//     never deleted, whatever the cap.
//   - Ledger and floe.objects are deleted only up to a valid Epoch that has everything valid behind it.
//   - No partition is ever emptied: the embedded broker would forget where it ended.
//   - A Trimmer keeps nothing: it begins anew with what the log holds.
package trim

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/readback"
	"floe/pkg/broker"
)

// Config of a Trimmer.
type Config struct {
	Kafka  []kgo.Opt
	Prefix string
	// Keep is how long applied entries of the ledger are kept on a broker without a cap, where rows
	// expire by the broker's own retention.
	Keep time.Duration
	Log  *slog.Logger
	// Began is the offset of the capture's own Epoch.
	Began int64
	// Sent counts what capture gave the broker, and what of it is in the log (publish.Writer.Sent).
	Sent func() (all, stored int64)
}

// Trimmer trims one job's log. Run is its only goroutine; Full, Takes and Worn may be asked by any.
type Trimmer struct {
	Config
	client    *kgo.Client
	adm       *kadm.Client
	ledger    *Entries
	positions *Positions
	changed   chan struct{}
	due       chan struct{} // somebody waits for a measurement
	limit     atomic.Int64  // of what is sent: with more the log may be at its cap
	full      atomic.Pointer[string]
	worn      atomic.Bool

	cap, size int64 // bytes; a cap of 0 is none
	rareAt    time.Time
}

// every is how often the log is measured, soon how often at most when somebody waits for it; rarely, how
// often it is done what need not be done often.
const (
	soon   = 10 * time.Millisecond
	every  = 250 * time.Millisecond
	rarely = 10 * time.Second
)

// New returns a Trimmer that does nothing yet.
func New(c Config) *Trimmer {
	t := &Trimmer{Config: c, changed: make(chan struct{}, 1), due: make(chan struct{}, 1)}
	t.limit.Store(math.MaxInt64)
	return t
}

// Takes reports whether the log takes more: it is below its cap whatever of what was sent came to it since
// it was measured. If only that is not known, it is measured at once. Changed receives after it changed.
func (t *Trimmer) Takes() bool {
	if t.Full() != "" {
		return false
	}
	if all, _ := t.Sent(); all < t.limit.Load() {
		return true
	}
	signal(t.due)
	return false
}

// Full says why the log can take no more, "" if it can.
func (t *Trimmer) Full() string {
	if s := t.full.Load(); s != nil {
		return *s
	}
	return ""
}

// Changed receives after Full or Takes changed.
func (t *Trimmer) Changed() <-chan struct{} { return t.changed }

// Worn reports that what crowds the log is the ledger behind our own Epoch: it can be trimmed only up to
// an Epoch, so there should be a new one.
func (t *Trimmer) Worn() bool { return t.worn.Load() }

// Run trims until ctx ends. What goes wrong is tried again: until then the log only grows to its cap.
func (t *Trimmer) Run(ctx context.Context) error {
	defer t.close()
	logged := false
	for {
		wait, due := every, t.due
		err := t.open(ctx)
		if err == nil {
			err = t.round(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			t.close()
			wait, due = 4*every, nil
			if !logged {
				t.Log.Warn("the log is not trimmed", "err", err)
			}
		}
		logged = err != nil
		select {
		case <-time.After(soon):
		case <-ctx.Done():
			return nil
		}
		select {
		case <-time.After(wait - soon):
		case <-due:
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *Trimmer) open(ctx context.Context) (err error) {
	if t.client == nil {
		if t.client, err = kgo.NewClient(t.Kafka...); err != nil {
			return err
		}
		t.adm = kadm.NewClient(t.client)
	}
	if t.positions == nil {
		t.positions, err = OpenPositions(ctx, readback.Dial(t.Kafka), broker.Status(t.Prefix))
	}
	return err
}

func (t *Trimmer) close() {
	if t.ledger != nil {
		t.ledger.log.Close()
		t.ledger = nil
	}
	if t.positions != nil {
		t.positions.log.Close()
		t.positions = nil
	}
	if t.client != nil {
		t.client.Close()
		t.client = nil
	}
}

// round trims as far as it is due and possible, and says whether the log is full then.
func (t *Trimmer) round(ctx context.Context) error {
	if err := t.positions.Read(ctx); err != nil {
		return err
	}
	rare := time.Since(t.rareAt) >= rarely
	if rare {
		t.rareAt = time.Now()
		if err := t.rare(ctx); err != nil {
			return err
		}
	}
	if t.cap == 0 {
		t.limit.Store(math.MaxInt64)
		t.tell("", false)
		if rare {
			return t.expire(ctx)
		}
		return nil
	}
	if err := t.measure(ctx); err != nil {
		return err
	}
	applied, who := t.positions.Least()
	for t.crowded() {
		moved, err := t.advance(ctx, applied, func(int64) bool { return true })
		if err != nil {
			return err
		}
		if !moved {
			break
		}
		if err := t.measure(ctx); err != nil {
			return err
		}
	}
	why := ""
	if t.size >= t.cap {
		why = fmt.Sprintf("the log is %d MiB, its cap is %d MiB, and %s", t.size>>20, t.cap>>20, who)
	}
	t.tell(why, t.crowded() && applied > t.Began && t.ledger != nil && t.ledger.since >= t.cap/8)
	return nil
}

// crowded: of what is applied a quarter of the cap is kept. The rest of the cap is for what is not: a
// broker that starts reads all of its log first, and a pipeline is to stream again within a second.
func (t *Trimmer) crowded() bool { return t.size >= t.cap/4 }

// rare looks at the cap, which only the embedded broker has, and trims the reports.
func (t *Trimmer) rare(ctx context.Context) (err error) {
	if t.cap, err = readCap(ctx, t.adm); err != nil {
		return err
	}
	free := kadm.Offsets{}
	free.AddOffset(broker.Status(t.Prefix), 0, t.positions.needed(statusKept), -1)
	return t.delete(ctx, free)
}

// statusKept is how many reports are kept; clients of the log look at fewer. The last one of every
// applier is kept too: it says what else must be.
const statusKept = 1000

// expire trims the ledger of a log whose rows the broker expires.
func (t *Trimmer) expire(ctx context.Context) error {
	if t.Keep == 0 {
		return nil
	}
	applied, _ := t.positions.Least()
	old := time.Now().Add(-t.Keep).UnixMicro()
	for {
		moved, err := t.advance(ctx, applied, func(at int64) bool { return at < old })
		if err != nil || !moved {
			return err
		}
	}
}

func (t *Trimmer) tell(full string, worn bool) {
	t.worn.Store(worn)
	if was := t.Full(); was == "" && full != "" {
		t.Log.Warn("capture pauses between two transactions", "why", full)
	}
	t.full.Store(&full)
	signal(t.changed)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// measure looks at the size of the broker's whole log: the cap is for its disk.
func (t *Trimmer) measure(ctx context.Context) error {
	_, stored := t.Sent()
	dirs, err := t.adm.DescribeAllLogDirs(ctx, nil)
	if err != nil {
		return fmt.Errorf("measure the log: %w", err)
	}
	t.size = 0
	dirs.Each(func(d kadm.DescribedLogDir) { t.size += d.Size() })
	t.limit.Store(stored + t.cap - t.size)
	return nil
}

func readCap(ctx context.Context, adm *kadm.Client) (int64, error) {
	configs, err := adm.DescribeBrokerConfigs(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for the log's cap: %w", err)
	}
	for _, rc := range configs {
		for _, c := range rc.Configs {
			if c.Key == broker.LogCapKey && c.Value != nil {
				return strconv.ParseInt(*c.Value, 10, 64)
			}
		}
	}
	return 0, nil
}
