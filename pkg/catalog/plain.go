package catalog

import (
	"regexp"
	"strings"

	"floe/pkg/ident"
)

// plainTypes are PostgreSQL's types that hold every value of an Oracle-mode server's, by the text that floe
// carries. RAW and its like are not among them: whether their text begins as bytea's does is not known, and
// bytea takes either for something.
var plainTypes = map[string]string{
	"varchar2": "pg_catalog.varchar", "nvarchar2": "pg_catalog.varchar", "number": "pg_catalog.numeric",
	"clob": "pg_catalog.text", "nclob": "pg_catalog.text", "long": "pg_catalog.text",
	"binary_float": "pg_catalog.float4", "binary_double": "pg_catalog.float8",
	"oradate": "pg_catalog.timestamp(0)", "date": "pg_catalog.timestamp(0)",
}

var digits = regexp.MustCompile(`\((\d+)(?: *, *(\d+))?(?: +(?:char|byte))?\)$`)

// PlainType is what a column of a type that only Oracle-mode servers bring becomes on a plain target. sql is
// the type with its modifier. A modifier that PostgreSQL has not is left out: the column then takes more.
func PlainType(t ident.Name, sql string) (string, bool) {
	plain, ok := plainTypes[t.Name]
	if !ok || t.Schema != "sys" && (t.Schema != "pg_catalog" || t.Name == "date") {
		return "", false
	}
	m := digits.FindStringSubmatch(strings.ToLower(sql))
	switch {
	case m == nil:
	case strings.HasSuffix(plain, "varchar"):
		plain += "(" + m[1] + ")"
	case strings.HasSuffix(plain, "numeric") && m[2] != "":
		plain += "(" + m[1] + "," + m[2] + ")"
	case strings.HasSuffix(plain, "numeric"):
		plain += "(" + m[1] + ")"
	}
	return plain, true
}
