package source

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

const identitiesSQL = `SELECT string_agg(c.relname || ' ' || c.relreplident::text || coalesce(' ' || (SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident), ''), ', ' ORDER BY c.relname)
	FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^dts_'`

// identified has tables of every replica identity, most of them other than floe would have them.
const identified = `CREATE TABLE pk (id int PRIMARY KEY); CREATE TABLE bag (a int); CREATE TABLE uq (a int NOT NULL UNIQUE);
	CREATE TABLE other (id int PRIMARY KEY, b int NOT NULL UNIQUE); ALTER TABLE other REPLICA IDENTITY USING INDEX other_b_key;
	CREATE TABLE whole (id int PRIMARY KEY); ALTER TABLE whole REPLICA IDENTITY FULL; CREATE TABLE never (id int); ALTER TABLE never REPLICA IDENTITY NOTHING;
	CREATE TABLE root (a int, b int NOT NULL) PARTITION BY LIST (a); CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1); CREATE UNIQUE INDEX own ON leaf (b)`

// shared is a source, as somebody sees it, that jobs publish and leave.
type shared struct {
	t    *testing.T
	conn *pgx.Conn
}

func (s shared) value(sql string) (v string) {
	s.t.Helper()
	if err := s.conn.QueryRow(s.t.Context(), sql).Scan(&v); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (s shared) publish(jobs ...string) {
	s.t.Helper()
	db, err := catalog.ReadSelection(s.t.Context(), s.conn, catalog.Selection{Everything: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, job := range jobs {
		if err := Publish(s.t.Context(), s.conn, "floe_"+job, db, false); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s shared) remove(job string) error {
	_, err := Remove(s.t.Context(), s.conn, job, ident.Name{})
	return err
}

func (s shared) exec(sql string) {
	s.t.Helper()
	if _, err := s.conn.PgConn().Exec(s.t.Context(), "SET search_path = public; "+sql+"; SET search_path = ''").ReadAll(); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// Whoever lets floe give its tables replica identities gets those before back with the last job that needs them; one
// that was changed since is somebody else's. A table that is held by others stays until a further run.
func TestReplicaIdentitiesComeBackWithTheLastJob(t *testing.T) {
	t.Parallel()
	for _, triggers := range []bool{false, true} {
		url := pgtest.NewDB(t, pgtest.Shared(t), identified)
		s := shared{t, open(t, url)}
		was := s.value(identitiesSQL)
		if triggers {
			if refused, err := InstallDDL(t.Context(), s.conn, DDL{Job: "k", Publication: "floe_k", Everything: true}); err != nil || refused != "" {
				t.Fatal(refused, err)
			}
		}
		s.publish("j", "k")
		given := s.value(identitiesSQL)
		if want := "bag f, leaf f, never n, other d, pk d, uq i uq_a_key, whole f"; given != want {
			t.Fatalf("given %s, want %s", given, want)
		}
		if err := s.remove("j"); err != nil {
			t.Fatal(err)
		}
		if now := s.value(identitiesSQL); now != given {
			t.Errorf("the other job's are %s, were %s", now, given)
		}
		if triggers { // the recording gives them, too: to a table that comes, and to one that loses its key
			s.exec("CREATE TABLE late (a int); ALTER TABLE pk DROP CONSTRAINT pk_pkey; DROP INDEX own; ALTER TABLE uq DROP CONSTRAINT uq_a_key")
			if now, want := s.value(identitiesSQL), "bag f, late f, leaf f, never n, other d, pk f, uq f, whole f"; now != want {
				t.Errorf("the recording gave %s, want %s", now, want)
			}
			was = "bag d, late d, leaf d, never n, other i other_b_key, pk d, uq d, whole f"
		}
		user := open(t, url)
		tx, err := user.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "SELECT FROM public.other"); err != nil {
			t.Fatal(err)
		}
		if err := s.remove("k"); pg.Code(err) != "55P03" {
			t.Errorf("a table that is held: %v", err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is nothing to do
			if err := s.remove("k"); err != nil {
				t.Fatal(err)
			}
		}
		if now := s.value(identitiesSQL); now != was {
			t.Errorf("triggers %v: left as %s, were %s", triggers, now, was)
		}
		if s.value("SELECT coalesce(to_regnamespace('floe')::text, 'gone')") != "gone" {
			t.Errorf("triggers %v: schema floe is left", triggers)
		}
	}
}

// What others gave since, or publish themselves, stays; so does what floe could keep no record of.
func TestReplicaIdentitiesOfOthersStay(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), identified, "CREATE TABLE part (a int) PARTITION BY LIST (a); CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1)")
	s := shared{t, open(t, url)}
	s.publish("j")
	s.exec("ALTER TABLE uq REPLICA IDENTITY FULL; CREATE PUBLICATION mine FOR TABLE bag, part; DROP TABLE other")
	if err := s.remove("j"); err != nil {
		t.Fatal(err)
	}
	if now, want := s.value(identitiesSQL), "bag f, leaf d, never n, part1 f, pk d, uq f, whole f"; now != want {
		t.Errorf("left as %s, want %s", now, want)
	}
	s.exec("DROP PUBLICATION mine")
	if err := s.remove("j"); err != nil { // whichever job is removed next
		t.Fatal(err)
	}
	if now, want := s.value(identitiesSQL), "bag d, leaf d, never n, part1 d, pk d, uq f, whole f"; now != want {
		t.Errorf("left as %s, want %s", now, want)
	}
	if s.value("SELECT coalesce(to_regnamespace('floe')::text, 'gone')") != "gone" {
		t.Error("schema floe is left")
	}
}

// Who may not make schema floe publishes all the same.
func TestIdentitiesAreGivenWhereNoneCanBeKept(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	url := pgtest.NewDB(t, server, "CREATE TABLE bag (a int); CREATE SCHEMA floe")
	s := shared{t, open(t, url)}
	s.exec("DO $$ BEGIN CREATE ROLE keeps_nothing; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER TABLE bag OWNER TO keeps_nothing; GRANT USAGE ON SCHEMA floe TO keeps_nothing")
	s.exec("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO keeps_nothing', current_database()); END $$")
	t.Cleanup(func() {
		_, _ = s.conn.PgConn().Exec(context.Background(), "RESET ROLE; DROP OWNED BY keeps_nothing CASCADE; DROP ROLE keeps_nothing").ReadAll()
	})
	s.exec("SET ROLE keeps_nothing")
	s.publish("j")
	if err := s.remove("j"); err != nil {
		t.Fatal(err)
	}
	if now := s.value(identitiesSQL); now != "bag f" {
		t.Errorf("left as %s", now)
	}
}
