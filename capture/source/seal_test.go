package source

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// sealedPublication is one of all tables of a new database.
func sealedPublication(t *testing.T) (*pgx.Conn, func() error) {
	t.Helper()
	return sealedOn(t, pgtest.Shared(t))
}

func sealedOn(t *testing.T, server *pgtest.Server) (*pgx.Conn, func() error) {
	t.Helper()
	conn, err := pg.Connect(t.Context(), pg.Config{URL: pgtest.NewDB(t, server, `CREATE TABLE t (id int PRIMARY KEY, v text)`, `CREATE TABLE u (id int)`,
		`CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)`, `CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)`)}, pg.Admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	read := func() *catalog.Database {
		db, err := catalog.ReadSelection(t.Context(), conn, catalog.Selection{Everything: true})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	if _, err := InstallDDL(t.Context(), conn, DDL{Job: "j", Publication: "floe_j", Everything: true}); err != nil {
		t.Fatal(err)
	}
	if err := Publish(t.Context(), conn, "floe_j", read(), false); err != nil {
		t.Fatal(err)
	}
	return conn, func() error {
		is, err := CheckPublication(t.Context(), conn, "floe_j", read(), func(t *catalog.TableDef) bool { return t.Name.Name != "fresh" }, false)
		if err == nil {
			_, err = Reseal(t.Context(), conn, "floe_j", is.Seal)
		}
		return err
	}
}

// run does what any user of the database does.
func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	user, err := pgx.Connect(t.Context(), conn.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close(t.Context()) //nolint:errcheck
	if _, err := user.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Whatever was changed about a publication is seen, even when it was changed back.
func TestChangesOfAPublicationAreSeen(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		`ALTER PUBLICATION floe_j DROP TABLE t`,
		`ALTER PUBLICATION floe_j DROP TABLE t; ALTER PUBLICATION floe_j ADD TABLE t`,
		`ALTER PUBLICATION floe_j DROP TABLE floe.ddl; ALTER PUBLICATION floe_j ADD TABLE floe.ddl`,
		`ALTER PUBLICATION floe_j DROP TABLE p1; ALTER PUBLICATION floe_j ADD TABLE p1`,
		`ALTER PUBLICATION floe_j SET TABLE u; ALTER PUBLICATION floe_j ADD TABLE t, p1, floe.ddl`,
		`ALTER PUBLICATION floe_j SET (publish = 'insert')`,
		`ALTER PUBLICATION floe_j SET (publish = 'insert, update, delete'); ALTER PUBLICATION floe_j SET (publish = 'insert, update, delete, truncate')`,
		`ALTER PUBLICATION floe_j SET (publish_via_partition_root = true)`,
		`ALTER PUBLICATION floe_j DROP TABLE t; ALTER PUBLICATION floe_j ADD TABLE t WHERE (id < 2)`,
		`ALTER PUBLICATION floe_j DROP TABLE t; ALTER PUBLICATION floe_j ADD TABLE t (id)`,
		`DROP PUBLICATION floe_j`,
		`DROP PUBLICATION floe_j; CREATE PUBLICATION floe_j FOR TABLE t, u, p1, floe.ddl`,
		`COMMENT ON PUBLICATION floe_j IS NULL`,
		`COMMENT ON PUBLICATION floe_j IS 'floe: whoever changes this publication, or this comment, ends the job: 7 x'`,
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			conn, check := sealedPublication(t)
			run(t, conn, sql)
			for range 2 {
				if err := check(); halt.As(err) == nil || halt.As(err).Code != halt.PublicationChanged {
					t.Fatalf("%v, want %s", err, halt.PublicationChanged)
				}
			}
		})
	}
}

