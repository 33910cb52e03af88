package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Sent is what was sent to a job so far. It belongs to one goroutine.
type Sent struct {
	Wanted
	kafka    []kgo.Opt
	prefix   string
	topic    string
	commands []ledger.Command
	next     int64 // where the topic goes on
}

// Read reads what was sent so far.
func Read(ctx context.Context, kafka []kgo.Opt, prefix string) (*Sent, error) {
	s := &Sent{kafka: kafka, prefix: prefix, topic: broker.Commands(prefix), Wanted: Fold(nil)}
	client, err := s.from(0, kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	if err != nil {
		return nil, fmt.Errorf("read commands: %w", err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, s.topic)
	if err != nil {
		return nil, fmt.Errorf("read commands: %w", err)
	}
	end, ok := ends.Lookup(s.topic, 0)
	if !ok || errors.Is(end.Err, kerr.UnknownTopicOrPartition) { // none was ever sent
		return s, nil
	}
	if end.Err != nil {
		return nil, fmt.Errorf("read commands: %w", end.Err)
	}
	for s.next < end.Offset {
		if _, err := s.poll(ctx, client); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Commands are what was sent so far, in its order.
func (s *Sent) Commands() []ledger.Command { return s.commands }

// Follow reads on until ctx ends or each, which takes what is wanted whenever a command came, says so.
func (s *Sent) Follow(ctx context.Context, each func(Wanted) error) error {
	client, err := s.from(s.next)
	if err != nil {
		return fmt.Errorf("wait for commands: %w", err)
	}
	defer client.Close()
	for {
		some, err := s.poll(ctx, client)
		if err == nil && some {
			err = each(s.Wanted)
		}
		if err != nil {
			return err
		}
	}
}

// errRuns ends a rest.
var errRuns = errors.New("the job is to run")

// Rests reports whether services are to wait for a command: not while a job runs, nor when they have to
// remove it.
func (w *Wanted) Rests() bool { return w.Run != Running && w.Run != Deleted }

// Rest returns when the job is to run, or to be removed: at once, or when a command says so. Meanwhile say is called every
// so often, by one goroutine.
func (s *Sent) Rest(ctx context.Context, every time.Duration, say func(Wanted)) error {
	if !s.Rests() {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard, over := make(chan Wanted), make(chan error, 1)
	go func() {
		over <- s.Follow(ctx, func(w Wanted) error {
			if !w.Rests() {
				return errRuns
			}
			select {
			case heard <- w:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for w := s.Wanted; ; {
		say(w)
		select {
		case <-tick.C:
		case w = <-heard:
		case err := <-over:
			if errors.Is(err, errRuns) {
				return nil
			}
			return err
		}
	}
}

func (s *Sent) from(offset int64, more ...kgo.Opt) (*kgo.Client, error) {
	at := map[string]map[int32]kgo.Offset{s.topic: {0: kgo.NewOffset().At(offset)}}
	return kgo.NewClient(append(append(s.kafka[:len(s.kafka):len(s.kafka)], kgo.ConsumePartitions(at)), more...)...)
}

// poll takes up what comes next, and reports whether something did.
func (s *Sent) poll(ctx context.Context, client *kgo.Client) (some bool, err error) {
	f := client.PollFetches(ctx)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	for _, e := range f.Errors() {
		if errors.Is(e.Err, kerr.UnknownTopicOrPartition) { // a log of before there were commands
			continue
		}
		if errors.Is(e.Err, kerr.OffsetOutOfRange) {
			return false, halt.New(halt.LogGap, halt.Reset, "%s cannot be read from offset %d on: %v", s.topic, s.next, e.Err)
		}
		return false, fmt.Errorf("read %s: %w", s.topic, e.Err)
	}
	for it := f.RecordIter(); !it.Done(); {
		r := it.Next()
		if r.Offset < s.next {
			continue
		}
		c, err := schemas.DecodeCommand(r.Value)
		if err != nil {
			return false, &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s offset %d is no command", s.topic, r.Offset), Fix: "find who writes to the topic; " + halt.Reset, Err: err}
		}
		s.commands, s.next, some = append(s.commands, *c), r.Offset+1, true
	}
	if some {
		s.Wanted = Fold(s.commands)
		s.Next = s.next
	}
	return some, nil
}
