package catalog

import (
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
