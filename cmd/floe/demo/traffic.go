package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	workers = 3
	// pause is a worker's time from one transaction's begin to the next one's.
	pause = 12 * time.Millisecond
)

// traffic is what writes to the source while it is copied: three sessions with about 250
// transactions a second. It never writes the same row twice at once, so that no transaction is
// refused; any error is the demo's end.
type traffic struct {
	source string
	done   atomic.Int64 // committed transactions
	failed chan error

	stop    context.CancelFunc
	running sync.WaitGroup
}

func newTraffic(source string) *traffic {
	return &traffic{source: source, failed: make(chan error, workers)}
}

// Start begins the traffic; Stop ends it after the transactions under way.
func (t *traffic) Start(ctx context.Context) {
	stopping, stop := context.WithCancel(ctx)
	t.stop = stop
	for n := range workers {
		t.running.Go(func() {
			if err := t.work(ctx, stopping, n); err != nil && ctx.Err() == nil {
				t.failed <- fmt.Errorf("traffic on the source: %w", err)
			}
		})
	}
}

func (t *traffic) Stop() {
	t.stop()
	t.running.Wait()
}

// work runs transactions under ctx until stopping ends: a transaction that was begun is finished.
func (t *traffic) work(ctx, stopping context.Context, n int) error {
	conn, err := pgx.Connect(ctx, t.source)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	w := &worker{n: n, random: rand.New(rand.NewPCG(uint64(n), uint64(t.done.Load())))}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-stopping.Done():
			return nil
		case <-tick.C:
		}
		name, do := w.choose()
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return do(ctx, tx) }); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.done.Add(1)
	}
}

// worker makes one session's transactions. Rows whose number modulo the number of workers is n are
// its own.
type worker struct {
	n      int
	random *rand.Rand
	orders int // of the 20,000 that were there, how many it has taken up
}

type transaction func(context.Context, pgx.Tx) error

// choose draws the next transaction.
func (w *worker) choose() (string, transaction) {
	switch d := w.random.IntN(100); {
	case d < 45:
		return "transfer", w.transfer
	case d < 60:
		return "new order", w.newOrder
	case d < 70:
		return "order shipped", w.ship
	case d < 75:
		return "order removed", w.removeOrder
	case d < 85:
		return "document described", w.describe
	case d < 88:
		return "document rewritten", w.rewrite
	case d < 94:
		return "event", w.event
	case d < 97:
		return "event moved", w.moveEvent
	default:
		return "journal corrected", w.correctJournal
	}
}

// own draws a number of 1 to limit that is this worker's.
func (w *worker) own(limit int) int { return w.random.IntN(limit/workers)*workers + w.n + 1 }

// transfer moves money between two accounts: the sum over all accounts never changes.
func (w *worker) transfer(ctx context.Context, tx pgx.Tx) error {
	payer, payee := w.own(99_000), w.own(99_000)
	amount := fmt.Sprintf("%d.%02d", w.random.IntN(50), w.random.IntN(100))
	return exec(ctx, tx,
		q(`update shop.accounts set balance = balance - $2::numeric where id = $1`, payer, amount),
		q(`update shop.accounts set balance = balance + $2::numeric where id = $1`, payee, amount),
		q(`insert into shop.journal values (now(), $1, $2, $3::numeric)`, payer, payee, amount))
}

// newOrder books an order and its items: an order's total is the sum of its items.
func (w *worker) newOrder(ctx context.Context, tx pgx.Tx) error {
	lines := 1 + w.random.IntN(5)
	return exec(ctx, tx, q(`with o as (
			insert into shop.orders values (gen_random_uuid(), $1, 'new', array['live', 'worker ' || $2::int], $3::int * 5, now(), null) returning id)
		insert into shop.order_items select o.id, line, 'article ' || line, 5 from o, generate_series(1, $3::int) line`,
		w.own(99_000), w.n, lines))
}

// nextOrder takes up another of the orders that were there.
func (w *worker) nextOrder() string {
	w.orders++
	return fmt.Sprintf("order %d", (w.orders%6000)*workers+w.n+1)
}

// ship changes a row and gives one of its items another key.
func (w *worker) ship(ctx context.Context, tx pgx.Tx) error {
	order := w.nextOrder()
	return exec(ctx, tx,
		q(`update shop.orders set state = 'shipped', tags = tags || 'shipped'::text where id = md5($1)::uuid`, order),
		q(`update shop.order_items set line = line + 10 where order_id = md5($1)::uuid and line = 1`, order))
}

func (w *worker) removeOrder(ctx context.Context, tx pgx.Tx) error {
	return exec(ctx, tx, q(`delete from shop.orders where id = md5($1)::uuid`, w.nextOrder()))
}

// describe changes a row whose long text is not sent again.
func (w *worker) describe(ctx context.Context, tx pgx.Tx) error {
	return exec(ctx, tx, q(`update shop.documents set meta = jsonb_set(meta, '{version}', to_jsonb((meta->>'version')::int + 1)) where id = $1`, w.own(3900)))
}

func (w *worker) rewrite(ctx context.Context, tx pgx.Tx) error {
	return exec(ctx, tx, q(`update shop.documents set body = reverse(body) || $2::text where id = $1`, w.own(3900), fmt.Sprintf(" %x", w.random.Uint64())))
}

func (w *worker) event(ctx context.Context, tx pgx.Tx) error {
	return exec(ctx, tx, q(`insert into shop.events (day, kind, payload) values (date '2026-01-01' + $1::int, 'live', null)`, w.random.IntN(360)))
}

// moveEvent gives a row another day, often one of another partition.
func (w *worker) moveEvent(ctx context.Context, tx pgx.Tx) error {
	return exec(ctx, tx, q(`update shop.events set day = date '2026-01-01' + $2::int where id = $1`, w.own(14_000), w.random.IntN(360)))
}

// correctJournal changes one row and deletes one of two equal ones, in a table without a key.
func (w *worker) correctJournal(ctx context.Context, tx pgx.Tx) error {
	second := w.own(480)
	return exec(ctx, tx,
		q(`update shop.journal set amount = amount + 1 where ctid = (
			select min(ctid) from shop.journal where at = timestamptz '2026-01-01 00:00 UTC' + $1::int * interval '1 second')`, second),
		q(`delete from shop.journal where ctid = (
			select max(ctid) from shop.journal where at = timestamptz '2026-01-01 00:00 UTC' + $1::int * interval '1 second' and $2::int = 0)`,
			second, w.random.IntN(3)))
}

type statement struct {
	sql  string
	args []any
}

func q(sql string, args ...any) statement { return statement{sql, args} }

func exec(ctx context.Context, tx pgx.Tx, statements ...statement) error {
	var batch pgx.Batch
	for _, s := range statements {
		batch.Queue(s.sql, s.args...)
	}
	return tx.SendBatch(ctx, &batch).Close()
}
