package main

import (
	"strings"
	"testing"

	"floe/pkg/overview"
)

func TestLoadIsShownAsPartOfTheTable(t *testing.T) {
	t.Parallel()
	s := overview.Summary{Job: "j", State: "INIT_DATA", Tables: []overview.Table{
		{Schema: "s", Name: "a", State: "in sync", Loaded: 10, Estimate: 7}, {Schema: "s", Name: "b", State: "loading", Loaded: 250, Estimate: 1000},
		{Schema: "s", Name: "c", State: "settling", Loaded: 50, Estimate: 50}, {Schema: "s", Name: "d", State: "waiting"}}}
	var b strings.Builder
	if err := writeStatus(&b, s); err != nil || !strings.Contains(b.String(), "tables 4: 1 in sync, 3 loading (28 %, 300 of about 1050 rows)") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	if err := writeTables(&b, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"in sync   10 ", "250 (25 % of about 1000)", "50 (99 % of about 50)", "waiting   0 "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
