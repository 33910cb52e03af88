package structure

import (
	"context"
	"errors"
	"testing"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// refused runs a statement on the target that it must refuse, and relaxes.
func (p *pair) refused(sql string, settled bool) (gone string) {
	p.t.Helper()
	var said *pgconn.PgError
	if _, err := p.target.Exec(p.t.Context(), sql); !errors.As(err, &said) {
		p.t.Fatalf("%s: %v, want a refusal", sql, err)
	}
	_, err := p.in(func(ctx context.Context, tx pgx.Tx) (_ Report, err error) {
		gone, err = Relax(ctx, tx, "job", "main", p.db, p.options, said, func(ident.Name) bool { return settled })
		return Report{}, err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return gone
}

func (p *pair) wantRefused(sql string, settled bool, want string) {
	p.t.Helper()
	if got := p.refused(sql, settled); got != want {
		p.t.Errorf("%s: let go of %q, want %q", sql, got, want)
	}
}

// A check that floe made and that refuses a row is let go, wherever it was inherited from; it comes back when
// its table is loaded, or with VALIDATE. Those of a domain stay away whatever comes, but for VALIDATE.
func TestWhatRefusesARowIsLetGo(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE DOMAIN d AS int CONSTRAINT dc CHECK (VALUE > 0); CREATE DOMAIN e AS d NOT NULL;
		CREATE TABLE t (id int PRIMARY KEY, v e, q int CONSTRAINT tc CHECK (q > 0)) PARTITION BY RANGE (id);
		CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9);
		CREATE TABLE u (id int PRIMARY KEY, q int); ALTER TABLE u ADD CONSTRAINT uc CHECK (q > 0) NOT VALID`, ``)
	p.wantRefused(`INSERT INTO public.t VALUES (99, 1, 1)`, true, "") // no partition for it
	p.wantRefused(`INSERT INTO public.t VALUES (1, -1, 1)`, true, "domain public.d")
	p.wantRefused(`INSERT INTO public.t VALUES (1, NULL, 1)`, true, "domain public.e")
	p.wantRefused(`INSERT INTO public.t VALUES (1, -1, -1)`, false, "constraint tc on public.t")
	p.exec(`INSERT INTO public.t VALUES (1, -1, -1), (2, NULL, 1)`)
	p.exec(`DELETE FROM public.t WHERE q < 0`)
	p.must("SELECT") // tables are loaded: tc comes back
	p.wantRefused(`INSERT INTO public.t VALUES (3, 1, -1)`, true, "constraint tc on public.t")
	p.must(`ALTER TABLE t DROP CONSTRAINT tc; ALTER TABLE t ADD CONSTRAINT tc CHECK (q > 0 OR q IS NULL)`)

	p.wantRefused(`INSERT INTO public.u VALUES (1, -1)`, true, "constraint uc on public.u")
	p.must("SELECT")
	p.exec(`INSERT INTO public.u VALUES (1, -1); DELETE FROM public.u`)
	p.must(`ALTER TABLE u VALIDATE CONSTRAINT uc; ALTER DOMAIN e DROP NOT NULL; ALTER DOMAIN d DROP CONSTRAINT dc`)
	p.must(`ALTER DOMAIN d ADD CONSTRAINT dc CHECK (VALUE > 0)`)
	p.same()
	if n := p.value(`SELECT count(*)::text FROM floe.object WHERE state = 'relaxed'`); n != "0" {
		t.Errorf("%s records of what was let go are left", n)
	}
}

// A check that the source validates while the target's rows are not all there is tried again when they are.
func TestACheckThatIsValidatedTooEarlyIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE DOMAIN d AS int; CREATE TABLE t (v d); ALTER DOMAIN d ADD CONSTRAINT dc CHECK (VALUE > 0) NOT VALID`, ``)
	p.wantRefused(`INSERT INTO public.t VALUES (-1)`, true, "domain public.d")
	p.exec(`INSERT INTO public.t VALUES (-1)`)
	wantCodes(t, p.must(`ALTER DOMAIN d VALIDATE CONSTRAINT dc`), "domain public.d: 23514")
	p.exec(`DELETE FROM public.t`)
	for _, want := range []int{1, 0} {
		report, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) { return Retry(ctx, tx, "job", "main", p.script) })
		if err != nil || report.Created != want {
			t.Errorf("%d changes, %v, want %d", report.Created, err, want)
		}
	}
	p.same()
}

// What the target's owner made refuses what it refuses.
func TestWhatTheOwnerMadeIsNotLetGo(t *testing.T) {
	t.Parallel()
	sql := `CREATE DOMAIN d AS int CONSTRAINT dc CHECK (VALUE > 0); CREATE TABLE t (id int PRIMARY KEY, v d, CONSTRAINT tc CHECK (id > 0))`
	p := begun(t, sql, sql)
	p.wantRefused(`INSERT INTO public.t VALUES (1, -1)`, true, "")
	p.wantRefused(`INSERT INTO public.t VALUES (-1, 1)`, true, "")
}

// The transaction that is refused may be the one that makes the check: when it is tried again it makes none.
func TestACheckIsNotMadeThatRefusedItsOwnTransaction(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, v d)`, ``)
	if _, err := p.source.Exec(t.Context(), `ALTER DOMAIN public.d ADD CONSTRAINT dc CHECK (VALUE > 0) NOT VALID`); err != nil {
		t.Fatal(err)
	}
	was := p.db
	p.must("SELECT")
	p.exec(`ALTER DOMAIN public.d DROP CONSTRAINT dc; DELETE FROM floe.object WHERE id LIKE '%/check/dc'`) // it rolled back
	said := &pgconn.PgError{Code: "23514", SchemaName: "public", DataTypeName: "d", ConstraintName: "dc"}
	for _, want := range []string{"domain public.d", ""} {
		_, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
			gone, err := Relax(ctx, tx, "job", "main", p.db, p.options, said, func(ident.Name) bool { return true })
			if gone != want {
				t.Errorf("let go of %q, want %q", gone, want)
			}
			return Report{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		script := Diff(was, p.db, nil, p.options)
		if len(script.Awaited) == 0 {
			t.Error("the check is no step that is awaited")
		}
		report, err := follow(ctx, tx, "job", "main", script, InstallOptions{})
		if err != nil {
			return report, err
		}
		return Finish(ctx, tx, "job", "main", script.After, func(ident.Name) bool { return true })
	})
	if err != nil {
		t.Fatal(err)
	}
	p.exec(`INSERT INTO public.t VALUES (1, -1)`)
}
