package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SequenceState is a sequence's value at one moment.
type SequenceState struct {
	OID      uint32
	Name     ident.Name
	Last     int64
	IsCalled bool
}

// sequencesPerQuery bounds the locks that one query takes: each sequence costs one until its end.
const sequencesPerQuery = 500

// ReadSequences samples the values of sequences. Sequences are not transactional: the values are of
// now, not of a snapshot; ones that are gone meanwhile are left out.
func ReadSequences(ctx context.Context, conn *pgx.Conn, oids []uint32) ([]SequenceState, error) {
	for again := 0; ; again++ {
		out, err := sample(ctx, conn, oids)
		var pe *pgconn.PgError
		if errors.As(err, &pe) && pe.Code == "42P01" && again < 3 && conn.PgConn().TxStatus() == 'I' {
			continue // one was dropped between the two queries
		}
		if err != nil {
			return nil, fmt.Errorf("read sequences: %w", err)
		}
		return out, nil
	}
}

func sample(ctx context.Context, conn *pgx.Conn, oids []uint32) ([]SequenceState, error) {
	type row struct {
		OID          uint32
		Schema, Name string
	}
	names, err := collect[row](ctx, conn, `select c.oid, n.nspname as schema, c.relname as name
		from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.oid = any($1::oid[]) and c.relkind = 'S' order by c.oid`, oids)
	if err != nil {
		return nil, err
	}
	var out []SequenceState
	for len(names) > 0 {
		part := names[:min(len(names), sequencesPerQuery)]
		names = names[len(part):]
		selects := make([]string, len(part))
		for i, s := range part {
			selects[i] = fmt.Sprintf("select %d::pg_catalog.oid as oid, %s as schema, %s as name, last_value as last, is_called as iscalled from %s",
				s.OID, ident.Literal(s.Schema), ident.Literal(s.Name), ident.Name{Schema: s.Schema, Name: s.Name}.SQL())
		}
		type value struct {
			OID          uint32
			Schema, Name string
			Last         int64
			IsCalled     bool
		}
		got, err := collect[value](ctx, conn, strings.Join(selects, " union all "))
		if err != nil {
			return nil, err
		}
		for _, v := range got {
			out = append(out, SequenceState{v.OID, ident.Name{Schema: v.Schema, Name: v.Name}, v.Last, v.IsCalled})
		}
	}
	return out, nil
}