// What users and floe itself do to tables is no change of the publication.
func TestTablesComeAndGoWithinASeal(t *testing.T) {
	t.Parallel()
	conn, check := sealedPublication(t)
	for _, sql := range []string{
		`SELECT`, `CREATE TABLE fresh (id int PRIMARY KEY)`, `DROP TABLE fresh`, `DROP TABLE u; CREATE TABLE u (id int)`, `ALTER TABLE t RENAME TO t2; ALTER TABLE t2 RENAME TO t`,
		`ALTER TABLE t ADD w int; UPDATE t SET w = 1`, `CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (9) TO (20)`, `ALTER TABLE p DETACH PARTITION p1`, `DROP TABLE p`,
		`VACUUM FULL pg_publication`, `VACUUM FULL pg_publication_rel`, `VACUUM FREEZE pg_publication`,
	} {
		run(t, conn, sql)
		for range 2 {
			if err := check(); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
	}
	unwanted, err := Unwanted(t.Context(), conn, "floe_j", nil)
	if err != nil || len(unwanted) == 0 {
		t.Fatal(unwanted, err)
	}
	if kept, err := Withdraw(t.Context(), conn, "floe_j", unwanted); err != nil || len(kept) > 0 {
		t.Fatal(kept, err)
	}
	if _, err := Reseal(t.Context(), conn, "floe_j", Seal{}); err != nil {
		t.Fatal(err)
	}
	st, err := Stand(t.Context(), conn, "floe_j")
	if err != nil {
		t.Fatal(err)
	}
	seal, err := st.Sealed()
	if err != nil || len(seal.tables) != 1 {
		t.Fatalf("sealed %v, want floe.ddl alone; %v", seal, err)
	}
}

// A table that has the name of one which is to join is not published for it: nobody would load it.
func TestATableDoesNotJoinForAnother(t *testing.T) {
	t.Parallel()
	conn, _ := sealedPublication(t)
	db, err := catalog.ReadSelection(t.Context(), conn, catalog.Selection{Everything: true})
	if err != nil {
		t.Fatal(err)
	}
	was := db.Table(ident.Name{Schema: "public", Name: "u"})
	run(t, conn, `DROP TABLE u; CREATE TABLE u (id int); ALTER PUBLICATION floe_j DROP TABLE u`)
	if joined, _, err := Join(t.Context(), conn, "floe_j", db, []*catalog.TableDef{was}, false); err == nil || len(joined) > 0 {
		t.Errorf("%v joined; %v", joined, err)
	}
	var published bool
	if err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = 'public.u'::regclass)`).Scan(&published); err != nil || published {
		t.Errorf("the other one is published: %t, %v", published, err)
	}
}

// A second first start changes nothing of what the first one made: a slot may stand upon it.
func TestAPublicationIsMadeOnce(t *testing.T) {
	t.Parallel()
	conn, check := sealedPublication(t)
	was, err := Stand(t.Context(), conn, "floe_j")
	if err != nil {
		t.Fatal(err)
	}
	db, err := catalog.ReadSelection(t.Context(), conn, catalog.Selection{Everything: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := Publish(t.Context(), conn, "floe_j", db, false); err != nil {
		t.Fatal(err)
	}
	if is, err := Stand(t.Context(), conn, "floe_j"); err != nil || *is.comment != *was.comment || is.seal().text() != was.seal().text() {
		t.Errorf("%v, was %v; %v", is, was, err)
	}
	run(t, conn, `ALTER PUBLICATION floe_j SET (publish = 'insert'); ALTER PUBLICATION floe_j DROP TABLE t`)
	if err := Publish(t.Context(), conn, "floe_j", db, false); err != nil {
		t.Fatal(err)
	}
	if err := check(); err != nil {
		t.Error(err)
	}
}

// A publication that another user made is told what it lacks, and is as it should be once it has that.
func TestAPreparedPublicationIsToldWhatItLacks(t *testing.T) {
	t.Parallel()
	conn, _ := sealedPublication(t)
	db, err := catalog.ReadSelection(t.Context(), conn, catalog.Selection{Everything: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, made := range []string{
		`FOR TABLE t`, `FOR TABLE t, p1, u`, `FOR ALL TABLES`, `FOR TABLE t WHERE (id < 2)`, `FOR TABLE t (id), u, p1`, `FOR TABLE u, t, p1 WITH (publish = 'insert')`,
		`FOR TABLE p, t, u WITH (publish_via_partition_root = true)`, ``,
	} {
		name := fmt.Sprintf("prepared %d", i)
		run(t, conn, `CREATE PUBLICATION `+ident.Quote(name)+` `+made)
		st, err := Stand(t.Context(), conn, name)
		if err != nil {
			t.Fatal(err)
		}
		lacks := st.Lacks(db, true)
		if len(lacks) == 0 != (i == 1) {
			t.Errorf("%s lacks %q", made, lacks)
		}
		for _, sql := range lacks {
			run(t, conn, sql)
		}
		if st, err = Stand(t.Context(), conn, name); err != nil || len(st.Lacks(db, true)) > 0 {
			t.Errorf("%s still lacks %q; %v", made, st.Lacks(db, true), err)
		}
	}
}

// An older floe's publication has no generated columns: from 18 on the source then refuses changes of a table without a key.
func TestAnOlderPublicationGetsStoredGeneratedColumns(t *testing.T) {
	t.Parallel()
	for _, server := range serversFrom(t, 18) {
		conn, check := sealedOn(t, server)
		run(t, conn, "ALTER PUBLICATION floe_j SET (publish_generated_columns = none)")
		if _, err := Reseal(t.Context(), conn, "floe_j", Seal{}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := check(); err != nil {
				t.Fatal(err)
			}
		}
		run(t, conn, "CREATE TABLE bag (a int, s int GENERATED ALWAYS AS (a + 1) STORED); INSERT INTO bag VALUES (1); UPDATE bag SET a = 2")
	}
}
