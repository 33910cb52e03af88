package target

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/ident"
)

// KeptName is the table that keeps the rows which a table had before its first load, until that is over.
func KeptName(o Owner, table uint32) ident.Name {
	sum := md5.Sum([]byte(o.Job + "/" + o.Applier))
	return ident.Name{Schema: "floe", Name: "kept_" + hex.EncodeToString(sum[:6]) + "_" + strconv.FormatUint(uint64(table), 10)}
}

// Keep copies a table's rows, if it has any, in the open transaction.
func (s *Session) Keep(ctx context.Context, kept, from ident.Name) error {
	if err := s.DropKept(ctx, kept); err != nil { // of a job that was reset
		return err
	}
	any, err := s.HasRows(ctx, from)
	if err != nil || !any {
		return err
	}
	if err := s.Exec(ctx, "CREATE TABLE "+kept.SQL()+" AS SELECT * FROM "+from.SQL()); err != nil {
		return fmt.Errorf("keep the rows of %s: %w", from, err)
	}
	return nil
}

// HasRows reports whether a table has any.
func (s *Session) HasRows(ctx context.Context, table ident.Name) (any bool, err error) {
	if err = s.Conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+table.SQL()+")").Scan(&any); err != nil {
		err = fmt.Errorf("look for rows of %s: %w", table, err)
	}
	return any, err
}

// Kept reports whether a table's rows are kept.
func (s *Session) Kept(ctx context.Context, kept ident.Name) (there bool, err error) {
	if err = s.Conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", kept.SQL()).Scan(&there); err != nil {
		err = fmt.Errorf("look for %s: %w", kept, err)
	}
	return there, err
}

// PutBack puts rows that were kept back into their table, by the columns that both still have.
func (s *Session) PutBack(ctx context.Context, kept, to ident.Name) error {
	rows, err := s.Conn.Query(ctx, `SELECT a.attname::text FROM pg_attribute a JOIN pg_attribute k ON k.attrelid = to_regclass($2) AND k.attname = a.attname AND NOT k.attisdropped
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(to_jsonb(a)->>'attgenerated', '') = '' ORDER BY a.attnum`, to.SQL(), kept.SQL())
	if err != nil {
		return fmt.Errorf("put rows of %s back: %w", to, err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("put rows of %s back: %w", to, err)
	}
	for i, c := range columns {
		columns[i] = ident.Quote(c)
	}
	list := strings.Join(columns, ", ")
	sql := "INSERT INTO " + to.SQL() + " (" + list + ") OVERRIDING SYSTEM VALUE SELECT " + list + " FROM " + kept.SQL()
	if len(columns) == 0 { // a table without columns
		sql = "INSERT INTO " + to.SQL() + " SELECT FROM " + kept.SQL()
	}
	if err := s.Exec(ctx, sql); err != nil {
		return fmt.Errorf("put rows of %s back: %w", to, err)
	}
	return nil
}

// DropKept drops what Keep made.
func (s *Session) DropKept(ctx context.Context, kept ident.Name) error {
	there, err := s.Kept(ctx, kept)
	if err != nil || !there {
		return err
	}
	return s.Exec(ctx, "DROP TABLE "+kept.SQL())
}
