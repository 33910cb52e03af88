package structure

import (
	"slices"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

func TestNewLabelsComeWhereTheyBelong(t *testing.T) {
	t.Parallel()
	enum := func(oid uint32, labels ...string) catalog.Definition {
		e := &catalog.EnumDef{}
		for _, l := range labels { // "1a" is label a of oid 1
			e.Labels, e.OIDs = append(e.Labels, l[1:]), append(e.OIDs, uint32(l[0]-'0'))
		}
		return catalog.Definition{Kind: catalog.KindEnum, OID: oid, Name: ident.Name{Schema: "s", Name: "E"}, Body: e}
	}
	const add = `ALTER TYPE "s"."E" ADD VALUE IF NOT EXISTS `
	for _, c := range []struct{ was, now, want []string }{
		{[]string{"1a", "2b"}, []string{"1a", "2b"}, nil},
		{[]string{"1a", "2b"}, []string{"1a", "3o'x", "2b", "4d"}, []string{add + "'o''x' AFTER 'a'", add + "'d' AFTER 'b'"}},
		{[]string{"1a"}, []string{"3x", "4y", "1a"}, []string{add + "'x' BEFORE 'a'", add + "'y' AFTER 'x'"}},
		{nil, []string{"3x"}, []string{add + "'x'"}},
		// A label that is renamed has its old name before the change, and one that takes the name comes later.
		{[]string{"1a", "2b"}, []string{"1a2", "3n", "2b"}, []string{add + "'n' AFTER 'a'"}},
		{[]string{"1a", "2b"}, []string{"1z", "2b", "3a"}, nil},
	} {
		was := catalog.NewDatabase(0, []catalog.Definition{enum(7, "1other"), enum(9, c.was...)})
		if got := Labels(was, []catalog.Definition{enum(9, c.now...), enum(11, "1new")}); !slices.Equal(got, c.want) {
			t.Errorf("from %q to %q: %q, want %q", c.was, c.now, got, c.want)
		}
	}
}
