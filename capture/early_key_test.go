package capture_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Between the slot and the first look at the catalog a table gets its key: what the stream still brings of it
// from before is of rows without one, and one of two equal rows went, not both. By their key both go; no row is
// read before all of that is placed (H1), so what is read comes behind it.
func TestATableThatGetsItsKeyBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	for name, also := range map[string]string{"rows": ``, "truncated": `truncate t; insert into t values (1, 'a'), (1, 'a'), (3, 'c')`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int not null, v text); alter table t replica identity full`, `insert into t values (1, 'a'), (1, 'a'), (2, 'b')`,
				`create table busy (id int primary key)`)
			var mu sync.Mutex
			var done bool
			// The first client of the log that is made once the slot is taken comes before the look at the catalog.
			between := func() error {
				mu.Lock()
				defer mu.Unlock()
				if done {
					return nil
				}
				conn, err := pgx.Connect(t.Context(), j.url)
				if err != nil {
					return err
				}
				defer conn.Close(context.Background())
				if err := conn.QueryRow(t.Context(), `select count(*) > 0 from pg_replication_slots where database = current_database() and active`).Scan(&done); err != nil || !done {
					return err
				}
				// While this one is received the load asks for the stream: it gets it in front of those behind it.
				j.exec(`insert into busy select generate_series(1, 100000)`)
				if also != "" {
					j.exec(also)
				}
				j.exec(`delete from t where ctid = (select min(ctid) from t where id = 1)`, `alter table t add primary key (id)`)
				return nil
			}
			dial := func(ctx context.Context, network, host string) (net.Conn, error) {
				if err := between(); err != nil {
					return nil, err
				}
				return new(net.Dialer).DialContext(ctx, network, host)
			}
			plain := j.config.Kafka
			j.config.Kafka = append(plain[:len(plain):len(plain)], kgo.Dialer(dial))
			j.start()
			j.waitLog(j.end())
			j.exec(`insert into t values (4, 'd')`)
			j.waitLog(j.end())
			j.tap().replay().same(j)
		})
	}
}
