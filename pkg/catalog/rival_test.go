package catalog

import (
	"testing"

	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// Reading locks the tables of views, one after the other. A user's transaction that has the next one and waits for one
// of those is not ended as a deadlock: reading gives up, and reads again.
func TestReadingGivesWay(t *testing.T) {
	t.Parallel()
	var sql []string
	for _, name := range []string{"a", "b", "c"} {
		sql = append(sql, "CREATE TABLE "+name+" (id int)", "CREATE VIEW v"+name+" AS SELECT id FROM "+name)
	}
	url := pgtest.NewDB(t, pgtest.Shared(t), sql...)
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck
	user := make(chan error, 1)
	go func() { user <- pgtest.Rival(t.Context(), url, "b") }()
	for {
		db, err := Read(t.Context(), conn, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(db.Tables()); n != 3 {
			t.Fatalf("%d tables were read", n)
		}
		select {
		case err := <-user:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}
