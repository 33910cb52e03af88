package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/job"
)

// From its first start on a job is what the log says: services that start by a changed file show the difference and
// go on with the log, other names and conditions included. floe job apply puts what can change there, a service that
// starts then takes it up, and floe job export prints what is true. Before the start a mended file counts.
func TestAChangedFileIsShownAndNotFollowed(t *testing.T) {
	t.Parallel()
	var first rig.Job
	f, source, target := devJob(t, "footing", func(j *rig.Job) {
		j.Objects = rig.Objects{Include: []string{"public.item", "public.sold"}, Mapping: []rig.Mapping{{From: "public.item", To: "public.thing"}}}
		first = *j
	}, shop)
	query(t, target, "create table thing (id int)")
	a := newApart(t, f, "footing")
	write := func(change func(*rig.Job)) {
		t.Helper()
		j := first
		j.Objects.Mapping = slices.Clone(first.Objects.Mapping)
		change(&j)
		if err := j.Write(f.JobFile()); err != nil {
			t.Fatal(err)
		}
	}
	start := func(run func(string, string, ...string) (*rig.Service, error), name string) *rig.Service {
		t.Helper()
		s, err := run(name, a.address)
		if err != nil {
			t.Fatal(err)
		}
		a.ends(s)
		return s
	}
	const shown = "the job file is not what the log says that the job is"

	c := start(f.Capture, "capture-1")
	a.until("PRECHECKING", c)
	write(func(j *rig.Job) { j.Objects.Mapping[0].To = "public.goods" })
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	c, p := start(f.Capture, "capture-2"), start(f.Applier, "applier-2")
	a.client(codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
	if log := c.Log() + p.Log(); strings.Contains(log, shown) {
		t.Errorf("a file that was mended before the start is not followed: %s", log)
	}
	until(t, "both said by which file they run", func() bool {
		return strings.Contains(a.client(codeOK, "job", "export").Stdout, "public.goods")
	})

	if err := errors.Join(c.Kill(), p.Kill()); err != nil {
		t.Fatal(err)
	}
	changed := func(j *rig.Job) {
		j.Objects = rig.Objects{Include: []string{"public.item"}, Mapping: []rig.Mapping{{From: "public.item", To: "public.other"}}, Filters: []rig.Filter{{Table: "public.item", Where: "id > 250"}}}
		j.Heartbeat = &rig.Heartbeat{Interval: "7s"}
	}
	write(changed)
	c, p = start(f.Capture, "capture-3"), start(f.Applier, "applier-3")
	for _, s := range []*rig.Service{c, p} {
		if err := s.Says(a.ctx, shown); err != nil {
			t.Fatal(err)
		}
		wantWords(t, s.Log(), "+ to: public.other", "- to: public.goods", "floe job apply makes the file true")
	}
	query(t, source, "insert into item values (1001, 'after'); update item set name = 'x' where id = 1; insert into sold values (1001, 1)")
	a.until("SYNCING", c, p)
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*), (select count(*) from sold), (select name from goods where id = 1), to_regclass('other') from goods"); got != "501|301|x|" {
		t.Errorf("the target has %s", got)
	}
	// Who compares goes by the log, too.
	r, err := f.Run(a.ctx, "verify", "-f", f.JobFile(), "--broker", a.address)
	if err != nil || r.Code != codeOK || !strings.Contains(r.Stdout, "2 tables, 802 rows: equal") {
		t.Errorf("%d, %v\n%s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	if r, err = f.Run(a.ctx, "job", "apply", "-f", f.JobFile(), "--broker", a.address); err != nil || r.Code != codeConflict {
		t.Errorf("%d, %v\n%s%s", r.Code, err, r.Stdout, r.Stderr)
	}

	// What can change goes into the log, and counts from the next start on.
	write(func(j *rig.Job) {
		j.Objects.Mapping[0].To = "public.goods"
		j.Heartbeat = &rig.Heartbeat{Interval: "7s"}
	})
	if r, err = f.Run(a.ctx, "job", "apply", "-f", f.JobFile(), "--broker", a.address); err != nil || r.Code != codeOK {
		t.Fatalf("%d, %v\n%s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	wantWords(t, r.Stdout, "later", "heartbeat", "capture takes it up when it next starts")
	export := a.client(codeOK, "job", "export").Stdout
	wantWords(t, export, "interval: 7s", "to: public.goods")
	if _, err := job.Parse("export", []byte(export)); err != nil {
		t.Errorf("what is exported is no job file: %v", err)
	}
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	c = start(f.Capture, "capture-4")
	query(t, source, "insert into item values (1002, 'again')")
	a.until("SYNCING", c)
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if strings.Contains(c.Log(), shown) {
		t.Errorf("a file that was applied differs: %s", c.Log())
	}
}
