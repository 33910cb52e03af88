package history

import (
	"fmt"
	"strings"
	"testing"
)

// show writes a change so that a test can compare it.
func show(c Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%c %v", c.Op, c.Tables)
	for _, side := range []struct {
		name    string
		columns []Column
	}{{"old", c.Old}, {"new", c.New}} {
		for _, v := range side.columns {
			switch {
			case v.Null:
				fmt.Fprintf(&b, " %s.%s null", side.name, v.Name)
			case v.Unchanged:
				fmt.Fprintf(&b, " %s.%s unchanged", side.name, v.Name)
			default:
				fmt.Fprintf(&b, " %s.%s=%q", side.name, v.Name, v.Text)
			}
		}
	}
	return b.String()
}

func TestLinesOfTestDecodingAreRead(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`table public.a: INSERT: id[bigint]:1 n[numeric]:-1.50 pad[text]:'it''s [x]:1 new-tuple: y' z[text]:null e[text]:''`: `I [public.a] new.id="1" new.n="-1.50" new.pad="it's [x]:1 new-tuple: y" new.z null new.e=""`,
		`table public.a: UPDATE: old-key: id[bigint]:1 new-tuple: id[bigint]:2 pad[text]:unchanged-toast-datum`:              `U [public.a] old.id="1" new.id="2" new.pad unchanged`,
		`table public.a: UPDATE: id[bigint]:1 b[boolean]:true`:                                                               `U [public.a] new.id="1" new.b="true"`,
		`table public.a: DELETE: id[integer[]]:'{1,2}' b[bit varying(3)]:B'101'`:                                             `D [public.a] old.id="{1,2}" old.b="101"`,
		`table public.a: DELETE: (no-tuple-data)`:                                                                            `D [public.a]`,
		`table "My ""Schema"".x"."T: y": INSERT: "c d"[s."odd ]type"[]]:'null'`:                                              `I ["My ""Schema"".x"."T: y"] new.c d="null"`,
		`table public.a, public.b: TRUNCATE: restart_seqs cascade`:                                                           `T [public.a public.b]`,
		`table public.a: TRUNCATE: (no-flags)`:                                                                               `T [public.a]`,
	} {
		c, err := parseChange(line)
		if got := show(c); err != nil || got != want {
			t.Errorf("%s\n got %s %v\nwant %s", line, got, err, want)
		}
	}
}

func TestLinesThatAreCutAreRefused(t *testing.T) {
	t.Parallel()
	const line = `table public.a: UPDATE: old-key: id[bigint]:1 new-tuple: id[bigint]:2 pad[text]:'a''b'`
	for _, end := range []int{3, 12, 20, 30, 40, 60, len(line) - 1, len(line) - 4} {
		if c, err := parseChange(line[:end]); err == nil && end != 46 {
			t.Errorf("%s gives %s", line[:end], show(c))
		}
	}
}

func FuzzParseChange(f *testing.F) {
	f.Add(`table public.a: UPDATE: old-key: id[bigint]:1 new-tuple: id[bigint]:2 pad[text]:'a''b'`)
	f.Fuzz(func(_ *testing.T, line string) { _, _ = parseChange(line) })
}
