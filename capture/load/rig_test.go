package load

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/publish"
	"floe/capture/route"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/schemas"
)

// rig is a loader between a server and a broker, beside a stream that grants every hold.
type rig struct {
	t      testing.TB
	conn   *pgx.Conn
	broker *broker.Embedded
	loader *Loader
	loads  States
	mu     sync.Mutex
	tables []Table
	asked  chan struct{}
	within chan struct{} // until it is closed the stream is within a transaction
}

func newRig(t testing.TB, sql ...string) *rig {
	t.Helper()
	r := &rig{t: t, loads: States{}, asked: make(chan struct{}, 1)}
	config := pg.Config{URL: pgtest.NewDB(t, pgtest.Shared(t), sql...)}
	log := slog.New(slog.DiscardHandler)
	var err error
	if r.broker, err = broker.OpenEmbedded(t.TempDir(), log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.broker.Close)
	connect := func(ctx context.Context) (*pgx.Conn, error) { return pg.Connect(ctx, config, pg.Read) }
	if r.conn, err = connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.conn.Close(context.Background()) })
	client, err := kgo.NewClient(append(broker.Options([]string{r.broker.Addr}), broker.Producer()...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r.readTables(client)
	writer := publish.New(context.Background(), client, broker.Ledger("j"), 1, 1)
	t.Cleanup(writer.Close)
	r.loader = &Loader{Config: Config{Hold: hold, ChunkBytes: 24 << 20, Readers: 1}, Connect: connect, Gate: NewGate(), Writer: writer, Log: log,
		Ask: func() { signal(r.asked) }, Tables: func() []Table { r.mu.Lock(); defer r.mu.Unlock(); return r.tables },
		Update: func(f func(States)) { r.mu.Lock(); defer r.mu.Unlock(); f(r.loads) },
		Loaded: func(st *State) error {
			return writer.Append(&ledger.Entry{Loaded: &ledger.Loaded{Load: st.Load, Table: st.Table, Rows: st.Rows}}, nil, nil)
		}}
	return r
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// readTables makes versions and topics of the database's tables.
func (r *rig) readTables(client *kgo.Client) {
	r.t.Helper()
	db, err := catalog.ReadSelection(r.t.Context(), r.conn, catalog.Selection{Tables: func(ident.Name) bool { return true }, Everything: true})
	if err != nil {
		r.t.Fatal(err)
	}
	topics := broker.Control("j", 1)
	for _, def := range db.Tables() {
		shape := def.Shape()
		codec, err := schemas.Compile(shape)
		if err != nil {
			r.t.Fatal(err)
		}
		t := &route.Table{Shape: shape, Codec: codec, SchemaID: 1, KeyID: 2, Topic: ident.Topic("j", def.Name), Partitions: 1}
		for _, c := range shape.Columns {
			t.Types = append(t.Types, route.Type{OID: def.Column(c.Name).TypeOID, Modifier: c.Typmod})
		}
		r.tables = append(r.tables, Table{Table: t, Only: true})
		topics = append(topics, broker.Topic{Name: t.Topic, Partitions: 1, Replication: 1})
	}
	if _, err := broker.EnsureTopics(r.t.Context(), kadm.NewClient(client), topics); err != nil {
		r.t.Fatal(err)
	}
}

// run loads until all is loaded, beside a stream in which nothing happens, and returns the entries.
func (r *rig) run() []*ledger.Entry {
	r.t.Helper()
	if err := r.try(); err != nil {
		r.t.Fatal(err)
	}
	return r.entries()
}

// try is run for a load that may fail.
func (r *rig) try() error {
	ctx, cancel := context.WithCancel(r.t.Context())
	var stream sync.WaitGroup
	stream.Go(func() { r.stream(ctx) })
	err := r.loader.Run(ctx)
	cancel()
	stream.Wait()
	if err == nil {
		err = r.loader.Writer.Below(r.t.Context(), 1)
	}
	return err
}

// stream grants holds and passes what the source has, as capture's does.
func (r *rig) stream(ctx context.Context) {
	conn, err := r.loader.Connect(ctx)
	if err != nil {
		r.t.Error(err)
		return
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	within, requests := r.within, r.loader.Gate.Requests()
	if within != nil {
		requests = nil
	}
	for {
		select {
		case <-within:
			within, requests = nil, r.loader.Gate.Requests()
		case h := <-requests:
			h.Grant()
			<-h.Released()
		case <-r.asked:
			var text string
			if err := conn.QueryRow(ctx, "select pg_current_wal_flush_lsn()::text").Scan(&text); err != nil {
				continue
			}
			if lsn, err := event.ParseLSN(text); err == nil {
				r.loader.Gate.Passed(lsn)
			}
		case <-ctx.Done():
			return
		}
	}
}

// entries are all of the ledger.
func (r *rig) entries() (out []*ledger.Entry) {
	r.t.Helper()
	for _, value := range r.records(broker.Ledger("j")) {
		e, err := schemas.DecodeEntry(value)
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// records are the values in a topic of one partition.
func (r *rig) records(topic string) (out [][]byte) {
	r.t.Helper()
	c, err := kgo.NewClient(append(broker.Options([]string{r.broker.Addr}), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))...)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	ends, err := kadm.NewClient(c).ListEndOffsets(r.t.Context(), topic)
	if err != nil {
		r.t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, 0)
	for at := int64(0); at < end.Offset; {
		for rec := range c.PollFetches(r.t.Context()).RecordsAll() {
			out, at = append(out, rec.Value), rec.Offset+1
		}
	}
	return out
}
