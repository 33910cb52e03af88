package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"floe/e2e/rig"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Writers run the workload until its context ends.
type Writers struct {
	stop func()
	done sync.WaitGroup
	errs [2]error
	n    [2]int // committed transactions
}

// Start runs two writers with seeds of their own, each at most one transaction per pause.
func Start(ctx context.Context, url string, seed uint64, rows int, pause time.Duration) *Writers {
	ctx, stop := context.WithCancel(ctx)
	w := &Writers{stop: stop}
	for i := range w.errs {
		w.done.Go(func() {
			w.n[i], w.errs[i] = write(ctx, url, rand.New(rand.NewPCG(seed, uint64(i))), rows, pause)
		})
	}
	return w
}

// End stops the writers; their transactions have committed when it returns.
func (w *Writers) End() (int, error) {
	w.stop()
	w.done.Wait()
	return w.n[0] + w.n[1], errors.Join(w.errs[:]...)
}

// write goes on when the source was away: what a lost answer left open, its WAL tells.
func write(ctx context.Context, url string, r *rand.Rand, rows int, pause time.Duration) (n int, err error) {
	// The last transaction is let run to its end: the context ends only the loop.
	life := context.WithoutCancel(ctx)
	var c *pgx.Conn
	defer func() {
		if c != nil {
			_ = c.Close(life)
		}
	}()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return n, nil
		case <-tick.C:
		}
		if c == nil || c.IsClosed() {
			if c, err = rig.Connect(life, url); err != nil {
				c = nil
				continue
			}
		}
		done, err := one(life, c, changes[r.IntN(len(changes))](r, rows))
		if err != nil {
			return n, err
		}
		if done {
			n++
		}
	}
}

// one runs one transaction; what the workload provokes is no error.
func one(ctx context.Context, c *pgx.Conn, sql string) (bool, error) {
	_, err := c.PgConn().Exec(ctx, sql).ReadAll()
	switch {
	case err == nil:
		return true, nil
	case c.IsClosed():
		return false, nil
	case !expected(err):
		return false, fmt.Errorf("%s: %w", sql, err)
	}
	if c.PgConn().TxStatus() != 'I' {
		_, err = c.Exec(ctx, "ROLLBACK")
		return false, err
	}
	return false, nil
}

// expected tells refusals that the workload provokes: two writers, unique values, moved keys.
func expected(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40P01" || refused.Code == "23505")
}

// runPause lets the other side keep up, so that the transactions are not one group.
const runPause = 5 * time.Millisecond

// Run commits n transactions of the seed, one after the other.
func Run(ctx context.Context, url string, seed uint64, rows, n int) error {
	c, err := rig.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	r := rand.New(rand.NewPCG(seed, 0))
	tick := time.NewTicker(runPause)
	defer tick.Stop()
	for n > 0 {
		<-tick.C
		done, err := one(ctx, c, changes[r.IntN(len(changes))](r, rows))
		if err != nil {
			return err
		}
		if c.IsClosed() {
			return errors.New("the source ended the connection")
		}
		if done {
			n--
		}
	}
	return nil
}
