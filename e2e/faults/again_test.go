package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/e2e/rig"
)

// parts are a job's processes: those of one `floe dev`, or each by itself.
type parts struct {
	*bench
	t      testing.TB
	broker string // of services apart
	apart  map[string]*rig.Service
}

// run starts them and waits until all is loaded.
func (p *parts) run(ctx context.Context, apart bool) {
	p.t.Helper()
	if !apart {
		p.must(p.t, p.Start())
		p.must(p.t, p.Synced(ctx, patience))
		return
	}
	p.apart = map[string]*rig.Service{}
	p.t.Cleanup(func() {
		for role, s := range p.apart {
			if p.t.Failed() {
				text := s.Log()
				p.t.Logf("%s:\n%s", role, text[max(0, len(text)-3000):])
			}
			_ = s.Kill()
		}
	})
	for _, role := range []string{"broker", "capture", "applier"} {
		p.begin(ctx, role)
	}
	p.client(ctx, 0, "start", "--wait", "SYNCING", "--timeout", patience.String())
}

func (p *parts) begin(ctx context.Context, role string) {
	p.t.Helper()
	var err error
	switch role {
	case "broker":
		p.apart[role], p.broker, err = p.Broker(ctx)
	case "capture":
		p.apart[role], err = p.Capture(role, p.broker)
	case "applier":
		p.apart[role], err = p.Applier(role, p.broker)
	}
	p.must(p.t, err)
}

func (p *parts) kill(ctx context.Context, role string) {
	p.t.Helper()
	if p.apart == nil {
		p.must(p.t, (&killer{floe: p.Floe}).kill(ctx, role))
		return
	}
	p.must(p.t, p.apart[role].Kill())
	p.begin(ctx, role)
}

// client runs a command on the job's log.
func (p *parts) client(ctx context.Context, code int, args ...string) rig.Result {
	p.t.Helper()
	r, err := p.command(ctx, args...)
	if err != nil || r.Code != code {
		p.t.Fatalf("floe %s ended with %d, not %d: %s%s %v", strings.Join(args, " "), r.Code, code, r.Stdout, r.Stderr, err)
	}
	return r
}

func (p *parts) command(ctx context.Context, args ...string) (rig.Result, error) {
	if p.apart == nil {
		return p.Client(ctx, args...)
	}
	return p.Run(ctx, append(args, "-f", p.JobFile(), "--broker", p.broker)...)
}

// looker looks at a database until it is ended, again and again.
type looker struct {
	conn  *pgx.Conn
	end   context.CancelFunc
	group sync.WaitGroup
	err   error
}

func look(t testing.TB, url string, each func(ctx context.Context, c *pgx.Conn) error) *looker {
	t.Helper()
	c, err := rig.ConnectPinned(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &looker{conn: c, end: cancel}
	l.group.Go(func() {
		defer c.Close(context.Background())
		for ctx.Err() == nil {
			if err := each(context.Background(), c); err != nil {
				l.err = err
				return
			}
		}
	})
	return l
}

func (l *looker) stop() error {
	l.end()
	l.group.Wait()
	return l.err
}

// longest is how long one transaction of floe's was seen open on a server, by the server's clock; the stream's own
// session has none.
func longest(t testing.TB, url string, to *time.Duration) *looker {
	first := map[string]time.Time{}
	return look(t, url, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, `SELECT pid || ' ' || xact_start, clock_timestamp() FROM pg_stat_activity WHERE datname = current_database()
			AND application_name LIKE 'floe%' AND backend_type = 'client backend' AND xact_start IS NOT NULL`)
		if err != nil {
			return err
		}
		var which string
		var at time.Time
		_, err = pgx.ForEachRow(rows, []any{&which, &at}, func() error {
			if first[which].IsZero() {
				first[which] = at
			}
			*to = max(*to, at.Sub(first[which]))
			return nil
		})
		if err == nil {
			_, err = c.Exec(ctx, "SELECT pg_sleep(0.1)")
		}
		return err
	})
}

