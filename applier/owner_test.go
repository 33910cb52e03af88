package applier

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/event"
)

// owned makes the rig's target belong to a role that is no superuser, by which the applier then connects.
func (r *rig) owned() {
	r.t.Helper()
	admin := r.target
	conn, err := pgx.Connect(r.t.Context(), admin)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(r.t.Context()) //nolint:errcheck
	name := conn.Config().Database
	role := "owner_" + name
	if _, err := conn.Exec(r.t.Context(), fmt.Sprintf(`create role %[1]s login; alter database %[2]s owner to %[1]s;
		do $$ declare t regclass; begin for t in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') loop
			execute format('alter table %%s owner to %[1]s', t); end loop; end $$`, role, name)); err != nil {
		r.t.Fatal(err)
	}
	r.target = strings.Replace(admin, conn.Config().User+"@", role+"@", 1)
	if r.target == admin {
		r.t.Fatalf("%s names no user", admin)
	}
}

// An ordinary owner of the database applies everything: loads, changes, key moves, TRUNCATE.
func TestAnOrdinaryOwnerApplies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.owned()
	r.begin()
	r.txn(10, "+1 early 1")
	r.load("+1 one 1", "+2 two 2", "+3 three 3")
	r.txn(20, "=1 uno 1", "-2", "+4 four 4")
	r.txn(30, "=3>5 ~ 30", "=4 ~ 40")
	r.apply()
	r.wantRows("1 uno 1, 4 four 40, 5 three 30")
	r.txn(40, "!", "+9 nine 9")
	r.wantRows("9 nine 9")
	r.part(50, 1, false, 0, "=9>8 ~ 9", "+1 a 1")
	r.part(50, 2, true, 2, "=1>2 b 2")
	r.wantRows("2 b 2, 8 nine 9")
}

const meddling = `create table public.t (id int primary key, v text, n int); create table public.fired (name text);
	create function public.meddle() returns trigger language plpgsql as $$ begin insert into public.fired values (tg_name); return new; end $$;
	create trigger plain after insert or update on public.t for each row execute function public.meddle();
	create trigger "Al ways" after insert on public.t for each row execute function public.meddle(); alter table public.t enable always trigger "Al ways";
	create trigger copy after insert on public.t for each row execute function public.meddle(); alter table public.t enable replica trigger copy;
	create trigger off after insert on public.t for each row execute function public.meddle(); alter table public.t disable trigger off;`

const triggerStates = "select string_agg(tgname || '=' || tgenabled::text, ' ' order by tgname) from pg_trigger where tgrelid = 'public.t'::regclass and not tgisinternal"

// Ordinary triggers of the target never fire on floe's rows: without the right to silence all they are
// disabled, and that is remembered. Those that were made to fire for replicas stay, and are reported.
func TestTriggersOfTheTarget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		owner                bool
		states, fired, facts string
	}{
		{true, "Al ways=A copy=R off=D plain=D", "Al ways Al ways", `trigger "Al ways" on public.t: existing, trigger "plain" on public.t: disabled`},
		{false, "Al ways=A copy=R off=D plain=O", "Al ways Al ways copy copy", `trigger "Al ways" on public.t: existing, trigger "copy" on public.t: existing`},
	} {
		r := newRig(t, meddling)
		if c.owner {
			r.owned()
		}
		r.exec("grant all on public.fired to public")
		r.begin()
		r.load("+1 a 1")
		r.apply(func(c *Config) { c.Proceed = true })
		r.txn(10, "+2 b 2", "=1 c 1")
		r.wantRows("1 c 1, 2 b 2")
		r.wait(triggerStates, c.states)
		r.wait("select coalesce(string_agg(name, ' ' order by name), '') from public.fired", c.fired)
		r.wait("select string_agg(object || ': ' || state, ', ' order by object) from floe.object where id like 'trigger/%'", c.facts)
		r.begin() // looks again
		r.txn(20, "-1")
		r.wantRows("2 b 2")
		r.wait("select string_agg(object || ': ' || state, ', ' order by object) from floe.object where id like 'trigger/%'", c.facts)
	}
}

// Policies that hold for floe's own role, on a table that it may not look through, block by name: hidden
// rows would be missed without a word.
func TestPoliciesThatHoldForFloeBlock(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.owned()
	r.begin()
	r.load("+1 a 1", "+2 b 2")
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("alter table public.t enable row level security, force row level security; create policy few on public.t using (id <> 1)")
	r.txn(10, "=1 c 1")
	r.apply()
	r.wantHalt("constraint-violation")
	r.exec("alter table public.t no force row level security")
	r.wantRows("1 c 1, 2 b 2")
}

// What a deferred constraint refuses at COMMIT blocks, by that name.
func TestRefusedCommitBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.owned()
	r.begin()
	r.load("+1 a 1")
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("alter table public.t add constraint once unique (v) deferrable initially deferred")
	r.txn(event.LSN(10), "+2 a 2")
	r.apply()
	r.wantHalt("constraint-violation")
	r.exec("alter table public.t drop constraint once")
	r.wantRows("1 a 1, 2 a 2")
}
