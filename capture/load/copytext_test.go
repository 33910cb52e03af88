package load

import (
	"strings"
	"testing"

	"floe/pkg/event"
)

// escape writes a value as COPY's text format does (PostgreSQL documentation, "COPY", File Formats).
func escape(s string) string {
	return strings.NewReplacer("\\", `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`).Replace(s)
}

func FuzzCopiedRowComesBack(f *testing.F) {
	f.Add("a", "b\tc", false)
	f.Add("", `\N`, true)
	f.Add("\\", "\n\r\b\f\v", false)
	f.Add(`\.`, "é\x01", true)
	f.Fuzz(func(t *testing.T, a, b string, null bool) {
		if strings.Contains(a+b, "\x00") {
			t.Skip("no text of PostgreSQL holds a zero byte")
		}
		line := escape(a) + "\t"
		if null {
			line += `\N`
		} else {
			line += escape(b)
		}
		got, err := splitCopy(nil, []byte(line+"\n"), 2)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Kind != event.Value || string(got[0].Text) != a {
			t.Errorf("%q comes back as %q", a, got[0].Text)
		}
		if null != (got[1].Kind == event.Null) || !null && string(got[1].Text) != b {
			t.Errorf("%q (null %v) comes back as %+v", b, null, got[1])
		}
	})
}

func FuzzSplitCopy(f *testing.F) {
	f.Add([]byte("a\tb\n"))
	f.Add([]byte(`\`))
	f.Add([]byte(`\N\tx`))
	f.Fuzz(func(t *testing.T, line []byte) {
		for columns := range 4 {
			got, err := splitCopy(nil, append([]byte{}, line...), columns)
			if err == nil && columns > 0 && len(got) != columns {
				t.Fatalf("%d columns instead of %d", len(got), columns)
			}
		}
	})
}

func TestColumnsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := splitCopy(nil, []byte("a\tb\n"), 3); err == nil {
		t.Error("two columns pass for three")
	}
	if got, err := splitCopy(nil, []byte("\n"), 0); err != nil || len(got) != 0 {
		t.Error("a row without columns", got, err)
	}
}