// Tables are read again at a bounded rate while they are written to and looked at, and every process is killed amid
// that: the target's rows become the source's, those that the source does not have go, and at no moment does a reader
// miss rows that were there. A replay whose applier is killed in its middle is done once. No session of floe's keeps a
// transaction open through the load.
func TestTablesAreReadAgainUnderTheEyesOfReaders(t *testing.T) {
	t.Parallel()
	for _, apart := range []bool{false, true} {
		t.Run(fmt.Sprintf("apart %t", apart), func(t *testing.T) {
			t.Parallel()
			if apart {
				long(t)
			}
			readAgain(t, apart)
		})
	}
}

func readAgain(t *testing.T, apart bool) {
	const rows, rate, gone = 6000, 800, 100
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	p := &parts{bench: newBench(t, servers(t), fmt.Sprintf("again_%t", apart), nil), t: t}
	p.source(t, "CREATE TABLE n (id int PRIMARY KEY, v text)", "CREATE TABLE k (id text PRIMARY KEY, v text)", marker,
		fmt.Sprintf("INSERT INTO n SELECT g, 'v' || g FROM generate_series(1, %d) g; INSERT INTO k SELECT 'k' || g, 'v' FROM generate_series(1, %[1]d) g", rows))
	p.run(ctx, apart)
	for _, table := range []string{"n", "k"} { // rows lost, changed, and of the target alone
		p.must(t, p.pair.Target.Exec(ctx, p.name, fmt.Sprintf(`DELETE FROM %[1]s WHERE ctid IN (SELECT ctid FROM %[1]s LIMIT %[2]d); UPDATE %[1]s SET v = 'damaged' WHERE ctid IN (SELECT ctid FROM %[1]s LIMIT 200);
			INSERT INTO %[1]s SELECT CASE '%[1]s' WHEN 'n' THEN (100000 + g)::text ELSE 'zz' || g END::%[3]s, 'own' FROM generate_series(1, 50) g`, table, gone, map[string]string{"n": "int", "k": "text"}[table])))
	}
	least := map[string]int{"n": rows, "k": rows}
	reader := look(t, p.pair.TargetURL(), func(ctx context.Context, c *pgx.Conn) error {
		for table := range least {
			var n int
			if err := c.QueryRow(ctx, "SELECT count(*) FROM public."+table).Scan(&n); err != nil {
				return err
			}
			least[table] = min(least[table], n)
		}
		return nil
	})
	// Updates alone: how many rows there are stays.
	writer := look(t, p.pair.SourceURL(), func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, fmt.Sprintf("BEGIN; UPDATE public.n SET v = v || '+' WHERE id %% 100 = %[1]d; UPDATE public.k SET v = v || '+' WHERE id = 'k%[1]d'; COMMIT; SELECT pg_sleep(0.05)", rand.IntN(100)))
		return err
	})
	p.client(ctx, 0, "set", fmt.Sprintf("throttle.load_rows=%d", rate))
	var held [2]time.Duration
	sessions := []*looker{longest(t, p.pair.SourceURL(), &held[0]), longest(t, p.pair.TargetURL(), &held[1])}
	began := time.Now()
	p.client(ctx, 0, "resync", "public.n", "public.k")
	for _, role := range slices.Concat(roles, []string{"capture"}) {
		p.loading(ctx)
		p.kill(ctx, role)
	}
	p.loading(ctx)
	for i, l := range sessions {
		p.must(t, l.stop())
		if took := time.Since(began); held[i] > took/2 {
			t.Errorf("side %d: one transaction of floe's was open for %s of %s", i, held[i], took)
		}
	}
	p.client(ctx, 0, "set", "throttle.load_rows=0")
	p.must(t, writer.stop())
	p.caught(ctx)
	p.client(ctx, 0, "wait", "--synced", "--timeout", patience.String())
	p.must(t, reader.stop())
	p.same(t)
	for table, n := range least {
		if n < rows-gone {
			t.Errorf("a reader saw %d rows of %s; there were %d at any time", n, table, rows-gone)
		}
	}
	p.replayed(ctx)
}

