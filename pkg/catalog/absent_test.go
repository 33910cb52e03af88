package catalog

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// Roles that hold something, and security labels, are reported with a database.
func TestRolesAndSecurityLabelsAreReported(t *testing.T) {
	t.Parallel()
	role := fmt.Sprintf("holder_%d", os.Getpid())
	conn := source(t, "CREATE ROLE "+role, "CREATE TABLE t (id int PRIMARY KEY)", "ALTER TABLE t OWNER TO "+role, "CREATE ROLE idle_"+role,
		"INSERT INTO pg_seclabel VALUES ('t'::regclass, 'pg_class'::regclass, 0, 'guard', 'secret')")
	absent := func(sel Selection) (out []string) {
		for _, d := range mustRead(t, conn, sel).Definitions {
			if b, ok := d.Body.(*TextDef); ok && b.Absent != "" {
				out = append(out, string(d.Kind)+" "+d.Name.Name+": "+strings.Fields(b.Absent)[0])
			}
		}
		return out
	}
	if got, want := absent(Selection{Everything: true}), []string{"roles " + role + ": what", "security-labels of guard: 1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A subscription and a place for relations are reported with a database, and not made anywhere.
func TestSubscriptionsAndTablespacesAreReported(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("absent_%d", os.Getpid())
	conn := source(t, "CREATE SUBSCRIPTION "+name+" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)", "ALTER SUBSCRIPTION "+name+" SET (slot_name = NONE)",
		"SET allow_in_place_tablespaces = on", "CREATE TABLESPACE "+name+" LOCATION ''", "CREATE TABLE t (id int PRIMARY KEY) TABLESPACE "+name)
	t.Cleanup(func() {
		for _, sql := range []string{"DROP SUBSCRIPTION " + name, "DROP TABLE public.t", "DROP TABLESPACE " + name} {
			if _, err := conn.Exec(context.WithoutCancel(t.Context()), sql); err != nil {
				t.Error(err)
			}
		}
	})
	found := map[Kind]string{}
	for _, d := range mustRead(t, conn, Selection{Everything: true}).Definitions {
		if b, ok := d.Body.(*TextDef); ok && b.Absent != "" {
			found[d.Kind] = d.Name.Name + ": " + b.Absent
		}
	}
	for kind, want := range map[Kind]string{KindSubscription: name + ": a copy that subscribes", KindTablespace: name + ": 1 relations lie in it"} {
		if !strings.HasPrefix(found[kind], want) {
			t.Errorf("%s is reported as %q, want %q", kind, found[kind], want)
		}
	}
}
