package catalog

import (
	"testing"

	"floe/pkg/ident"
)

func TestTypesOfOracleModeServersBecomePlainOnes(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"sys", "varchar2(10)", "pg_catalog.varchar(10)"}, {"sys", "varchar2(10 char)", "pg_catalog.varchar(10)"}, {"pg_catalog", "nvarchar2", "pg_catalog.varchar"},
		{"sys", "number", "pg_catalog.numeric"}, {"sys", "number(12,2)", "pg_catalog.numeric(12,2)"}, {"sys", "number(5)", "pg_catalog.numeric(5)"},
		{"sys", "number(5,-2)", "pg_catalog.numeric"}, {"sys", "date", "pg_catalog.timestamp(0)"}, {"sys", "clob", "pg_catalog.text"}, {"sys", "binary_double", "pg_catalog.float8"},
		{"pg_catalog", "date", ""}, {"sys", "raw(16)", ""}, {"app", "number", ""}, {"oracle", "varchar2(3)", ""}, {"pg_catalog", "varchar(3)", ""},
	} {
		name := c[1]
		for i, r := range name {
			if r == '(' {
				name = name[:i]
				break
			}
		}
		if got, ok := PlainType(ident.Name{Schema: c[0], Name: name}, c[0]+"."+c[1]); got != c[2] || ok != (c[2] != "") {
			t.Errorf("%s.%s becomes %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
