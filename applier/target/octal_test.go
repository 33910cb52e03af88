package target

import (
	"strings"
	"testing"

	"floe/pkg/event"
)

// A target before 15 would read the spelling of a "char" above 127 as a backslash: such a value is refused
// before it is sent, wherever it stands, and nothing else is.
func TestABytesSpellingThatTheTargetMisreadsIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, `CREATE DOMAIN d AS "char"`, `CREATE TYPE c AS (x int, y d)`, `CREATE TABLE t (id int PRIMARY KEY, a "char", l "char"[], d d, c c, o text)`)
	columns := []string{"id", "a", "l", "d", "c", "o"}
	if s.Version >= 150000 {
		if n := len(describe(t, s, columns...).Octal()); n > 0 {
			t.Errorf("%d columns of a target that knows the spelling", n)
		}
		s.Version = 140000
	}
	to := describe(t, s, columns...)
	if got := to.Octal(); len(got) != 4 {
		t.Fatalf("columns %v, want those of a, l, d and c", got)
	}
	try := func(r []event.Datum) (copied, run error) {
		if err := s.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Rollback(t.Context()) //nolint:errcheck
		if copied = s.Copy(t.Context(), to, []event.Row{{After: r}}); copied != nil {
			_ = s.Rollback(t.Context())
			_ = s.Begin(t.Context())
		}
		_, run = s.Run(t.Context(), []*Work{{Statement: to.Upsert(false), Rows: 1, New: func(int) []event.Datum { return r }, Least: -1, Octal: to.Octal()}})
		return copied, run
	}
	for _, r := range [][]event.Datum{image("1", `\377`, "null", "null", "null", "x"), image("1", "a", `{a,"\\200"}`, "null", "null", "x"),
		image("1", "a", "null", `\301`, "null", "x"), image("1", "a", "null", "null", `(1,"\\377")`, "x")} {
		copied, run := try(r)
		for _, err := range []error{copied, run} {
			if !Refused(err) || !strings.Contains(err.Error(), "above 127") {
				t.Errorf("%s: %v", r[1].Text, err)
			}
		}
	}
	for _, r := range [][]event.Datum{image("1", `\`, `{"\\"}`, "9", `(1,"\\")`, `\377`)} {
		if copied, run := try(r); copied != nil || run != nil {
			t.Errorf("%v, %v", copied, run)
		}
	}
	if _, err := s.Conn.Exec(t.Context(), "ALTER TABLE public.t ALTER a TYPE text"); err != nil {
		t.Fatal(err)
	}
	to = describe(t, s, columns...)
	if copied, run := try(image("1", `\377`, "null", "null", "null", "x")); copied != nil || run != nil {
		t.Errorf("the remedy does not help: %v, %v", copied, run)
	}
}

// A statement above what the server takes of a client would end the connection, at each try.
func TestAStatementAboveTheServersLimitIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, "CREATE TABLE t (id int PRIMARY KEY, v text)")
	to := describe(t, s, "id", "v")
	row := []event.Datum{{Kind: event.Value, Text: []byte("1")}, {Kind: event.Value, Text: make([]byte, 64<<20)}}
	if err := s.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := s.Run(t.Context(), []*Work{{Statement: to.Upsert(false), Rows: 16, New: func(int) []event.Datum { return row }, Least: -1}})
	if !Refused(err) || !strings.Contains(err.Error(), "a statement of at most") {
		t.Errorf("%v", err)
	}
	if err := s.Conn.Ping(t.Context()); err != nil {
		t.Errorf("the connection is gone: %v", err)
	}
}
