package ident

import (
	"fmt"
	"strings"
)

// Pattern chooses tables: schema.table or a schema alone, written as in SQL, where * and ? outside
// quotes stand for any characters and for any one.
type Pattern struct {
	text   string
	schema glob
	table  glob
}

// ParsePattern reads a pattern; unquoted letters fold to lower case as they do in SQL.
func ParsePattern(s string) (Pattern, error) {
	parts, err := globs(strings.TrimSpace(s))
	if err != nil {
		return Pattern{}, fmt.Errorf("name %q: %w", s, err)
	}
	switch len(parts) {
	case 1:
		return Pattern{s, parts[0], glob{{wild: true, r: '*'}}}, nil
	case 2:
		return Pattern{s, parts[0], parts[1]}, nil
	}
	return Pattern{}, fmt.Errorf("name %q: want schema or schema.table, quoted where SQL would quote", s)
}

// Match reports whether the pattern chooses n.
func (p Pattern) Match(n Name) bool {
	return p.schema.match([]rune(n.Schema)) && p.table.match([]rune(n.Name))
}

// Exact returns the one table that a pattern without wildcards names.
func (p Pattern) Exact() (Name, bool) {
	schema, ok1 := p.schema.plain()
	table, ok2 := p.table.plain()
	return Name{schema, table}, ok1 && ok2
}

// Whole returns the schema whose every table the pattern chooses, if it names one.
func (p Pattern) Whole() (string, bool) {
	schema, ok := p.schema.plain()
	return schema, ok && len(p.table) == 1 && p.table[0] == unit{'*', true}
}

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }

// glob is one part of a pattern.
type glob []unit

type unit struct {
	r    rune
	wild bool // r is '*' or '?' and was outside quotes
}

func (g glob) plain() (string, bool) {
	var b strings.Builder
	for _, u := range g {
		if u.wild {
			return "", false
		}
		b.WriteRune(u.r)
	}
	return b.String(), true
}

// match goes back to the last star only: each later star makes the earlier ones' choices final.
func (g glob) match(s []rune) bool {
	i, star, from := 0, -1, 0
	for j := 0; j < len(s); {
		switch {
		case i < len(g) && g[i] == unit{'*', true}:
			star, from, i = i, j, i+1
		case i < len(g) && (g[i] == unit{'?', true} || !g[i].wild && g[i].r == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(g) && g[i] == (unit{'*', true}) {
		i++
	}
	return i == len(g)
}

// globs splits a pattern at the dots outside quotes.
func globs(s string) ([]glob, error) {
	parts := []glob{nil}
	quoted := false
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		last := &parts[len(parts)-1]
		switch r := runes[i]; {
		case quoted && r == '"' && i+1 < len(runes) && runes[i+1] == '"':
			*last = append(*last, unit{r: r})
			i++
		case r == '"':
			quoted = !quoted
		case quoted:
			*last = append(*last, unit{r: r})
		case r == '.':
			parts = append(parts, nil)
		case r == '*' || r == '?':
			*last = append(*last, unit{r, true})
		default:
			*last = append(*last, unit{r: foldRune(r)})
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote that is not closed")
	}
	for _, p := range parts {
		if len(p) == 0 {
			return nil, fmt.Errorf("an empty part")
		}
	}
	return parts, nil
}

// foldRune folds as the server does in UTF-8: ASCII letters only.
func foldRune(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + ('a' - 'A')
	}
	return r
}

// Fold is how the server reads an unquoted identifier.
func Fold(s string) string { return strings.Map(foldRune, s) }

// Like returns the pattern's two parts as patterns of SQL's LIKE.
func (p Pattern) Like() (schema, table string) { return p.schema.like(), p.table.like() }

func (g glob) like() string {
	var b strings.Builder
	for _, u := range g {
		switch {
		case u == unit{'*', true}:
			b.WriteByte('%')
		case u == unit{'?', true}:
			b.WriteByte('_')
		case u.r == '%' || u.r == '_' || u.r == '\\':
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteRune(u.r)
		}
	}
	return b.String()
}
