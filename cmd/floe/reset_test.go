package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/datadir"
	"floe/e2e/rig"
	"floe/pkg/broker"
)

const shop = `create table item (id int primary key, name text);
	create table sold (id int primary key, item int references item);
	create view named as select s.id, i.name from sold s join item i on i.id = s.item;
	create materialized view counted as select count(*) as n from named; create view again as select n from counted;
	insert into item select g, 'item ' || g from generate_series(1, 500) g;
	insert into sold select g, g from generate_series(1, 300) g`

// The way out of a lost slot: the halt names the command, the command makes it go away, and the next
// start is a whole new load.
func TestResetMendsALostSlot(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "lost", nil, shop)
	if log := once(t, f); strings.Contains(log, "starts again") || strings.Contains(log, "connection refused") {
		t.Errorf("a cold start complains:\n%s", log)
	}
	query(t, source, "insert into item values (501, 'later')")
	once(t, f)
	until(t, "the slot is free and gone", func() bool {
		query(t, source, "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name like 'floe_lost_%' and not active")
		return query(t, source, "select count(*) from pg_replication_slots where slot_name like 'floe_lost_%'") == "0"
	})
	query(t, source, "update item set name = 'new' where id < 10; delete from sold where id < 5; delete from item where id > 490 and id <= 500")
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(f.Tail(4000))
		}
	})
	r := command(t, f, codeFailed, "wait", "--synced", "--timeout", "3m")
	if !strings.Contains(r.Stderr, "slot-missing") || !strings.Contains(r.Stderr, "`floe job reset`") {
		t.Errorf("the halt reads: %s", r.Stderr)
	}
	// Nothing was applied since the restart; the applier says where it stands all the same.
	until(t, "the applier says where it stands", func() bool {
		r := command(t, f, codeOK, "status", "-o", "json")
		return regexp.MustCompile(`"applied_lsn":"[0-9A-F]+/[0-9A-F]*[1-9A-F]`).MatchString(r.Stdout) && strings.Contains(r.Stdout, `"loaded":500`)
	})
	wantMetrics(t, f)
	if r := command(t, f, codeConflict, "job", "reset", "--yes", "lost"); !strings.Contains(r.Stderr, "is in use by another `floe dev`") {
		t.Errorf("a running job: %s", r.Stderr)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"job", "reset"}, {"job", "reset", "--yes", "other"}} {
		if r := command(t, f, codeUsage, args...); !strings.Contains(r.Stderr, "nothing was changed") || !strings.Contains(r.Stdout, "table public.item") {
			t.Errorf("%q: %s%s", args, r.Stdout, r.Stderr)
		}
	}
	r = command(t, f, codeOK, "job", "reset", "--yes", "lost")
	log := "embedded broker's"
	if os.Getenv("FLOE_E2E_BROKER") != "" { // e2e/kafka/with
		log = "topic lost.floe.ledger"
	}
	for _, want := range []string{"publication floe_lost", "event triggers floe_*", log, "table public.sold", "the next start loads everything again"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("no %q in:\n%s", want, r.Stdout)
		}
	}
	left := query(t, target, "select (select count(*) from floe.checkpoint), (select count(*) from floe.load), (select count(*) from floe.object), to_regclass('public.item')")
	if left != "0|0|0|" {
		t.Errorf("left on the target: %s", left)
	}
	if n := query(t, source, "select (select count(*) from pg_event_trigger), to_regnamespace('floe')"); n != "0|" {
		t.Errorf("left on the source: %s", n)
	}
	if r := command(t, f, codeOK, "job", "reset", "--yes", "lost"); !strings.Contains(r.Stdout, "nothing") {
		t.Errorf("the second time: %s", r.Stdout)
	}
	once(t, f)
	if n := query(t, target, "select count(*) from item where name = 'new'"); n != "9" {
		t.Errorf("%s rows of the new state", n)
	}
}

// What the job did not make stays: a table of before, a table that took the place of one, a view that
// somebody made upon one stops the reset.
func TestResetTouchesOnlyWhatTheJobMade(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "mine", func(j *rig.Job) { j.Existing = "proceed" }, shop)
	query(t, target, "create table item (id int primary key, name text); create table other (id int); insert into item values (1, 'item 1')")
	once(t, f)
	query(t, source, "delete from sold where item > 200; delete from item where id > 200")
	if r := command(t, f, codeUsage, "job", "reset", "--yes", "mine"); !strings.Contains(r.Stderr, "--existing empty") {
		t.Errorf("undecided: %s", r.Stderr)
	}
	query(t, target, "create view mine as select * from sold")
	if r := command(t, f, codeConflict, "job", "reset", "--yes", "mine", "--existing", "empty"); !strings.Contains(r.Stderr, "view public.mine depends on table public.sold") {
		t.Errorf("a view upon it: %s", r.Stderr)
	}
	if n := query(t, target, "select count(*) from mine"); n != "300" {
		t.Errorf("%s rows", n)
	}
	query(t, target, "drop view mine")
	command(t, f, codeOK, "job", "reset", "--yes", "mine", "--existing", "empty")
	if n := query(t, target, "select to_regclass('other') is not null, to_regclass('item') is not null, to_regclass('sold') is null, (select count(*) from item)"); n != "t|t|t|0" {
		t.Errorf("left: %s", n)
	}
	once(t, f)
}

