package ending

import (
	"strings"
	"testing"

	"floe/pkg/ident"
)

func TestTopicsOfOtherPrefixesAreNotTheJobs(t *testing.T) {
	t.Parallel()
	for topic, mine := range map[string]bool{
		"p.floe.ledger": true, "p.floe.state": true, "p.floe.answers": true, "p.public.t": true, "p.s_x002E_x.t": true, "p.public.t-" + strings.Repeat("0", 32): false,
		"p.floe.other": false, "p.q.floe.ledger": false, "p.t": false, "p": false, "px.public.t": false, "p.a.b.c": false, "p..t": false, "p.a.": false,
		ident.Topic("p", ident.Name{Schema: "s", Name: strings.Repeat("é", 60)}): true, ident.Topic("p", ident.Name{Schema: strings.Repeat("é", 60), Name: "t"}): true,
	} {
		if Owns("p", topic) != mine {
			t.Errorf("%s: %v", topic, !mine)
		}
	}
}
