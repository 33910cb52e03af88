package target

import (
	"errors"
	"strings"
	"testing"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// A target before 15 would read the spelling of a "char" above 127 as a backslash: such a value is refused
// before it is sent, wherever it stands, and nothing else is.
func TestABytesSpellingThatTheTargetMisreadsIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, `CREATE DOMAIN d AS "char"`, `CREATE TYPE c AS (x int, y d)`, `CREATE TABLE t (id int PRIMARY KEY, a "char", l "char"[], d d, c c, o text)`)
	shape := &event.Table{Name: ident.Name{Schema: "public", Name: "t"}, Key: []int{0}}
	for _, c := range []event.Column{{Name: "id", Type: ident.Name{Name: "int4"}}, {Name: "a", Type: ident.Name{Name: "char"}}, {Name: "l", Type: ident.Name{Name: "_char"}},
		{Name: "d", Type: ident.Name{Schema: "public", Name: "d"}}, {Name: "c", Type: ident.Name{Schema: "public", Name: "c"}}, {Name: "o", Type: ident.Name{Name: "text"}}} {
		if c.Typmod = -1; c.Type.Schema == "" {
			c.Type.Schema = "pg_catalog"
		}
		shape.Columns = append(shape.Columns, c)
	}
	described := func() *render.Table {
		to, err := s.Describe(t.Context(), shape, shape.Name, func(c string) string { return c })
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	if s.Version >= 150000 {
		if n := len(described().Doubtful()); n > 0 {
			t.Errorf("%d columns of a target that knows the spelling", n)
		}
		s.Version = 140000
	}
	to := described()
	if got := to.Doubtful(); len(got) != 4 {
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
		_, run = s.Run(t.Context(), []*Work{{Statement: to.Upsert(false), Rows: 1, New: func(int) []event.Datum { return r }, Least: -1, Doubtful: to}})
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
	to = described()
	if copied, run := try(image("1", `\377`, "null", "null", "null", "x")); copied != nil || run != nil {
		t.Errorf("the remedy does not help: %v, %v", copied, run)
	}
}

// A column of the target with less room than the source's, or of another type, would round, cut off or
// leave out without a word. Each text is tried: what the server keeps passes, what it would alter is refused.
func TestWhatATargetWouldAlterIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, `CREATE DOMAIN public.cents AS numeric(8,2)`, `CREATE DOMAIN public.coins AS public.cents CHECK (VALUE > -100)`)
	for _, c := range []struct {
		from, to string
		kept     []string
		altered  []string
	}{
		{"numeric", "numeric(8,2)", []string{"1", "-1.2", "1.230000", "NaN"}, []string{"1.234", "-0.001"}},
		{"numeric", "public.coins", []string{"1.23"}, []string{"1.234"}},
		{"numeric", "numeric(8,2)[]", []string{"{1,NULL,2.5}"}, []string{"{1,2.345}"}},
		{"float8", "numeric(8,2)", []string{"1e+02", "0.5"}, []string{"1e-05", "0.125"}},
		{"numeric", "money", []string{"1.23"}, []string{"1.235"}},
		{"float8", "float4", []string{"0.1", "-0", "Infinity", "16777216"}, []string{"0.10000000149011613", "16777217"}},
		{"int4", "float4", []string{"5"}, []string{"16777217"}},
		{"numeric", "float8", []string{"0.1", "12345.678"}, []string{"0.12345678901234567890"}},
		{"int8", "float8", []string{"9007199254740992"}, []string{"9007199254740993"}},
		{"timestamp", "timestamp(3)", []string{"2024-01-01 10:00:00.12", "infinity", "0044-03-15 10:00:00.5 BC"}, []string{"2024-01-01 10:00:00.1234", "0044-03-15 10:00:00.0005 BC"}},
		{"timestamptz", "timestamptz(0)", []string{"2024-01-01 10:00:00+00"}, []string{"2024-01-01 10:00:00.1+00"}},
		{"timestamp", "timestamp(0)[]", []string{`{"2024-01-01 10:00:00"}`}, []string{`{"2024-01-01 10:00:00","2024-01-01 10:00:00.4"}`}},
		{"interval", "interval(2)", []string{"1 mon -00:00:01.25"}, []string{"1 mon -00:00:01.251"}},
		{"time", "time(0)", []string{"10:00:00"}, []string{"10:00:00.6"}},
		{"timestamp", "date", []string{"2024-01-01 00:00:00", "infinity", "2024-01-01"}, []string{"2024-01-01 10:00:00", "2024-01-01 00:00:00.000001"}},
		{"timestamptz", "date", []string{"2024-01-01 00:00:00+00"}, []string{"2024-01-01 23:00:00+00"}},
		{"timestamp", "time", []string{"10:00:00"}, []string{"2024-01-01 10:00:00"}},
		{"timetz", "time", []string{"10:00:00+00"}, []string{"10:00:00+02"}},
		{"text", "name", []string{strings.Repeat("x", 63)}, []string{strings.Repeat("x", 64)}},
		{"text", `"char"`, []string{"a", ""}, []string{"ab"}},
		{"text", "varchar(3)", []string{"abc", "ab "}, []string{"abc ", "ab  "}},
	} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			ctx := t.Context()
			if _, err := s.Conn.Exec(ctx, "DROP TABLE IF EXISTS public.t; CREATE TABLE public.t (id int PRIMARY KEY, v "+c.to+")"); err != nil {
				t.Fatal(err)
			}
			shape := &event.Table{Name: ident.Name{Schema: "public", Name: "t"}, Key: []int{0}, Columns: []event.Column{
				{Name: "id", Type: ident.Name{Schema: "pg_catalog", Name: "int4"}, SQL: "integer", Typmod: -1}, {Name: "v", Type: ident.Name{Schema: "pg_catalog", Name: c.from}, SQL: c.from, Typmod: -1}}}
			to, err := s.Describe(ctx, shape, shape.Name, func(c string) string { return c })
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range append(c.kept, c.altered...) {
				if err := s.Begin(ctx); err != nil {
					t.Fatal(err)
				}
				r := image("1", text)
				_, run := s.Run(ctx, []*Work{{Statement: to.Upsert(false), Rows: 1, New: func(int) []event.Datum { return r }, Least: -1, Doubtful: to}})
				_ = s.Rollback(ctx)
				_ = s.Begin(ctx)
				copied := s.Copy(ctx, to, []event.Row{{After: r}})
				_ = s.Rollback(ctx)
				for _, err := range []error{run, copied} {
					var e *MisreadError
					if refused := errors.As(err, &e); refused != (i >= len(c.kept)) || err != nil && !refused && !strings.HasSuffix(c.to, "2)") {
						t.Errorf("%s: %v", text, err)
					}
				}
				if err := run; err != nil && !strings.Contains(err.Error(), "column v on the target is ") {
					t.Errorf("%s: %v does not name the column", text, err)
				}
			}
		})
	}
}

// Nothing is looked at where a column has the room.
func TestAColumnWithRoomIsNotDoubted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from       string
		fromTypmod int32
		to         string
		typmod     int32
	}{
		{"numeric", 524294, "numeric", 524295}, {"numeric", 524294, "numeric", -1}, {"int8", -1, "numeric", 524294}, {"float4", -1, "float8", -1},
		{"timestamp", 3, "timestamp", -1}, {"timestamp", -1, "timestamptz", 6}, {"text", -1, "varchar", -1}, {"varchar", 9, "text", -1}, {"", -1, "jsonb", -1},
		{"interval", -1, "interval", 0x7fffffff}, {"date", -1, "timestamp", -1},
	} {
		if alterations(c.from, c.fromTypmod, c.to, c.typmod) != nil {
			t.Errorf("%+v is doubted", c)
		}
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
