package structure

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

// FLOE_PG_VERSION and FLOE_PG_TARGET_VERSION name the two servers' versions.
func TestAnotherVersionHoldsWhatBothKnow(t *testing.T) {
	t.Parallel()
	version, err := strconv.Atoi(os.Getenv("FLOE_PG_TARGET_VERSION"))
	if err != nil {
		t.Skip("FLOE_PG_TARGET_VERSION names no version for the target")
	}
	server, other := pgtest.Shared(t), pgtest.New(t, pgtest.Options{Version: version})
	p := &pair{t: t, options: Options{TargetVersion: version * 10000}}
	p.source = connect(t, pgtest.NewDB(t, server, richSchema(min(version, server.Version()))...), pg.Read)
	p.target = connect(t, pgtest.NewDB(t, other, "CREATE SCHEMA floe"), pg.Apply)
	p.plan(catalog.Selection{Everything: true})
	wantCodes(t, p.all())
	p.same(`"citext"`, `"btree_gist"`, `"kind":"range"`, `"subtype"`) // extensions' versions, multiranges
}

// The owner of the target database suffices: neither a superuser nor any other right is needed.
func TestTheDatabasesOwnerSuffices(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	p := &pair{t: t, options: Options{TargetVersion: server.Version() * 10000}}
	p.source = connect(t, pgtest.NewDB(t, server, ordersSQL, `CREATE SCHEMA other; CREATE TYPE other.e AS ENUM ('a');
		CREATE TABLE other.t (id bigserial PRIMARY KEY, e other.e)`), pg.Read)
	url := pgtest.NewDB(t, server)
	admin := connect(t, url, pg.Admin)
	cfg := admin.Config()
	role := cfg.Database + "_owner"
	for _, sql := range []string{"CREATE ROLE %[1]s LOGIN", "ALTER DATABASE %[2]s OWNER TO %[1]s", "ALTER SCHEMA public OWNER TO %[1]s"} {
		if _, err := admin.Exec(t.Context(), fmt.Sprintf(sql, role, cfg.Database)); err != nil {
			t.Fatal(err)
		}
	}
	cfg.User = role
	target, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.target = target
	defer target.Close(t.Context()) //nolint:errcheck
	p.exec("CREATE SCHEMA floe")
	p.plan(catalog.Selection{Everything: true})
	wantCodes(t, p.all())
	p.same()
}

// The root locale of ICU is an empty string, and the server wants it said.
func TestACollationOfTheRootLocale(t *testing.T) {
	t.Parallel()
	db := catalog.NewDatabase(150000, []catalog.Definition{{Kind: catalog.KindCollation, OID: 20000, Name: ident.Name{Schema: "public", Name: "root"}, Body: &catalog.CollationDef{Provider: "icu"}}})
	const want = `CREATE COLLATION "public"."root" (provider = icu, locale = '', deterministic = false)`
	if got := printed(Plan(db, Options{})); !strings.Contains(got, want) {
		t.Errorf("planned %s, want %s", got, want)
	}
}
