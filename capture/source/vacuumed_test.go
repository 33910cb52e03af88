package source

import (
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// Tables that the server vacuums by itself are given another replica identity, published, join a publication and leave
// it without waiting for the end of that, which may take hours.
func TestVacuumedTablesArePublished(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Options{Settings: map[string]string{"autovacuum_naptime": "1s", "autovacuum_vacuum_cost_delay": "100ms", "autovacuum_vacuum_cost_limit": "1"}})
	before := map[string]string{"published": "select 1", "joining": "create publication floe_j", "leaving": "alter table t replica identity full; create publication floe_j for table t"}
	for name, act := range map[string]func(shared, *catalog.Database) error{
		"published": func(s shared, db *catalog.Database) error { return Publish(t.Context(), s.conn, "floe_j", db, false) },
		"joining": func(s shared, db *catalog.Database) error {
			_, refused, err := Join(t.Context(), s.conn, "floe_j", db, db.Tables(), false)
			return errors.Join(err, refused[db.Tables()[0].OID])
		},
		"leaving": func(s shared, db *catalog.Database) error {
			_, err := Withdraw(t.Context(), s.conn, "floe_j", []ident.Name{{Schema: "public", Name: "t"}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := pg.Connect(t.Context(), pg.Config{URL: pgtest.NewDB(t, server, "create table t (id int)", before[name])}, pg.Admin)
			if err != nil {
				t.Fatal(err)
			}
			s := shared{t, conn}
			s.exec("insert into t select generate_series(1, 200000); delete from t")
			for s.value(`select exists (select from pg_locks l join pg_stat_activity a using (pid) where a.backend_type = 'autovacuum worker'
				and l.relation = 'public.t'::regclass and l.granted and l.mode = 'ShareUpdateExclusiveLock')::text from pg_sleep(0.01)`) != "true" {
			}
			db, err := catalog.Read(t.Context(), conn, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := act(s, db); err != nil {
				t.Error(err)
			}
			if n := s.value("select count(*)::text from pg_publication_tables where pubname = 'floe_j'"); (n == "0") != (name == "leaving") {
				t.Errorf("%s tables are published", n)
			}
		})
	}
}

// A user who has read a table that joins, and writes to it then, is not ended as a deadlock.
func TestATableJoinsBesideItsUsers(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), "create table t (id int)", "create publication floe_j")
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Admin)
	if err != nil {
		t.Fatal(err)
	}
	db, err := catalog.Read(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	user, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close(t.Context()) //nolint:errcheck
	if _, err := user.Exec(t.Context(), "begin; set local deadlock_timeout = '500ms'; select from t"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for waits := false; !waits; {
			if err := user.QueryRow(t.Context(), "select exists (select from pg_locks where relation = 'public.t'::regclass and not granted)").Scan(&waits); err != nil {
				t.Error(err)
				return
			}
		}
		if _, err := user.Exec(t.Context(), "insert into t values (1); commit"); err != nil {
			t.Errorf("the user: %v", err)
		}
	})
	if joined, refused, err := Join(t.Context(), conn, "floe_j", db, db.Tables(), false); err != nil || len(joined) != 1 {
		t.Error(joined, refused, err)
	}
	all.Wait()
}
