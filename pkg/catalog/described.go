package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// describe completes object and collection types with what the server says of them when it is asked for each. No
// catalog has their text. A recording cannot ask: it has what was valid before, and the next look what is.
func (r *reader) describe(ctx context.Context, got []textRow) error {
	for i := range got {
		x := &got[i]
		if Kind(x.Kind) != KindObjectType {
			continue
		}
		name := ident.Name{Schema: x.Schema, Name: x.Name}
		text, why, err := r.told(ctx, name, x.OID)
		if err != nil {
			return err
		}
		if sql := typeStatement(name, strings.TrimPrefix(x.Address, "TYPE "), text); sql != "" {
			x.SQL, x.Speech, x.Absent = sql, string(dialect.PolarO), ""
			continue
		}
		x.Address = ""
		if why != "" {
			x.Absent = "the server does not tell how it was made (" + why + "): make it on the target by hand"
		}
	}
	return nil
}

// told is the description of a type, and why there is none.
func (r *reader) told(ctx context.Context, name ident.Name, oid uint32) (text, why string, err error) {
	switch was := r.valid[object{classObjectType, oid}]; {
	case !r.version.Described:
	case r.conn != nil:
		return r.ask(ctx, name)
	case was != nil && was.Name == name:
		return was.Body.(*TextDef).SQL, "", nil
	}
	return "", "", nil
}

// ask has the server describe a type, and says why it does not.
func (r *reader) ask(ctx context.Context, name ident.Name) (text, why string, err error) {
	if _, err := r.conn.Exec(ctx, "SAVEPOINT floe_described"); err != nil {
		return "", "", err
	}
	err = r.conn.QueryRow(ctx, "SELECT coalesce(dbms_metadata.get_ddl('TYPE', $1::text, $2::text)::text, '')", name.Name, name.Schema).Scan(&text)
	if refused := new(pgconn.PgError); errors.As(err, &refused) {
		text, why = "", refused.Error()
	} else if err != nil {
		return "", "", fmt.Errorf("describe type %s: %w", name, err)
	}
	_, err = r.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT floe_described; RELEASE SAVEPOINT floe_described")
	return text, why, err
}

// typeHead is how the statement of a type, or of its body, begins, up to its name.
var typeHead = regexp.MustCompile(`(?im)^[ \t]*(?:create\s+(?:or\s+replace\s+)?(?:(?:non)?editionable\s+)?)?type\s+(body\s+)?("[^"]+"|[^\s".(]+)(\s*\.\s*("[^"]+"|[^\s".(]+))?`)

// typeStatement has a description name its type with its schema, called, for floe's sessions have no search_path. Empty
// for what is no statement of a type.
func typeStatement(name ident.Name, called, text string) string {
	text = strings.TrimSpace(text)
	if at := typeHead.FindStringIndex(text); at == nil || at[0] != 0 {
		return ""
	}
	return typeHead.ReplaceAllStringFunc(text, func(head string) string {
		m := typeHead.FindStringSubmatch(head)
		if last := strings.Trim(cmp.Or(m[4], m[2]), `"`); !strings.EqualFold(last, name.Name) {
			return head // a word of its body that happens to begin a line
		}
		return "CREATE OR REPLACE TYPE " + strings.ToUpper(m[1]) + called
	})
}