// Rows that nothing tells from the source's are not kept for a load that would bring them again.
func TestResetDoublesNoRowsOfATableWithoutAKey(t *testing.T) {
	t.Parallel()
	f, _, target := devJob(t, "twice", func(j *rig.Job) { j.Existing = "proceed" }, "create table bag (v int); insert into bag values (1), (1), (2); create table item (id int primary key); insert into item values (1)")
	query(t, target, "create table bag (v int); create table item (id int primary key); insert into item values (1)")
	once(t, f)
	r := command(t, f, codeConflict, "job", "reset", "--yes", "twice", "--existing", "keep")
	wantWords(t, r.Stdout, "table public.bag has rows and no key")
	wantWords(t, r.Stderr, "nothing was changed", `a second time`, `"public"."bag"`, "--existing empty")
	if strings.Contains(r.Stderr, "item") {
		t.Errorf("a table with a key is in the way: %s", r.Stderr)
	}
	query(t, target, "truncate bag") // what it says to do: then nothing is in the way
	command(t, f, codeOK, "job", "reset", "--yes", "twice", "--existing", "keep")
	once(t, f)
	if n := query(t, target, "select (select string_agg(v::text, ',' order by v) from bag), (select string_agg(id::text, ',' order by id) from item)"); n != "1,1,2|1" {
		t.Errorf("the target has %s", n)
	}
}

// Services of their own: a held slot and an applier at work are a running job. Of the broker's topics
// only the job's go.
func TestResetOfServicesWithABrokerOfTheirOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addr, err := broker.Address(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, source, target := devJob(t, "apart", func(j *rig.Job) { j.Kafka = &rig.Kafka{Brokers: []string{addr}, Replication: 1} }, shop)
	runService(t, "broker", "--dir", dir)
	until(t, "the broker", func() bool { // commands do not wait for it
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	stopCapture := runService(t, "capture", "-f", f.JobFile(), "--metrics", "off")
	stopApplier := runService(t, "applier", "-f", f.JobFile(), "--metrics", "off")
	if code, _, errOut := floe(t, "start", "-f", f.JobFile()); code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	if code, out, errOut := floe(t, "wait", "--synced", "-f", f.JobFile(), "--timeout", "3m"); code != codeOK {
		t.Fatalf("code %d: %s%s", code, out, errOut)
	}
	client, err := kgo.NewClient(broker.Options([]string{addr})...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	others := []string{"apart.plans", "apart.eu.public.item", "apartment.public.item"}
	if _, err := adm.CreateTopics(t.Context(), 1, 1, nil, others...); err != nil {
		t.Fatal(err)
	}
	args := []string{"job", "reset", "-f", f.JobFile(), "--yes", "apart"}
	for _, c := range []struct {
		want string
		stop func()
	}{{"a capture holds slot floe_apart_", stopCapture}, {"applier main is at work", stopApplier}} {
		if code, _, errOut := floe(t, args...); code != codeConflict || !strings.Contains(errOut, c.want) {
			t.Fatalf("code %d: %s", code, errOut)
		}
		c.stop()
	}
	if code, out, errOut := floe(t, args...); code != codeOK || !strings.Contains(out, "topic apart.public.item") {
		t.Fatalf("code %d: %s%s", code, out, errOut)
	}
	topics, err := adm.ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(others)
	if got := topics.Names(); !slices.Equal(got, others) {
		t.Errorf("topics left: %q", got)
	}
	if n := query(t, source, "select count(*) from pg_publication"); n != "0" {
		t.Errorf("%s publications are left", n)
	}
	runService(t, "capture", "-f", f.JobFile(), "--metrics", "off")
	runService(t, "applier", "-f", f.JobFile(), "--metrics", "off")
	if code, _, errOut := floe(t, "start", "-f", f.JobFile()); code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	if code, _, errOut := floe(t, "wait", "--synced", "-f", f.JobFile(), "--timeout", "3m"); code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	if n := query(t, target, "select count(*) from item"); n != "500" {
		t.Errorf("%s rows", n)
	}
}

// runService runs one in this process until the test ends or stop is called.
func runService(t *testing.T, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var out, errOut bytes.Buffer
	go func() {
		defer close(ended)
		if code := run(ctx, args, &out, &errOut); code != codeOK {
			t.Errorf("%s ended with %d: %s", args[0], code, errOut.String())
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

// wantMetrics looks for the metrics of capture and applier on dev's one address.
func wantMetrics(t *testing.T, f *rig.Floe) {
	t.Helper()
	e, err := datadir.ReadEndpoint(f.Data())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"floe_capture_rows_total", "floe_capture_bytes_total", "floe_capture_transactions_total", "floe_slot_retained_bytes"} {
		until(t, "metric "+name, func() bool { // a service that is too busy to answer at once is left out
			r, err := http.Get(e.Console + "/metrics")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Contains(string(text), "# TYPE "+name)
		})
	}
}

// A deleted job leaves the target's tables with their rows, and nothing else; deleting it twice is nothing.
func TestDeleteLeavesTheTablesAlone(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "ended", nil, shop)
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	command(t, f, codeConflict, "delete", "--yes", "ended")
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := command(t, f, codeUsage, "delete", "--yes", "other"); !strings.Contains(r.Stderr, "nothing was changed") {
		t.Errorf("another name: %s", r.Stderr)
	}
	wantWords(t, command(t, f, codeOK, "delete", "--yes", "ended").Stdout, "DELETE ended", "slot floe_ended_", "publication floe_ended", "schema floe, which no other job uses",
		"stays        public.item of the target, with its rows", "stays        public.named", "job ended is deleted")
	if n := query(t, target, "select (select count(*) from item), (select count(*) from named), to_regnamespace('floe')"); n != "500|300|" {
		t.Errorf("left on the target: %s", n)
	}
	if n := query(t, source, "select (select count(*) from pg_event_trigger), (select count(*) from pg_replication_slots where slot_name like 'floe_ended_%'), (select count(*) from pg_publication), to_regnamespace('floe')"); n != "0|0|0|" {
		t.Errorf("left on the source: %s", n)
	}
	wantWords(t, command(t, f, codeOK, "delete", "--yes", "ended").Stdout, "nothing")
}