// loading waits until the tables are being read; where that is over on a slow machine, it is asked for again.
func (p *parts) loading(ctx context.Context) {
	p.t.Helper()
	over := 0
	p.must(p.t, rig.Until(ctx, func() (bool, error) {
		r, err := p.command(ctx, "status", "-o", "json")
		switch {
		case err != nil || r.Code != 0:
		case strings.Contains(r.Stdout, `"INIT_DATA"`):
			return true, nil
		case strings.Contains(r.Stdout, `"SYNCING"`):
			if over++; over%20 == 0 {
				p.client(ctx, 0, "resync", "public.n", "public.k")
			}
		}
		return false, nil
	}))
}

// caught waits until a change made now has arrived.
func (p *parts) caught(ctx context.Context) {
	p.t.Helper()
	n := rand.Int64()
	p.must(p.t, p.pair.Source.Exec(ctx, p.name, fmt.Sprintf("INSERT INTO marker VALUES (%d)", n)))
	p.must(p.t, rig.Until(ctx, func() (bool, error) {
		return ask(p.t, p.pair.TargetURL(), fmt.Sprintf("SELECT count(*) FROM public.marker WHERE n = %d", n)) == "1", nil
	}))
}

func (p *parts) same(t testing.TB) {
	t.Helper()
	for _, table := range []string{"n", "k"} {
		print := fmt.Sprintf(`SELECT count(*) || ' ' || md5(string_agg(x::text, ' ' ORDER BY id COLLATE "C")) FROM (SELECT id::text, v FROM public.%s) x`, table)
		if got, want := ask(t, p.pair.TargetURL(), print), ask(t, p.pair.SourceURL(), print); got != want {
			t.Errorf("%s: the target has %s, the source %s", table, got, want)
		}
	}
}

// replayed damages rows, has them replayed from the log, and kills the applier while its transaction waits for a lock.
func (p *parts) replayed(ctx context.Context) {
	t := p.t
	t.Helper()
	from := ask(t, p.pair.SourceURL(), `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`)
	p.source(t, "UPDATE n SET v = 'replayed' WHERE id <= 500", "DELETE FROM n WHERE id > 5990")
	p.caught(ctx)
	p.must(t, p.pair.Target.Exec(ctx, p.name, "UPDATE n SET v = 'damaged' WHERE id <= 300; INSERT INTO n VALUES (5995, 'back')"))
	lock, err := rig.ConnectPinned(ctx, p.pair.TargetURL())
	p.must(t, err)
	defer lock.Close(context.WithoutCancel(ctx))
	_, err = lock.Exec(ctx, "BEGIN; SELECT FROM public.n WHERE id = 300 FOR UPDATE")
	p.must(t, err)
	ended := make(chan rig.Result, 1)
	go func() {
		r, _ := p.command(ctx, "replay", "public.n", "--from", from, "--timeout", patience.String())
		ended <- r
	}()
	waits := func() bool {
		return ask(t, p.pair.TargetURL(), "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.application_name LIKE 'floe%'") != "0"
	}
	p.must(t, rig.Until(ctx, func() (bool, error) { return waits(), nil }))
	p.kill(ctx, "applier")
	_, err = lock.Exec(ctx, "ROLLBACK")
	p.must(t, err)
	if r := <-ended; r.Code != 0 {
		t.Fatalf("floe replay ended with %d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	p.same(t)
	if n := ask(t, p.pair.TargetURL(), "SELECT count(*) || ' ' || count(*) FILTER (WHERE refused = '') FROM floe.replayed"); n != "1 1" {
		t.Errorf("replays and those that were done: %s", n)
	}
}
