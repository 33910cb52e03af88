package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/e2e/rig"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

// residentMax is what capture and applier may take each, whatever the transaction's size.
const residentMax = 400 << 20

// One transaction of many inserts, updates, deletes and subtransactions becomes one transaction of the
// target, in bounded memory, though capture and applier are killed in its middle.
//
// FLOE_BIG chooses how many rows it changes.
func TestABigTransactionKilledInItsMiddleIsOneTransactionOfTheTarget(t *testing.T) {
	t.Parallel()
	x := bigger(t)
	// The time of a row's commit tells which target transaction brought it: floe's savepoints give the
	// rows of one transaction different xids.
	b := newBench(t, rig.StartServers(t, pgtest.Options{Large: x.rows > 1_000_000, Settings: map[string]string{"track_commit_timestamp": "on"}}), "big", nil)
	b.source(t, marker, `CREATE TABLE big (id bigint PRIMARY KEY, n int NOT NULL, pad text);
		CREATE TABLE sub (id int PRIMARY KEY, n int NOT NULL)`,
		fmt.Sprintf("INSERT INTO big SELECT g, 0, repeat('p', 20) FROM generate_series(1, %d) g", 2*x.each))
	b.must(t, b.Start())
	m := &memory{floe: b.Floe, peak: map[string]int{}}
	watched := m.watch(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), x.patience)
	defer cancel()
	b.caughtUp(t, x.patience)
	b.must(t, b.Synced(ctx, x.patience))
	seen := x.look(ctx, b)
	_, err := x.grown(ctx, b) // what it has before
	b.must(t, err)

	release := x.hold(ctx, t, b)
	began := time.Now()
	b.source(t, x.sql())
	committed := time.Since(began)
	// A partition has what its rows are, once they are produced, long before the applier has them.
	x.killAt(ctx, t, b, m, "capture", func() (bool, error) { return x.produced(ctx, b, x.rows/3) })
	x.killAt(ctx, t, b, m, "applier", func() (bool, error) { return x.grown(ctx, b) })
	release()
	b.caughtUp(t, x.patience)
	took := time.Since(began)

	b.must(t, <-seen)
	watched()
	x.equal(ctx, t, b)
	x.one(ctx, t, b)
	t.Logf("%d rows and %d subtransactions: committed in %s, on the target after %s; peak resident %s",
		x.rows, x.subs, committed.Round(time.Millisecond), took.Round(time.Millisecond), m)
	for _, role := range []string{"capture", "applier"} {
		if peak := m.peak[role]; peak == 0 || peak > residentMax {
			t.Errorf("%s took %d MiB; it may take %d", role, peak>>20, residentMax>>20)
		}
	}
}

// big is the transaction: so many subtransactions of a row each, the other rows a third each of inserts,
// updates and deletes.
type big struct {
	rows, subs, each int
	patience         time.Duration
	before           int64 // bytes of the target's table
}

func bigger(t *testing.T) *big {
	x := &big{rows: 60_000, subs: 2_000, patience: 3 * time.Minute}
	if full {
		x.rows, x.subs = 300_000, 60_000
	}
	if text := os.Getenv("FLOE_BIG"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 100_000 {
			t.Fatalf("FLOE_BIG is %q, a number of rows from 100000 on is meant", text)
		}
		x.rows, x.subs = n, 60_000
		x.patience += time.Duration(n/1000) * time.Second
	}
	x.each = (x.rows - x.subs) / 3
	return x
}

// sql is the transaction. The first half of big is updated, the second deleted, a third half comes.
func (x *big) sql() string {
	return fmt.Sprintf(`BEGIN;
		INSERT INTO big SELECT g, 1, repeat('i', 20) FROM generate_series(%[2]d + 1, %[3]d) g;
		UPDATE big SET n = 2 WHERE id <= %[1]d;
		DO $$ BEGIN FOR i IN 1..%[4]d LOOP BEGIN INSERT INTO sub VALUES (i, 1); EXCEPTION WHEN unique_violation THEN RAISE; END; END LOOP; END $$;
		DELETE FROM big WHERE id > %[1]d AND id <= %[2]d;
		COMMIT`, x.each, 2*x.each, 3*x.each, x.subs)
}

// hold lets no transaction on the target come past its first row of sub until the returned function is called:
// how quick the applier is, and how slow this test, decides nothing.
func (x *big) hold(ctx context.Context, t *testing.T, b *bench) (release func()) {
	t.Helper()
	c, err := rig.Connect(ctx, b.pair.TargetURL())
	b.must(t, err)
	release = func() { _ = c.Close(context.WithoutCancel(ctx)) }
	t.Cleanup(release)
	_, err = c.Exec(ctx, "BEGIN; LOCK TABLE public.sub IN SHARE MODE")
	b.must(t, err)
	return release
}

// killAt kills the role when the transaction is in its middle there.
func (x *big) killAt(ctx context.Context, t *testing.T, b *bench, m *memory, role string, middle func() (bool, error)) {
	t.Helper()
	err := rig.Until(ctx, func() (bool, error) {
		if err := b.Ended(); err != nil {
			return false, err
		}
		return middle()
	})
	if err != nil {
		b.explain(t)
		t.Fatalf("wait for the middle of the transaction in %s: %v", role, err)
	}
	pid := b.PID(role) // stands still while it is looked at: the next one may be done before a slow test is
	b.must(t, syscall.Kill(pid, syscall.SIGSTOP))
	defer syscall.Kill(pid, syscall.SIGCONT) //nolint:errcheck // it is gone, as a rule
	m.look(role)
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*) FROM public.sub"); got != "0" {
		t.Fatalf("%s was killed too late: the transaction was on the target", role)
	}
	k := &killer{floe: b.Floe}
	b.must(t, k.kill(ctx, role))
}

