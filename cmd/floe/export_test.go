package main

import (
	"fmt"
	"testing"

	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/ledger"
)

// What is exported selects what the job selects now, whatever commands said since the file was written.
func TestAnExportSelectsWhatTheJobDoes(t *testing.T) {
	t.Parallel()
	sent := []ledger.Command{{Verb: ledger.VerbAdd, Args: []string{`"public"."new"`, `"sales"."tmp_1"`}}, {Verb: ledger.VerbRemove, Args: []string{`"public"."orders"`, `"sales"."gone"`}},
		{Verb: ledger.VerbAdd, Args: []string{`"sales"."back"`, `"Odd: #1"."T"`}}, {Verb: ledger.VerbRemove, Args: []string{`"public"."new"`}}, {Verb: "pause"}}
	for i := range sent {
		sent[i].ID = fmt.Sprint(i)
	}
	for _, objects := range []string{"{include: [sales, public.orders], exclude: [sales.tmp_*, sales.back]}", "{database: true, exclude: [sales.tmp_*, sales.back]}"} {
		j, err := job.Parse("f", []byte("name: j\nobjects: "+objects+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		w := control.Fold(sent)
		unsaid := follow(j, &w)
		if len(unsaid) != 1 || unsaid[0].Name != "tmp_1" {
			t.Errorf("%s: unsaid are %v", objects, unsaid)
		}
		now, err := job.Parse("exported", j.Text())
		if err != nil {
			t.Fatalf("%v in:\n%s", err, j.Text())
		}
		for n, want := range map[ident.Name]bool{{Schema: "public", Name: "new"}: false, {Schema: "public", Name: "orders"}: false, {Schema: "sales", Name: "gone"}: false,
			{Schema: "sales", Name: "back"}: true, {Schema: "Odd: #1", Name: "T"}: true, {Schema: "sales", Name: "other"}: true} {
			if now.Includes(n) != want {
				t.Errorf("%s: %s is included: %v\n%s", objects, n, !want, j.Text())
			}
		}
	}
}
