package capture_test

import (
	"context"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"floe/pkg/halt"
	"floe/pkg/registry"
)

// consumer is somebody who knows the brokers and a schema registry, and nothing of floe.
type consumer struct {
	t        *testing.T
	registry *sr.Client
	ids      map[string]map[uint32]bool // that keys and values bear
}

func newConsumer(t *testing.T, url string) *consumer {
	t.Helper()
	c, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		t.Fatal(err)
	}
	return &consumer{t, c, map[string]map[uint32]bool{"key": {}, "value": {}}}
}

// decode reads a key or value by the schema that its first bytes name, which must be its subject's.
func (c *consumer) decode(topic, which string, b []byte, into any) {
	c.t.Helper()
	if len(b) < 5 || b[0] != 0 {
		c.t.Fatalf("%s of %s: %x", which, topic, b)
	}
	id := binary.BigEndian.Uint32(b[1:])
	c.ids[which][id] = true
	schema, err := c.registry.SchemaByID(c.t.Context(), int(id))
	if err != nil {
		c.t.Fatalf("schema %d of a %s of %s: %v", id, which, topic, err)
	}
	parsed, err := avro.ParseWithCache(schema.Schema, "", &avro.SchemaCache{})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := avro.Unmarshal(parsed, b[5:], into); err != nil {
		c.t.Fatalf("a %s of %s: %v", which, topic, err)
	}
	subjects, err := c.registry.SubjectsByID(c.t.Context(), int(id))
	if err != nil || len(subjects) != 1 || subjects[0] != topic+"-"+which {
		c.t.Fatalf("schema %d of a %s of %s belongs to %v (%v)", id, which, topic, subjects, err)
	}
}

// item is a row of the test's table as its consumers see it.
type item struct {
	ID   *int32  `avro:"id"`
	Name *string `avro:"na_x00E9_me"`
}

type itemKey struct {
	ID   string `avro:"id"`
	Name string `avro:"na_x00E9_me"`
}

type itemEvent struct {
	Before *item  `avro:"before"`
	After  *item  `avro:"after"`
	Op     string `avro:"op"`
}

// consume reads the table's topic from its beginning and returns how often each op came.
func (c *consumer) consume(j *job, rows int) map[string]int {
	c.t.Helper()
	const topic = "j.public.items"
	client := j.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))
	ops := map[string]int{}
	for n := 0; n < rows; {
		fetches := client.PollFetches(c.t.Context())
		if err := fetches.Err(); err != nil {
			c.t.Fatal(err)
		}
		for rec := range fetches.RecordsAll() {
			n++
			var key itemKey
			var e itemEvent
			c.decode(topic, "key", rec.Key, &key)
			c.decode(topic, "value", rec.Value, &e)
			ops[e.Op]++
			image := e.After
			if image == nil {
				image = e.Before
			}
			if image == nil || image.ID == nil || image.Name == nil || key.Name != *image.Name || key.ID != "1" && key.ID != "2" {
				c.t.Errorf("key %+v of row %+v", key, image)
			}
		}
	}
	return ops
}

const itemsTable = `create table items (id int, "naéme" text, primary key (id, "naéme"))`

// Whoever has the brokers' address and the registry's reads keys and values, across a restart.
func TestKeysAndValuesAreReadByTheRegistryAlone(t *testing.T) {
	t.Parallel()
	j := newJob(t, itemsTable, `insert into items values (1, 'one')`)
	j.start()
	j.waitLog(0)
	j.halt()
	j.exec(`insert into items values (2, 'two')`, `delete from items where id = 1`)
	j.start()
	j.waitLog(j.end())
	server, err := registry.NewServer(j.config.Kafka, j.config.Prefix, logOf(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		web.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c := newConsumer(t, web.URL)
	if ops := c.consume(j, 3); ops["r"] != 1 || ops["c"] != 1 || ops["d"] != 1 {
		t.Errorf("ops %v", ops)
	}
	if len(c.ids["key"]) != 2 || len(c.ids["value"]) != 2 {
		t.Errorf("two epochs, ids %v", c.ids)
	}
	for id := range c.ids["key"] {
		if c.ids["value"][id] {
			t.Errorf("keys and values share id %d", id)
		}
	}
}

// With a registry elsewhere the ids are its, stay the same after a restart, and the log has them too.
func TestARegistryElsewhereGivesTheIDsOfRows(t *testing.T) {
	t.Parallel()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	var away atomic.Bool
	away.Store(true)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			away.Store(false) // one try fails
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fake.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	j := newJob(t, itemsTable, `create table bag (v text)`, `insert into items values (1, 'one')`)
	var err error
	if j.config.Registry, err = registry.NewRemote(front.URL, nil); err != nil {
		t.Fatal(err)
	}
	j.start()
	j.waitLog(0)
	j.halt()
	j.exec(`insert into items values (2, 'two')`, `insert into bag values ('b')`)
	j.start()
	j.waitLog(j.end())
	if away.Load() {
		t.Error("the registry was never asked")
	}
	c := newConsumer(t, fake.URL())
	if ops := c.consume(j, 2); ops["r"] != 1 || ops["c"] != 1 {
		t.Errorf("ops %v", ops)
	}
	if len(c.ids["key"]) != 1 || len(c.ids["value"]) != 1 {
		t.Errorf("ids %v change with a restart", c.ids)
	}
	if fake.SubjectExists("j.public.bag-key") || !fake.SubjectExists("j.public.bag-value") {
		t.Error("a table without a key has a schema of values alone")
	}
	j.tap().replay().same(j)
}

// A registry that does not want a schema stops the job before anything is written, and says how to go on.
func TestARefusingRegistryHaltsBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	var refuses atomic.Bool
	refuses.Store(true)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuses.Load() && r.URL.Path == "/subjects/j.public.items-key/versions" {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"error_code":409,"message":"Schema being registered is incompatible with an earlier schema"}`))
			return
		}
		fake.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	j := newJob(t, itemsTable, `insert into items values (1, 'one')`)
	var err error
	if j.config.Registry, err = registry.NewRemote(front.URL, nil); err != nil {
		t.Fatal(err)
	}
	j.start()
	j.waitHalt(halt.RegistryRefused)
	refuses.Store(false)
	j.waitLog(0)
	j.halt()
	if p := j.tap(); !strings.HasPrefix(p.String(), "epoch1 ") || strings.Contains(p.String(), "epoch2") {
		t.Errorf("the ledger is %s", p)
	}
}
