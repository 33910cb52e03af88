package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
)

// Bounds of looking for jobs on a log that many share.
const (
	mostJobs   = 100
	boardEvery = 5 * time.Second  // topics are listed so often while somebody looks
	boardRests = 15 * time.Minute // the jobs of others are followed no longer than this after somebody looked
)

// board follows the jobs of the log for as long as somebody looks at their list: each has a reader, which
// keeps what it saw. Consoles of many jobs share a log, so nobody else's reports are read for nothing.
type board struct {
	kafka []kgo.Opt
	own   *watch // of the console's job, which is followed anyway
	wake  chan struct{}

	mu     sync.Mutex
	asked  time.Time
	found  []*followed // by prefix
	more   int         // that are not followed
	err    error       // why topics are not listed
	listed bool
	news   chan struct{} // closed when topics were listed
}

// followed is a job of the board; prefix begins its topics.
type followed struct {
	prefix string
	watch  *watch
	stop   context.CancelFunc
}

func newBoard(kafka []kgo.Opt, own *watch) *board {
	return &board{kafka: kafka, own: own, wake: make(chan struct{}, 1), news: make(chan struct{})}
}

// follow follows the jobs whenever somebody asks, until ctx ends and its readers have.
func (b *board) follow(ctx context.Context) {
	var readers sync.WaitGroup
	defer readers.Wait()
	defer b.forget()
	for {
		select {
		case <-b.wake:
		case <-ctx.Done():
			return
		}
		for b.wanted() && ctx.Err() == nil {
			b.list(ctx, &readers)
			select {
			case <-time.After(boardEvery):
			case <-ctx.Done():
			}
		}
		b.forget()
	}
}

func (b *board) wanted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Since(b.asked) < boardRests
}

// forget ends the readers.
func (b *board) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.found {
		f.stop()
	}
	b.found, b.more, b.err, b.listed = nil, 0, nil, false
}

// list looks which jobs there are now: those that came are followed, those that went are not.
func (b *board) list(ctx context.Context, readers *sync.WaitGroup) {
	short, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	prefixes, more, err := prefixes(short, b.kafka)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err = err; err == nil {
		b.more = more
		b.found = slices.DeleteFunc(b.found, func(f *followed) bool {
			gone := !slices.Contains(prefixes, f.prefix)
			if gone {
				f.stop()
			}
			return gone
		})
		for _, p := range prefixes {
			if !slices.ContainsFunc(b.found, func(f *followed) bool { return f.prefix == p }) {
				b.found = append(b.found, b.begin(ctx, p, readers))
			}
		}
		slices.SortFunc(b.found, func(x, y *followed) int { return strings.Compare(x.prefix, y.prefix) })
	}
	b.listed = true
	close(b.news)
	b.news = make(chan struct{})
}

func (b *board) begin(ctx context.Context, prefix string, readers *sync.WaitGroup) *followed {
	if prefix == b.own.prefix {
		return &followed{prefix, b.own, func() {}}
	}
	ctx, stop := context.WithCancel(ctx)
	w := newWatch(Config{Job: prefix, Prefix: prefix, Kafka: b.kafka})
	readers.Go(func() { w.follow(ctx) })
	return &followed{prefix, w, stop}
}

// jobs are those that are known now. Who asks waits no longer than patience for what was never read.
func (b *board) jobs(ctx context.Context, patience time.Duration) (found []*followed, more int, err error) {
	b.mu.Lock()
	b.asked = time.Now()
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default: // it is awake
	}
	end := time.NewTimer(patience)
	defer end.Stop()
	for over := false; !over; {
		unread := b.unread()
		if unread == nil {
			break
		}
		select {
		case <-unread:
		case <-end.C:
			over = true
		case <-ctx.Done():
			over = true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.found), b.more, b.err
}

// unread is closed at news of what nothing is known of yet; nil if there is nothing like that.
func (b *board) unread() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.listed {
		return b.news
	}
	for _, f := range b.found {
		news := f.watch.changed()
		if m := f.watch.now(); m.taken.IsZero() && m.lost == nil {
			return news
		}
	}
	return nil
}

// prefixes are those of which there is a status topic.
func prefixes(ctx context.Context, kafka []kgo.Opt) (out []string, more int, err error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, 0, err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("list topics: %w", err)
	}
	suffix := broker.Status("")
	for _, name := range topics.Names() {
		if p, ok := strings.CutSuffix(name, suffix); ok && p != "" {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	more = max(0, len(out)-mostJobs)
	return out[:len(out)-more], more, nil
}
