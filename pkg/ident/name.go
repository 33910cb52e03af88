// Package ident names things: database objects, and what floe derives from their names (SQL, Avro
// names, topics). Every quoting rule of floe is in this package and nowhere else.
package ident

import (
	"fmt"
	"strings"
)

// Name is a schema-qualified object of a database, unquoted as in the catalog.
type Name struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// SQL is the name fit for a statement: both parts quoted.
func (n Name) SQL() string { return Quote(n.Schema) + "." + Quote(n.Name) }

// String is the name as a person would write it in SQL: quoted only where SQL would need it.
func (n Name) String() string { return quoteIfNeeded(n.Schema) + "." + quoteIfNeeded(n.Name) }

// Quote returns s as a quoted SQL identifier.
func Quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// Literal returns s as an SQL string literal that means the same under either setting of
// standard_conforming_strings.
func Literal(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return " E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}

func quoteIfNeeded(s string) string {
	if s == "" {
		return `""`
	}
	for i, r := range s {
		if r == '_' || r >= 'a' && r <= 'z' || i > 0 && (r >= '0' && r <= '9' || r == '$') {
			continue
		}
		return Quote(s)
	}
	return s
}

// Parse reads one schema-qualified name as written in SQL; unquoted parts fold to lower case.
func Parse(s string) (Name, error) {
	parts, err := Split(s)
	if err != nil {
		return Name{}, err
	}
	if len(parts) != 2 {
		return Name{}, fmt.Errorf("name %q: want schema.table, quoted where SQL would quote", s)
	}
	return Name{parts[0], parts[1]}, nil
}

// Split reads the dot-separated parts of a name as written in SQL.
func Split(s string) ([]string, error) {
	var parts []string
	rest := strings.TrimSpace(s)
	for {
		part, tail, err := cutPart(rest)
		if err != nil {
			return nil, fmt.Errorf("name %q: %w", s, err)
		}
		parts = append(parts, part)
		if tail == "" {
			return parts, nil
		}
		if tail[0] != '.' {
			return nil, fmt.Errorf("name %q: unexpected %q after %q", s, tail, part)
		}
		rest = tail[1:]
	}
}

// cutPart takes one quoted or plain identifier off the front of s.
func cutPart(s string) (part, tail string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, `."`)
		if end < 0 {
			end = len(s)
		}
		if end == 0 {
			return "", "", fmt.Errorf("an empty part")
		}
		return Fold(s[:end]), s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		if b.Len() == 0 {
			return "", "", fmt.Errorf("an empty quoted part")
		}
		return b.String(), s[i+1:], nil
	}
	return "", "", fmt.Errorf("a quote that is not closed")
}
