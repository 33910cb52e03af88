package applier

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"

	"floe/applier/render"
	"floe/applier/structure"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// leaf empties one partition: the target's own of that name if its rows are the same, else by its bounds. A
// target's tables may be divided otherwise, and a name says nothing of bounds.
func (s *session) leaf(ctx context.Context, to *render.Table, leaf *event.Leaf) (string, error) {
	name := s.Mapping.Table(leaf.Name)
	var has string
	err := s.db.Conn.QueryRow(ctx, `WITH RECURSIVE leaf AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = $1 AND c.relname = $2 AND c.relispartition AND c.relkind = 'r'),
		up AS (SELECT oid FROM leaf UNION ALL SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.oid)
		SELECT coalesce(pg_get_partition_constraintdef(leaf.oid), 'true') FROM leaf
		WHERE EXISTS (SELECT FROM up JOIN pg_class c ON c.oid = up.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $3 AND c.relname = $4)`,
		name.Schema, name.Name, to.Name.Schema, to.Name.Name).Scan(&has)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("look up partition %s: %w", name, err)
	}
	condition := structure.Renamed(s.Mapping, to.Shape.Name, columnNames(to.Shape), leaf.Condition)
	switch same := err == nil && hashed.ReplaceAllString(has, "") == hashed.ReplaceAllString(condition, ""); {
	case same && !s.emptied:
		return "TRUNCATE ONLY " + name.SQL(), nil
	case same:
		return "DELETE FROM ONLY " + name.SQL(), nil
	}
	if condition, err = s.hashedHere(ctx, to, condition); err != nil {
		return "", err
	}
	return "DELETE FROM " + to.Name.SQL() + " AS " + ident.Quote(leaf.Name.Name) + " WHERE " + condition, nil
}

func columnNames(t *event.Table) (out []string) {
	for _, c := range t.Columns {
		out = append(out, c.Name)
	}
	return out
}

// hashed is how a condition names the table whose hash partition a row must fit: by the source's oid.
var hashed = regexp.MustCompile(`satisfies_hash_partition\('(\d+)'::oid`)

// hashedHere has the condition of a hash partition ask a table of the target that is divided as the source's
// is: nothing else knows which rows fit. Values of another type would fit elsewhere.
func (s *session) hashedHere(ctx context.Context, to *render.Table, condition string) (string, error) {
	for _, m := range hashed.FindAllStringSubmatch(condition, -1) {
		oid, err := strconv.ParseUint(m[1], 10, 32)
		if err != nil {
			return "", err
		}
		key := ""
		for _, t := range s.valid.Tables() {
			if t.OID == uint32(oid) {
				key = structure.Renamed(s.Mapping, to.Shape.Name, columnNames(to.Shape), t.PartitionKey)
			}
		}
		if key == "" {
			return "", halt.New(halt.StructureChanged, halt.Rebuild, "a partition of %s was emptied whose rows only table %d of the source tells, and that is nowhere in the log", to.Shape.Name, oid)
		}
		for i, c := range to.Shape.Columns {
			if t := to.Columns[i]; !t.Absent && t.Type != c.Type {
				return "", halt.New(halt.StructureChanged, "give the target's table the source's types", "a hash partition of %s was emptied, and column %s has another type on the target: which rows it held is not known there", to.Shape.Name, t.Name)
			}
		}
		like := ident.Name{Schema: "pg_temp", Name: "floe_hash_" + m[1]}.SQL()
		if err := s.db.Exec(ctx, "DROP TABLE IF EXISTS "+like+"; CREATE TEMPORARY TABLE "+like+" (LIKE "+to.Name.SQL()+") PARTITION BY "+key+" ON COMMIT DROP"); err != nil {
			return "", fmt.Errorf("divide as the source does: %w", err)
		}
	}
	return hashed.ReplaceAllString(condition, "satisfies_hash_partition('pg_temp.floe_hash_$1'::text::regclass"), nil // looked up when it runs: the statement is kept
}