// produced reports whether the log holds so many records of the table.
func (x *big) produced(ctx context.Context, b *bench, n int) (bool, error) {
	brokers, err := b.Brokers()
	if err != nil {
		return false, err
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return false, err
	}
	defer c.Close()
	ends, err := kadm.NewClient(c).ListEndOffsets(ctx, b.name+".public.big")
	if err != nil {
		return false, err
	}
	var held int64
	ends.Each(func(o kadm.ListedOffset) { held += o.Offset })
	return held >= int64(2*x.each+n), nil // the load's records came first
}

// grown reports whether a transaction of the target is open that made the table grow by a quarter.
func (x *big) grown(ctx context.Context, b *bench) (bool, error) {
	c, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	if err != nil {
		return false, err
	}
	defer c.Close(ctx)
	var size int64
	var open bool
	err = c.QueryRow(ctx, `SELECT pg_catalog.pg_relation_size('public.big'), EXISTS (SELECT FROM pg_catalog.pg_stat_activity
		WHERE datname = current_database() AND backend_xid IS NOT NULL)`).Scan(&size, &open)
	if x.before == 0 {
		x.before = size
	}
	return open && size > x.before+x.before/4, err
}

// look reads the target, again and again, until the transaction is there: each time all of it or nothing.
func (x *big) look(ctx context.Context, b *bench) <-chan error {
	result := make(chan error, 1)
	go func() {
		c, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
		if err != nil {
			result <- err
			return
		}
		defer c.Close(context.WithoutCancel(ctx))
		result <- rig.Until(ctx, func() (bool, error) { return x.whole(ctx, c) })
	}()
	return result
}

// whole looks at the first and last row of each kind, in one snapshot.
func (x *big) whole(ctx context.Context, c *pgx.Conn) (bool, error) {
	got, err := rig.Text(ctx, c, fmt.Sprintf(`SELECT
		(SELECT count(*) FROM public.big WHERE id IN (%[2]d + 1, %[3]d)),
		(SELECT count(*) FROM public.big WHERE id IN (1, %[1]d) AND n = 2),
		(SELECT count(*) FROM public.sub WHERE id IN (1, %[4]d)),
		2 - (SELECT count(*) FROM public.big WHERE id IN (%[1]d + 1, %[2]d))`, x.each, 2*x.each, 3*x.each, x.subs))
	switch {
	case err != nil:
		return false, err
	case got == "2|2|2|2":
		return true, nil
	case got != "0|0|0|0":
		return false, fmt.Errorf("the target holds a part of the transaction: of its first and last inserts, updates, subtransactions, deletes %s", got)
	}
	return false, nil
}

func (x *big) equal(ctx context.Context, t *testing.T, b *bench) {
	t.Helper()
	source, err := rig.ConnectPinned(ctx, b.pair.SourceURL())
	b.must(t, err)
	defer source.Close(context.WithoutCancel(ctx))
	target, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer target.Close(context.WithoutCancel(ctx))
	for _, table := range []string{"big", "sub"} {
		n := ident.Name{Schema: "public", Name: table}
		if err := rig.Compare(ctx, source, target, rig.Compared{Source: n, Target: n}); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// one asks which transactions of the target brought the rows.
func (x *big) one(ctx context.Context, t *testing.T, b *bench) {
	t.Helper()
	c, err := rig.Connect(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer c.Close(context.WithoutCancel(ctx))
	got, err := rig.Text(ctx, c, `SELECT count(*), count(DISTINCT at) FROM (
		SELECT pg_catalog.pg_xact_commit_timestamp(xmin) AS at FROM public.big UNION ALL
		SELECT pg_catalog.pg_xact_commit_timestamp(xmin) FROM public.sub) rows`)
	b.must(t, err)
	if want := fmt.Sprintf("%d|1", 2*x.each+x.subs); got != want {
		t.Errorf("rows and target transactions that brought them: %s, want %s", got, want)
	}
}

// memory is the most that each service took, over all its processes.
type memory struct {
	floe *rig.Floe
	peak map[string]int // bytes
	turn chan struct{}  // held while looking
}

// watch looks at both services until the function that it returns is called.
func (m *memory) watch(ctx context.Context) func() {
	m.turn = make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = rig.Until(ctx, func() (bool, error) {
			m.look("capture")
			m.look("applier")
			return false, nil
		})
	}()
	return func() { cancel(); <-ended }
}

// look reads what the kernel says that the role's process held at its most. One that just ended says
// nothing: it is looked at again right before it is killed.
func (m *memory) look(role string) {
	m.turn <- struct{}{}
	defer func() { <-m.turn }()
	pid := m.floe.PID(role)
	if pid == 0 || syscall.Kill(pid, 0) != nil {
		return
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if n, err := strconv.Atoi(kib); err == nil {
		m.peak[role] = max(m.peak[role], n<<10)
	}
}

func (m *memory) String() string {
	return fmt.Sprintf("capture %d MiB, applier %d MiB", m.peak["capture"]>>20, m.peak["applier"]>>20)
}
