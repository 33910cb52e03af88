package target

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t *testing.T, sql ...string) *Session {
	t.Helper()
	s, err := Open(t.Context(), pg.Config{URL: pgtest.NewDB(t, pgtest.Shared(t), sql...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// describe gives table t with the named columns, the first being its key.
func describe(t *testing.T, s *Session, columns ...string) *render.Table {
	t.Helper()
	shape := &event.Table{Name: ident.Name{Schema: "public", Name: "t"}, Key: []int{0}}
	for _, c := range columns {
		shape.Columns = append(shape.Columns, event.Column{Name: c})
	}
	to, err := s.Describe(t.Context(), shape, shape.Name, func(c string) string { return c })
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func image(values ...string) []event.Datum {
	out := make([]event.Datum, len(values))
	for i, v := range values {
		if v != "null" {
			out[i] = event.Datum{Kind: event.Value, Text: []byte(v)}
		}
	}
	return out
}

func rows(t *testing.T, s *Session) string {
	t.Helper()
	var got string
	if err := s.Conn.QueryRow(t.Context(), "select coalesce(string_agg(r::text, ' ' order by r::text), '') from public.t r").Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

func run(t *testing.T, s *Session, works ...*Work) {
	t.Helper()
	if err := s.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i, err := s.Run(t.Context(), works); err != nil {
		t.Fatalf("statement %d: %v", i, err)
	}
	if err := s.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
}

func one(st render.Statement, old, new []event.Datum) *Work {
	return &Work{Statement: st, Rows: 1, Least: -1, Old: func(int) []event.Datum { return old }, New: func(int) []event.Datum { return new }}
}

// A key that is spelled anew and stays equal moves no row; above all it deletes none.
func TestMoveOfARowToItselfKeepsIt(t *testing.T) {
	t.Parallel()
	for _, settled := range []bool{true, false} {
		s := open(t, "create table public.t (k numeric primary key, v text, big text); insert into public.t values (1.0, 'a', 'large'), (2.0, 'b', 'large')")
		to := describe(t, s, "k", "v", "big")
		present := []bool{true, true, false}
		for _, st := range to.Move(present, settled) {
			run(t, s, one(st, image("1.0"), image("1.00", "x", "null")))
		}
		if got := rows(t, s); got != "(1.00,x,large) (2.0,b,large)" {
			t.Errorf("settled %v: %s", settled, got)
		}
		run(t, s, one(to.Leave(), image("2.0"), image("2.00")), one(to.Upsert(false), nil, image("2.00", "y", "z")))
		if got := rows(t, s); got != "(1.00,x,large) (2.00,y,z)" {
			t.Errorf("settled %v: %s", settled, got)
		}
	}
}

func TestMoveMeetsWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settled     bool
		there, want string
	}{
		{true, "(1,'old','large')", "(2,x,large)"},
		{true, "(1,'old','large'),(2,'drift','drift')", "(2,x,large)"},
		{false, "(1,'old','large')", "(2,x,large)"},
		{false, "(1,'old','stale'),(2,'chunk','large')", "(2,x,large)"},
		{false, "(2,'chunk','large')", "(2,x,large)"},
		{false, "(3,'other','o')", "(3,other,o)"},
	} {
		s := open(t, "create table public.t (k int primary key, v text, big text); insert into public.t values "+c.there)
		to := describe(t, s, "k", "v", "big")
		for _, st := range to.Move([]bool{true, true, false}, c.settled) {
			run(t, s, one(st, image("1"), image("2", "x", "null")))
		}
		if got := rows(t, s); got != c.want {
			t.Errorf("settled %v, %s: %s, want %s", c.settled, c.there, got, c.want)
		}
	}
}

// A target column that is too narrow refuses; it never cuts a value short.
func TestNarrowColumnRefuses(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"varchar(3)", "char(3)", "bit(3)", "numeric(2,0)", "varbit(3)"} {
		s := open(t, "create table public.t (k int primary key, v "+typ+")")
		to := describe(t, s, "k", "v")
		if err := s.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := s.Run(t.Context(), []*Work{one(to.Upsert(false), nil, image("1", "1010"))})
		if !Refused(err) {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

// When a session has prepared all that it keeps, the statements of the run under way still mean what
// they meant.
func TestStatementsKeepTheirNamesWithinARun(t *testing.T) {
	t.Parallel()
	s := open(t, "create table public.t (k int primary key, v text); insert into public.t values (1, 'a')")
	to := describe(t, s, "k", "v")
	run(t, s, one(to.Upsert(false), nil, image("2", "b")))
	for i := len(s.prepared); i < maxPrepared; i++ {
		s.prepared[fmt.Sprint("another ", i)] = fmt.Sprint("none", i)
	}
	for i := 3; i < 6; i++ {
		run(t, s, one(to.Upsert(false), nil, image(fmt.Sprint(i), "c")), one(to.Update(), nil, image("1", fmt.Sprint("a", i))))
	}
	if got := rows(t, s); got != "(1,a5) (2,b) (3,c) (4,c) (5,c)" {
		t.Errorf("rows: %s", got)
	}
	if n := len(s.prepared); n > 10 {
		t.Errorf("%d statements are kept", n)
	}
}

func TestEveryRowOfAStatementAndEveryStatementOfAPipeline(t *testing.T) {
	t.Parallel()
	s := open(t, "create table public.t (k int primary key, v text)")
	to := describe(t, s, "k", "v")
	var list [][]event.Datum
	for i := range 3000 {
		list = append(list, image(fmt.Sprint(i), strings.Repeat("é\\\t\"{", i%7)))
	}
	list[5][1] = event.Datum{}
	up := &Work{Statement: to.Upsert(false), Rows: len(list), New: func(i int) []event.Datum { return list[i] }, Least: -1}
	some := list[:10]
	del := &Work{Statement: to.Delete(), Rows: len(some), Old: func(i int) []event.Datum { return some[i] }, Least: -1}
	run(t, s, up, del)
	if up.Touched != 3000 || del.Touched != 10 {
		t.Errorf("touched %d and %d", up.Touched, del.Touched)
	}
	var n int
	if err := s.Conn.QueryRow(t.Context(), `select count(*) from public.t where k >= 10 and v = repeat(E'é\\\t"{', k % 7)`).Scan(&n); err != nil || n != 2990 {
		t.Errorf("%d rows as they were sent (%v)", n, err)
	}
}

// Values too large to be collected in parameters arrive all the same, between statements that are not;
// a refusal among them names its statement.
func TestLargeValuesAreSentFromTheirRows(t *testing.T) {
	t.Parallel()
	s := open(t, "create table public.t (k int primary key, v text, w text check (w <> 'no'))")
	to := describe(t, s, "k", "v", "w")
	large := strings.Repeat("éa\\", largeWork/4)
	list := [][]event.Datum{image("1", large, "w"), image("2", "null", "w"), image("3", "", large), image("4", "small", "null")}
	up := &Work{Statement: to.Upsert(false), Rows: len(list), New: func(i int) []event.Datum { return list[i] }, Least: -1}
	del := &Work{Statement: to.Delete(), Rows: 1, Old: func(int) []event.Datum { return list[3] }, Least: -1}
	run(t, s, one(to.Upsert(false), nil, image("5", "a", "b")), up, del, one(to.Upsert(false), nil, image("6", large, "b")))
	if up.Touched != 4 || del.Touched != 1 {
		t.Errorf("touched %d and %d", up.Touched, del.Touched)
	}
	var got string
	if err := s.Conn.QueryRow(t.Context(), "select string_agg(concat_ws(' ', k, case when v = $1 then 'large' else coalesce(v, 'null') end, case when w = $1 then 'large' else w end), ', ' order by k) from public.t",
		large).Scan(&got); err != nil || got != "1 large w, 2 null w, 3  large, 5 a b, 6 large b" {
		t.Errorf("rows: %s (%v)", got, err)
	}
	if err := s.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	i, err := s.Run(t.Context(), []*Work{one(to.Upsert(false), nil, image("7", "a", "b")), one(to.Upsert(false), nil, image("8", large, "no")), del})
	if i != 1 || !Refused(err) {
		t.Errorf("statement %d: %v", i, err)
	}
	if err := s.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, s, one(to.Upsert(false), nil, image("9", "a", "b")))
}

func TestCopyKeepsEveryCharacter(t *testing.T) {
	t.Parallel()
	s := open(t, "create table public.t (k int primary key, v text)")
	to := describe(t, s, "k", "v")
	texts := []string{"", `\N`, `\.`, "\\", "a\tb\nc\rd", "日本", "null", "\x01\x7f"}
	var list []event.Row
	for i, v := range texts {
		list = append(list, event.Row{After: []event.Datum{{Kind: event.Value, Text: []byte(fmt.Sprint(i))}, {Kind: event.Value, Text: []byte(v)}}})
	}
	list = append(list, event.Row{After: []event.Datum{{Kind: event.Value, Text: []byte("99")}, {}}})
	for i := range 3 { // in pieces, cut at an escaped character among others
		texts = append(texts, strings.Repeat("x", copyPiece-2+i)+strings.Repeat("\\\té", copyPiece))
		list = append(list, event.Row{After: []event.Datum{{Kind: event.Value, Text: fmt.Append(nil, len(texts)-1)}, {Kind: event.Value, Text: []byte(texts[len(texts)-1])}}})
	}
	if err := s.Copy(t.Context(), to, list); err != nil {
		t.Fatal(err)
	}
	for i, want := range texts {
		var got string
		if err := s.Conn.QueryRow(t.Context(), "select v from public.t where k = $1", i).Scan(&got); err != nil || got != want {
			t.Errorf("%q became %q (%v)", want, got, err)
		}
	}
	var null bool
	if err := s.Conn.QueryRow(t.Context(), "select v is null from public.t where k = 99").Scan(&null); err != nil || !null {
		t.Errorf("NULL did not stay (%v)", err)
	}
}

// The checkpoint moves with the rows or not at all, and only for the applier that holds it.
func TestCheckpointFences(t *testing.T) {
	t.Parallel()
	s := open(t, "create table public.t (k int)")
	o := Owner{Job: "j", Applier: "main", Instance: "one", LedgerID: "id"}
	if err := s.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if was, _, err := s.Claim(t.Context(), o); err != nil || was != nil {
		t.Fatalf("%v %v", was, err)
	}
	insert := func(k int) {
		if err := s.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Exec(t.Context(), fmt.Sprintf("insert into public.t values (%d)", k)); err != nil {
			t.Fatal(err)
		}
	}
	insert(1)
	if err := s.Commit(t.Context(), o, Checkpoint{Offset: 7, Epoch: 1, N: 6}); err != nil {
		t.Fatal(err)
	}
	other, err := pgx.ConnectConfig(t.Context(), s.Conn.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background()) //nolint:errcheck
	if _, err := other.Exec(t.Context(), "update floe.checkpoint set ledger_offset = 8"); err != nil {
		t.Fatal(err)
	}
	insert(2)
	if err := s.Commit(t.Context(), o, Checkpoint{Offset: 9}); !errors.Is(err, ErrTakenOver) {
		t.Fatalf("commit: %v", err)
	}
	if got := rows(t, s); got != "(1)" {
		t.Errorf("rows: %s", got)
	}
	was, ledger, err := s.Claim(t.Context(), o)
	if err != nil || was == nil || was.Offset != 8 || ledger != "id" {
		t.Errorf("claimed %+v of %s (%v)", was, ledger, err)
	}
}
