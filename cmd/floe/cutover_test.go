package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"floe/cmd/floe/cutover"
	"floe/e2e/rig"
	"floe/pkg/control"
	"floe/pkg/job"
)

const inUse = `create table dts_orders (id int); create table item (id serial primary key, name text, kind text check (kind <> 'bad'));
	create table sold (id int primary key, item int references item);
	create function mark() returns trigger language plpgsql as 'begin new.name := new.name || ''!''; return new; end';
	create trigger marked before insert on item for each row execute procedure mark(); alter table item enable always trigger marked;
	create rule kept as on delete to sold where old.id < 3 do instead nothing;
	create materialized view counted as select count(*) as n from item; create publication shown for table item;
	insert into item (name) select 'item ' || g from generate_series(1, 500) g;
	insert into sold select g, g from generate_series(1, 300) g`

// The target takes over: what waited is made, sequences go on, the job does not start again. A source that wrote
// behind the stop is found out before anything is changed.
func TestTheTargetTakesOver(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "over", nil, inUse)
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "80s")
	query(t, source, "insert into item (name) values ('later')")
	wantWords(t, command(t, f, codeUsage, "cutover", "--yes", "other").Stderr, "nothing was changed")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "80s")
	wantWords(t, command(t, f, codeConflict, "verify", "public.item", "public.itm").Stderr, "not compared", "public.itm")
	wantPlaced(t, f, source, target)

	command(t, f, codeOK, "stop", "--wait", "STOPPED", "--timeout", "60s")
	wantWords(t, command(t, f, codeConflict, "cutover", "--yes", "over").Stderr, "nothing was changed", "`floe start` first")
	wantLate(t, f, source)

	command(t, f, codeOK, "start")
	wantUnbarred(t, f, source, target)
	got := query(t, target, `select (select tgenabled from pg_trigger where tgname = 'marked'), (select count(*) from pg_rules where rulename = 'kept'), (select n from counted),
		(select count(*) from pg_publication where pubname = 'shown'), nextval('item_id_seq') > 501, (select name from item where id = 501)`)
	if want := "A|1|502|1|t|later!"; got != want {
		t.Errorf("on the target: %s, want %s", got, want)
	}
	wantWords(t, command(t, f, codeOK, "status").Stdout, "over  FINISHED", "finished by", "floe delete")
	for _, verb := range []string{"start", "pause"} {
		wantWords(t, command(t, f, codeConflict, verb).Stderr, "it is finished by")
	}
	wantWords(t, command(t, f, codeOK, "cutover").Stdout, "0 objects made or enabled")
}

// wantUnbarred has a source written to while the target takes over: what no look before the end could see is told.
func wantUnbarred(t *testing.T, f *rig.Floe, source, target string) {
	t.Helper()
	held, err := rig.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close(context.Background())                                                            //nolint:errcheck
	if _, err := held.Exec(t.Context(), "begin; lock table item in row exclusive mode"); err != nil { // its triggers wait for it
		t.Fatal(err)
	}
	ended := make(chan rig.Result, 1)
	go func() {
		r, err := f.Client(t.Context(), "cutover", "--yes", "over", "--timeout", "80s")
		if err != nil {
			t.Error(err)
		}
		ended <- r
	}()
	until(t, "the job is finished", func() bool { return strings.Contains(command(t, f, codeOK, "status").Stdout, "over  FINISHED") })
	query(t, source, "insert into item (name) values ('unseen')")
	if _, err := held.Exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	r := <-ended
	wantWords(t, r.Stdout, "the target has what the source had", "job over is finished")
	wantWords(t, r.Stderr, "while the target took over", "public.item", "by hand")
	if r.Code != codeMismatch {
		t.Errorf("exit code %d: %s", r.Code, r.Stderr)
	}
}

// wantPlaced has a job stopped while the log holds a change that the applier has not made true: the slot sends it
// no more.
func wantPlaced(t *testing.T, f *rig.Floe, source, target string) {
	t.Helper()
	command(t, f, codeOK, "set", "throttle.apply_rows=1")
	query(t, source, "insert into sold select 1000 + g from generate_series(1, 600) g") // nothing else for ten minutes
	until(t, "they are applied", func() bool { return query(t, target, "select count(*) from sold") == "900" })
	query(t, source, "insert into sold values (2000)")
	at := query(t, source, "select pg_current_wal_insert_lsn()")
	until(t, "capture has placed it", func() bool {
		return query(t, source, "select bool_and(confirmed_flush_lsn >= '"+at+"') from pg_replication_slots where slot_name ~ '^floe_over_'") == "t"
	})
	command(t, f, codeOK, "stop", "--wait", "STOPPED", "--timeout", "60s")
	over := opened(t, f)
	var late *cutover.LateError
	if err := over.Late(t.Context()); !errors.As(err, &late) || late.Changes != 1 || !strings.Contains(err.Error(), "public.sold") {
		t.Errorf("with a change in the log: %v", err)
	}
	over.Close()
	command(t, f, codeOK, "start")
	command(t, f, codeOK, "set", "throttle.apply_rows=0")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "80s")
}

