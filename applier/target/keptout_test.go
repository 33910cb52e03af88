package target

import (
	"errors"
	"testing"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// A trigger of the target's owner that returns NULL has a row be missing, and the server calls it a success.
func TestRowsThatATriggerKeepsOutAreMissed(t *testing.T) {
	t.Parallel()
	s := open(t, `create table public.k (id int primary key, v text); create table public.b (id int, v text);
		create function public.no() returns trigger language plpgsql as 'begin if new.id = 2 then return null; end if; return new; end';
		create trigger no before insert or update on public.k for each row execute procedure public.no(); alter table public.k enable always trigger no;
		create trigger no before insert on public.b for each row execute procedure public.no(); alter table public.b enable always trigger no`)
	one, two := []event.Datum{{Kind: event.Value, Text: []byte("1")}, {}}, []event.Datum{{Kind: event.Value, Text: []byte("2")}, {}}
	for name, key := range map[string][]int{"k": {0}, "b": nil} {
		to, err := meet(t, s, ident.Name{Schema: "public", Name: name}, []string{"id", "v"}, key...)
		if err != nil {
			t.Fatal(err)
		}
		write := to.Insert
		if key != nil {
			write = func() render.Statement { return to.Upsert(false) }
		}
		rows := [][]event.Datum{one, two}
		for n := 1; n <= 2; n++ {
			_, err = s.Run(t.Context(), []*Work{{Statement: write(), Rows: n, Least: -1, New: func(i int) []event.Datum { return rows[i] }}})
			if kept := new(KeptOutError); errors.As(err, &kept) != (n == 2) || err != nil && (kept.Took != 1 || !Refused(err)) {
				t.Errorf("%s: of %d rows: %v", name, n, err)
			}
		}
		if err := s.Copy(t.Context(), to, []event.Row{{After: two}}); key == nil && !errors.As(err, new(*KeptOutError)) {
			t.Errorf("%s: COPY: %v", name, err)
		}
	}
}
