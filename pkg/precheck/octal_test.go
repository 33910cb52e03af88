package precheck

import (
	"slices"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// Bytes above 127 are found in a column, an array, a domain and a composite of a server that spells them out.
func TestHighBytesAreFoundWhereverTheyAre(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	if s.Version() < 15 {
		t.Skip("spelled so from 15 on")
	}
	url := pgtest.NewDB(t, s, `CREATE DOMAIN d AS "char"`, `CREATE TYPE c AS (x int, y d)`,
		`CREATE TABLE t (id int PRIMARY KEY, plain "char", listed "char"[], domained d, composed c, low "char", other text)`,
		`INSERT INTO t VALUES (1, '\377', ARRAY['\200'::"char"], '\301', ROW(1, '\377'), '\', '\377')`)
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck
	db, err := catalog.Read(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	found, unseen, err := highBytes(t.Context(), conn, db)
	if err != nil || len(unseen) > 0 {
		t.Fatal(unseen, err)
	}
	if want := []string{"public.t.plain", "public.t.listed", "public.t.domained", "public.t.composed"}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}