// opened is a cut-over of a job that rests.
func opened(t *testing.T, f *rig.Floe) *cutover.CutOver {
	t.Helper()
	j, err := job.Load(f.JobFile())
	if err != nil {
		t.Fatal(err)
	}
	brokers, err := f.Brokers()
	if err != nil {
		t.Fatal(err)
	}
	j.UseBrokers(brokers)
	over, err := cutover.Open(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return over
}

// wantLate writes to the source of a job that rests.
func wantLate(t *testing.T, f *rig.Floe, source string) {
	t.Helper()
	over := opened(t, f)
	defer over.Close()
	if err := over.Late(t.Context()); err != nil {
		t.Errorf("before the source wrote: %v", err)
	}
	query(t, source, "insert into item (name) values ('late'); insert into dts_orders values (1); alter table sold add more int")
	var late *cutover.LateError
	if err := over.Late(t.Context()); !errors.As(err, &late) || !strings.Contains(err.Error(), "floe.ddl, public.dts_orders, public.item") {
		t.Errorf("behind that: %v", err)
	}
}

// The console of floe dev has the target take over, though an earlier cut-over was cut short behind its stop, and all is
// killed amid what it makes: the same request goes on.
func TestCutOverInTheConsoleOfDev(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "handed", nil, inUse)
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "80s")
	path := "/api/v1/jobs/handed/cutover"
	if code, body := posted(t, f.Console()+path, `{"job": "Handed"}`); code != 409 || !strings.Contains(body, "not-confirmed") {
		t.Fatalf("%d %s", code, body)
	}
	command(t, f, codeOK, "stop", "--wait", "STOPPED", "--timeout", "60s")
	if code, body := posted(t, f.Console()+path, `{"job": "handed"}`); code != 409 || !strings.Contains(body, `"hint":"floe start"`) {
		t.Fatalf("%d %s", code, body)
	}
	command(t, f, codeOK, "start")
	command(t, f, codeOK, "stop", "--wait", "STOPPED", "--timeout", "60s", "--reason", control.CutOver) // as one does that is killed behind that
	query(t, source, "insert into item (name) values ('later')")

	held, err := rig.Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close(context.Background())                                                            //nolint:errcheck
	if _, err := held.Exec(t.Context(), "begin; lock table item in row exclusive mode"); err != nil { // its triggers wait for it
		t.Fatal(err)
	}
	if code, body := posted(t, f.Console()+path, `{"job": "handed"}`); code != 202 || !strings.Contains(body, `"running":true`) {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "the job is finished", func() bool { return strings.Contains(command(t, f, codeOK, "status").Stdout, "handed  FINISHED") })
	killed(t, f)
	if _, err := held.Exec(t.Context(), "commit"); err != nil {
		t.Fatal(err)
	}
	if got := query(t, target, "select tgenabled from pg_trigger where tgname = 'marked'"); got != "D" {
		t.Fatalf("the trigger is %s before anybody went on", got)
	}
	if err := f.Start("--listen", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	until(t, "the console is there again", func() bool {
		code, body := asked(t, f.Console()+path)
		return code == 200 && strings.Contains(body, `"finished":true`)
	})
	if code, body := posted(t, f.Console()+path, `{"job": "handed"}`); code != 202 {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "the target has taken over", func() bool {
		_, body := asked(t, f.Console()+path)
		return strings.Contains(body, `"done":true`) && strings.Contains(body, `"wanting":[]`)
	})
	got := query(t, target, `select (select tgenabled from pg_trigger where tgname = 'marked'), (select n from counted), (select count(*) from pg_publication where pubname = 'shown'), nextval('item_id_seq') > 501, (select name from item where id = 501)`)
	if want := "A|501|1|t|later"; got != want && got != want+"!" {
		t.Errorf("on the target: %s, want %s", got, want)
	}
}
