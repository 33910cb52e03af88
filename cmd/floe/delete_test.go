package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
)

// A job whose services are apart is deleted by who knows the log alone: each service clears its own side, then
// the log goes. What was cut short in between, the command or a service, a further run ends; behind that
// nothing is made again by services that still run.
func TestDeleteByTheLogAlone(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "gone", nil, shop, "create table bag (a int); insert into bag values (1)")
	was := entries(t, source)
	a := newApart(t, f, "gone")
	c, p := a.service("capture-1", "capture", "--source", source), a.service("applier-1", "applier", "--target", target)
	a.client(codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
	wantWords(t, a.client(codeConflict, "delete", "--yes", "gone").Stderr, "the job runs; floe stop first")
	a.client(codeOK, "stop", "--wait", "STOPPED")
	r := a.client(codeUsage, "delete", "--yes", "other")
	wantWords(t, r.Stdout, "DELETE gone", "source       slot floe_gone_", "publication floe_gone", "topic gone.public.item", "topic gone.floe.ledger", "the job's rows in schema floe", "stays        3 tables of the target")
	wantWords(t, r.Stderr, "nothing was changed")

	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Send(a.ctx, broker.Options([]string{a.address}), "gone", ledger.VerbDelete, "gone"); err != nil { // and the command is killed
		t.Fatal(err)
	}
	until(t, "capture clears the source", func() bool {
		return query(t, source, marks) == "0|0|0|" && strings.Contains(c.Log(), "the job is deleted")
	})
	wantEntries(t, source, was)
	wantWords(t, a.client(codeConflict, "start").Stderr, "it is deleted by", "floe delete ends what it began")
	if got := query(t, target, "select to_regnamespace('floe') is not null"); got != "t" {
		t.Fatal("the target was cleared by nobody")
	}
	p = a.service("applier-2", "applier", "--target", target)
	wantWords(t, a.client(codeOK, "delete", "--yes", "gone").Stdout, "capture: removed: slot floe_gone_", "applier: removed: ", "job gone is deleted")
	if got := query(t, target, "select (select count(*) from item), (select count(*) from named), to_regnamespace('floe')"); got != "500|300|" {
		t.Errorf("left on the target: %s", got)
	}
	wantWords(t, a.client(codeOK, "delete", "--yes", "gone").Stdout, "nothing is left of job gone in its log")
	if c.Ended() || p.Ended() {
		t.Error("a service ended; its supervisor would start it again")
	}
	if err := errors.Join(c.Kill(), p.Kill()); err != nil {
		t.Fatal(err)
	}
	if got := a.topics(); slices.ContainsFunc(got, func(name string) bool { return strings.HasPrefix(name, "gone.") }) {
		t.Errorf("topics left: %q", got)
	}
}
