package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// Standing is how a publication stands in the catalog. Rows are catalog rows: a table that was taken out
// and put back has another one, and so has a publication whose options were changed and changed back.
// What was written meanwhile is in no message.
type Standing struct {
	name    string
	Foreign bool // its owner's role is not this user's
	Whole   bool // every kind of change, of the table that is written to, not of its root
	all     bool // of all tables
	stored  bool // with stored generated columns, where it must have them (withGenerated)
	row     string
	comment *string
	tables  map[uint32]member
	ddl     uint32 // oid of floe.ddl, 0 if the source records nothing
}

type member struct {
	row     uint32
	limited bool // to some rows or columns
}

// Seal is what a publication was made as, and what joined it: what stands otherwise was changed by others.
// floe keeps it in the publication's comment, so that it holds while no capture runs.
type Seal struct {
	row    string
	tables map[uint32]uint32 // catalog rows by the table's oid
}

// sealText says to who finds it what it is for; figures follow.
const sealText = "floe: whoever changes this publication, or this comment, ends the job:"

// Stand reads how a publication stands; it halts if that is gone.
func Stand(ctx context.Context, conn *pgx.Conn, name string) (*Standing, error) {
	st, err := stand(ctx, conn, name)
	if err == nil && st == nil {
		err = halt.New(halt.PublicationChanged, halt.Reset, "publication %s is gone from the source", name)
	}
	return st, err
}

// stand returns nil for a publication that is not there.
func stand(ctx context.Context, conn *pgx.Conn, name string) (*Standing, error) {
	st := &Standing{name: name, tables: map[uint32]member{}}
	err := conn.QueryRow(ctx, `SELECT NOT pg_has_role(pubowner, 'USAGE'), pubinsert AND pubupdate AND pubdelete AND pubtruncate
			AND NOT coalesce((to_jsonb(p)->>'pubviaroot')::boolean, false), puballtables, coalesce(to_jsonb(p)->>'pubgencols', 's') = 's', xmin::text, obj_description(oid, 'pg_publication'),
			coalesce(to_regclass('floe.ddl')::oid, 0)
		FROM pg_publication p WHERE pubname = $1`, name).Scan(&st.Foreign, &st.Whole, &st.all, &st.stored, &st.row, &st.comment, &st.ddl)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	rows, err := conn.Query(ctx, `SELECT prrelid, r.oid, coalesce(to_jsonb(r)->>'prqual', to_jsonb(r)->>'prattrs') IS NOT NULL
		FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE pubname = $1`, name)
	if err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	var oid uint32
	var m member
	if _, err := pgx.ForEachRow(rows, []any{&oid, &m.row, &m.limited}, func() error {
		st.tables[oid] = m
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look up publication %s: %w", name, err)
	}
	return st, nil
}

// Has reports whether the publication has the table.
func (st *Standing) Has(oid uint32) bool {
	_, ok := st.tables[oid]
	return ok
}

// since reports whether a table is published as the seal says.
func (st *Standing) since(s Seal, oid uint32) bool {
	row, sealed := s.tables[oid]
	return sealed && st.tables[oid].row == row
}

// plain reports whether it is one of single tables, with all their changes, rows and columns.
func (st *Standing) plain() bool {
	for _, m := range st.tables {
		if m.limited {
			return false
		}
	}
	return st.Whole && !st.all
}

// Sealed is the seal in the publication's comment. Others' publications have none: they are taken to be
// as they are.
func (st *Standing) Sealed() (Seal, error) {
	if st.Foreign {
		return st.seal(), nil
	}
	broken := halt.New(halt.PublicationChanged, halt.Reset, "publication %s does not bear the comment that floe gave it: it was made anew, or the comment was changed", st.name)
	if st.comment == nil {
		return Seal{}, broken
	}
	figures, ok := strings.CutPrefix(*st.comment, sealText)
	words := strings.Fields(figures)
	if !ok || len(words) == 0 {
		return Seal{}, broken
	}
	s := Seal{row: words[0], tables: map[uint32]uint32{}}
	for _, w := range words[1:] {
		table, row, _ := strings.Cut(w, ":")
		a, err1 := strconv.ParseUint(table, 10, 32)
		b, err2 := strconv.ParseUint(row, 10, 32)
		if err1 != nil || err2 != nil {
			return Seal{}, broken
		}
		s.tables[uint32(a)] = uint32(b)
	}
	return s, nil
}

func (st *Standing) seal() Seal {
	s := Seal{row: st.row, tables: make(map[uint32]uint32, len(st.tables))}
	for oid, m := range st.tables {
		s.tables[oid] = m.row
	}
	return s
}

func (s Seal) text() string {
	var b strings.Builder
	b.WriteString(sealText + " " + s.row)
	oids := make([]uint32, 0, len(s.tables))
	for oid := range s.tables {
		oids = append(oids, oid)
	}
	slices.Sort(oids)
	for _, oid := range oids {
		fmt.Fprintf(&b, " %d:%d", oid, s.tables[oid])
	}
	return b.String()
}

// Check halts unless the publication is as the seal says, as far as the tables, and floe.ddl, go, and
// brings all changes of those that it has.
func (st *Standing) Check(s Seal, tables []*catalog.TableDef) error {
	changed := func(what string, args ...any) error {
		return halt.New(halt.PublicationChanged, halt.Reset, "publication %s %s", st.name, fmt.Sprintf(what, args...))
	}
	if !st.Whole {
		return changed("no longer publishes every kind of change of every table as its own")
	}
	if st.row != s.row {
		return changed("was altered: what was written meanwhile may be missing")
	}
	var limited, moved []string
	judge := func(oid uint32, name string) {
		m, is := st.tables[oid]
		was, sealed := s.tables[oid]
		switch {
		case is && m.limited:
			limited = append(limited, name)
		case sealed && m.row != was:
			moved = append(moved, name)
		}
	}
	for _, t := range tables {
		judge(t.OID, t.Name.String())
	}
	if st.ddl != 0 {
		judge(st.ddl, "floe.ddl")
	}
	switch {
	case len(moved) > 0:
		return changed("lacks, or lacked for a while, %s: what was written meanwhile is missing", strings.Join(moved, ", "))
	case len(limited) > 0:
		return changed("leaves out rows or columns of %s", strings.Join(limited, ", "))
	}
	return nil
}

// Renew seals what joined since, and what left because nobody wants it; it returns the seal as it is now.
func (st *Standing) Renew(ctx context.Context, conn *pgx.Conn, s Seal) (Seal, error) {
	now := st.seal()
	if st.Foreign || now.text() == s.text() {
		return now, nil
	}
	// It is no command of anybody's: recorded, it would stand in the stream behind all that the source did.
	const record = "SELECT set_config('floe.recording', '%s', true);"
	_, err := conn.PgConn().Exec(ctx, fmt.Sprintf(record, "on")+"COMMENT ON PUBLICATION "+ident.Quote(st.name)+" IS "+ident.Literal(now.text())+";"+fmt.Sprintf(record, "")).ReadAll()
	if err != nil {
		return s, fmt.Errorf("seal publication %s: %w", st.name, err)
	}
	return now, nil
}

// Reseal renews the seal of the publication as it stands, after floe itself changed it.
func Reseal(ctx context.Context, conn *pgx.Conn, name string, s Seal) (Seal, error) {
	st, err := Stand(ctx, conn, name)
	if err != nil {
		return s, err
	}
	return st.Renew(ctx, conn, s)
}
