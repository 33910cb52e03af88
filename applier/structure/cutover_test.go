package structure

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// takesOver cuts over, as the command does: from what the target itself knows.
func (p *pair) takesOver() Report {
	p.t.Helper()
	report, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		return CutOver(ctx, tx, "job", "main", p.options, InstallOptions{})
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

// quiet has the target's triggers not fire, without the right to the replica role.
func (p *pair) quiet() {
	p.t.Helper()
	if _, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		return Quiet(ctx, tx, "job", "main", p.script, false)
	}); err != nil {
		p.t.Fatal(err)
	}
}

const statesSQL = `SELECT string_agg(tgname || ' ' || tgenabled::text, ', ' ORDER BY tgrelid::regclass::text, tgname) FROM pg_trigger WHERE tgconstraint = 0`

// What waited for the cut-over, was let go or was disabled is as on the source behind it; a second one finds nothing to do.
func TestTheTargetTakesOver(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE DOMAIN d AS int CONSTRAINT dc CHECK (VALUE > 0); CREATE DOMAIN e AS d NOT NULL;
		CREATE TABLE t (id int PRIMARY KEY, v e, q int CONSTRAINT tc CHECK (q > 0));
		CREATE TABLE u (id int PRIMARY KEY, r int REFERENCES t);
		CREATE TABLE z (id int) PARTITION BY RANGE (id); CREATE TABLE z1 PARTITION OF z FOR VALUES FROM (0) TO (9);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE f(); CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE f();
		CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE f(); ALTER TABLE t ENABLE ALWAYS TRIGGER c;
		CREATE TRIGGER z AFTER INSERT ON z FOR EACH ROW EXECUTE PROCEDURE f(); CREATE TRIGGER y AFTER INSERT ON z FOR EACH ROW EXECUTE PROCEDURE f();
		CREATE TRIGGER x AFTER INSERT ON z FOR EACH ROW EXECUTE PROCEDURE f(); ALTER TABLE z ENABLE ALWAYS TRIGGER x; ALTER TABLE z1 DISABLE TRIGGER y;
		CREATE RULE r AS ON DELETE TO u DO ALSO NOTHING; ALTER TABLE u ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
		CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t; CREATE PUBLICATION p FOR TABLE t`, ``)
	p.quiet()
	p.must(`ALTER TABLE t DISABLE TRIGGER b; CREATE TABLE z2 PARTITION OF z FOR VALUES FROM (9) TO (20)`)
	if got := p.value(statesSQL); strings.Count(got, " D") != 12 {
		t.Errorf("before: %s, want none that fires", got)
	}
	p.wantRefused(`INSERT INTO public.t VALUES (1, -1, 1)`, true, "domain public.d")
	p.wantRefused(`INSERT INTO public.t VALUES (1, NULL, 1)`, true, "domain public.e")
	p.wantRefused(`INSERT INTO public.t VALUES (1, 1, -1)`, true, "constraint tc on public.t")
	p.exec(`INSERT INTO public.t VALUES (1, 1, -1)`)

	r := p.takesOver()
	wantCodes(t, r)
	var want string
	if err := p.source.QueryRow(t.Context(), statesSQL).Scan(&want); err != nil {
		t.Fatal(err)
	}
	if got := p.value(statesSQL); got != want {
		t.Errorf("behind: %s, want %s", got, want)
	}
	if got := p.value(`SELECT convalidated::text FROM pg_constraint WHERE conname = 'tc'`); got != "false" {
		t.Error("a check that a row breaks is valid")
	}
	p.exec(`DELETE FROM public.t; ALTER TABLE public.t VALIDATE CONSTRAINT tc`)
	p.same()
	if n := p.value(`SELECT count(*)::text FROM floe.object WHERE state IN ('relaxed', 'disabled', 'failed')`); n != "0" {
		t.Errorf("%s records of what waited are left", n)
	}
	if r := p.takesOver(); r.Created != 0 || len(r.Facts) != 0 {
		t.Errorf("a second time: %d made, %v", r.Created, r.Facts)
	}
}

// What the target refuses at the cut-over is told, and made by the next one.
func TestWhatACutOverCannotMakeIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE DOMAIN d AS int NOT NULL; CREATE TABLE t (id int PRIMARY KEY, v d)`, ``)
	p.wantRefused(`INSERT INTO public.t VALUES (1, NULL)`, true, "domain public.d")
	p.exec(`INSERT INTO public.t VALUES (1, NULL)`)
	wantCodes(t, p.takesOver(), "domain public.d: 23502")
	p.exec(`UPDATE public.t SET v = 1`)
	if r := p.takesOver(); r.Created != 1 {
		t.Errorf("%d made, want 1", r.Created)
	}
	p.same()
}
