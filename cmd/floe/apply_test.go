package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/broker"
	"floe/pkg/console"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/ledger"
)

// Each part of a job file that differs is set, joins, leaves, waits for a service's start, or is refused; what
// is each service's own is not compared.
func TestAFileIsComparedWithTheJob(t *testing.T) {
	t.Parallel()
	file := func(text string) *job.Job {
		t.Helper()
		j, err := job.Parse("f", []byte("name: j\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	const objects = "include: [sales, public.a], exclude: [sales.tmp_*]"
	runs := "source: {url: 'postgres://one/x', password: '${P}'}\nobjects: {" + objects + "}\nthrottle: {load_rows: 10}\n"
	base := []ledger.Command{{ID: "1", Verb: ledger.VerbDescribe, Args: []string{"capture", described(file(runs))}}, {ID: "2", Verb: ledger.VerbDescribe, Args: []string{"applier/main", described(file(runs))}},
		{ID: "3", Verb: ledger.VerbSet, Args: []string{"throttle.load_rows=20"}}, {ID: "4", Verb: ledger.VerbAdd, Args: []string{"public.c"}}, {ID: "5", Verb: ledger.VerbRemove, Args: []string{"public.a"}}}
	if strings.Contains(base[0].Args[1], "one") || strings.Contains(base[0].Args[1], "${P}") {
		t.Errorf("addresses are in the log: %s", base[0].Args[1])
	}
	w := control.Fold(base)
	tables := []ident.Name{{Schema: "sales", Name: "x"}, {Schema: "sales", Name: "tmp_1"}, {Schema: "public", Name: "a"}, {Schema: "public", Name: "c"}, {Schema: "other", Name: "o"}}
	for text, want := range map[string][]string{
		"source: {url: 'postgres://two/y'}\nobjects: {include: [sales, public.c], exclude: [sales.tmp_*]}\nthrottle: {load_rows: 20}\n": {"later objects.include, exclude"},
		"objects: {" + objects + "}\nthrottle: {load_rows: 10}\n":                                                                       {`add "public"."a"`, `remove "public"."c"`, "set throttle.load_rows"},
		"objects: {include: [sales, public.c]}\nthrottle: {load_rows: 20}\napply: {batch_wait: 7ms}\n":                                  {`add "sales"."tmp_1"`, "later objects.include, exclude", "set apply.batch_wait"},
		"objects: {include: [sales, public.c], exclude: [sales.tmp_*], mapping: [{from: sales.x, to: sales.y}], filters: [{table: sales.x, where: a > 1}]}\nthrottle: {load_rows: 20}\non_existing: proceed\nddl: off\n": {
			"later ddl", "later objects.include, exclude", "refused objects.filters", "refused objects.mapping", "refused on_existing"},
		"objects: {database: true, identity: keep, exclude: [sales.tmp_*, other, public.a]}\nthrottle: {load_rows: 20}\ninit: {data: {enabled: false, readers: 3}, structure: {enabled: false, unsupported: fail}}\nheartbeat: {interval: 2s}\n": {
			"later heartbeat", "later init.data", "later init.structure.unsupported", "later objects.identity", "later objects.include, exclude", "refused init.data.enabled", "refused init.structure.enabled", "refused objects.database"},
	} {
		now, err := running(&w)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range compare(now, file(text), &w, tables) {
			got = append(got, d.Kind+" "+d.Field)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s\n is %q, want %q", text, got, want)
		}
	}
	none := control.Fold(nil)
	if _, err := running(&none); err == nil || !strings.Contains(err.Error(), "does not say by which file capture runs") {
		t.Errorf("without a file: %v", err)
	}
}

// A changed file is made true of a running job: bounds are set, tables join and leave. What cannot change is
// refused, and then nothing is sent.
func TestAChangedFileIsApplied(t *testing.T) {
	t.Parallel()
	var first rig.Job
	f, _, target := devJob(t, "applied", func(j *rig.Job) {
		j.Objects = rig.Objects{Include: []string{"public.item"}}
		first = *j
	}, shop)
	a := newApart(t, f, "applied")
	start := func(n int) {
		t.Helper()
		for name, run := range map[string]func(string, string, ...string) (*rig.Service, error){"capture": f.Capture, "applier": f.Applier} {
			s, err := run(fmt.Sprint(name, n), a.address)
			if err != nil {
				t.Fatal(err)
			}
			a.ends(s)
		}
	}
	start(1)
	a.client(codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
	apply := func(code int, change func(*rig.Job)) rig.Result {
		t.Helper()
		j := first
		change(&j)
		path := filepath.Join(f.Dir, "changed.yaml")
		if err := j.Write(path); err != nil {
			t.Fatal(err)
		}
		r, err := f.Run(a.ctx, "job", "apply", "-f", path, "--broker", a.address)
		if err != nil || r.Code != code {
			t.Fatalf("floe job apply ended with %d, %v\n%s%s", r.Code, err, r.Stdout, r.Stderr)
		}
		return r
	}
	until(t, "both said by which file they run", func() bool {
		sent, err := control.Read(a.ctx, broker.Options([]string{a.address}), "applied")
		return err == nil && len(sent.Files) == 2
	})
	wantWords(t, apply(codeOK, func(*rig.Job) {}).Stdout, "job applied runs as the file says")
	url := a.console()
	rest := func(code int, file, words string) {
		t.Helper()
		body, err := json.Marshal(console.Changes{File: file})
		if err != nil {
			t.Fatal(err)
		}
		if got, said := posted(t, url+"/api/v1/job/apply", string(body)); got != code || !strings.Contains(said, words) {
			t.Fatalf("%d, want %d and %s: %s", got, code, words, said)
		}
	}
	sent := a.sent()
	// A console takes nothing of a file that leads elsewhere.
	lure := "source: {url: postgres://x@192.0.2.1/x, password: \"${file:/etc/hostname}\"}\n"
	rest(200, lure+"objects: {include: [public.item]}\n", `{"differences":[],"sent":false}`)
	rest(400, "objects: {included: [public.item]}\n", "included")
	rest(409, "name: other\nobjects: {include: [public.item]}\n", "the file is of job other")
	rest(409, "objects: {include: [public.sold], mapping: [{from: public.item, to: public.thing}]}\n", "objects.mapping")
	if a.sent() != sent {
		t.Errorf("%d commands were sent", a.sent()-sent)
	}
	r := apply(codeConflict, func(j *rig.Job) {
		j.Objects.Include, j.Objects.Mapping = []string{"public.sold"}, []rig.Mapping{{From: "public.item", To: "public.thing"}}
	})
	wantWords(t, r.Stdout, "refused", "objects.mapping", "floe job reset", "remove", "public.item", "add", "public.sold")
	if wantWords(t, r.Stderr, "nothing was changed"); a.sent() != sent {
		t.Errorf("%d commands were sent", a.sent()-sent)
	}
	wider := func(j *rig.Job) {
		j.Objects.Include, j.Throttle = []string{"public.item", "public.sold"}, &rig.Throttle{LoadRows: 9000}
	}
	wantWords(t, apply(codeOK, wider).Stdout, "APPLY applied", "throttle.load_rows", "0 -> 9000", "public.sold", "it is loaded", "later", "capture takes it up when it next starts", "the services have taken it up")
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*) from sold"); got != "300" {
		t.Errorf("%s rows of the table that joined", got)
	}
	wantWords(t, a.client(codeOK, "set").Stdout, "throttle.load_rows", " 9000\n")
	wantWords(t, apply(codeOK, func(j *rig.Job) { wider(j); j.Objects.Include = first.Objects.Include }).Stdout, "remove", "public.sold", "the target's copy stays")
	until(t, "the table has left before it joins again", func() bool { return !strings.Contains(a.client(codeOK, "tables").Stdout, "public.sold") })
	rest(200, "objects: {include: [public.item, public.sold]}\nthrottle: {load_rows: 7000}\n", `"kind":"set","field":"throttle.load_rows","was":"9000","now":"7000"},{"kind":"add"`)
	until(t, "it is loaded again", func() bool { return strings.Contains(a.client(codeOK, "tables").Stdout, "public.sold") })
	wantWords(t, a.client(codeOK, "set").Stdout, "throttle.load_rows", " 7000\n")
	rest(200, "objects: {include: [public.item]}\nthrottle: {load_rows: 7000}\n", `"kind":"remove"`)
	until(t, "the table has left", func() bool { return !strings.Contains(a.client(codeOK, "tables").Stdout, "public.sold") })
}
