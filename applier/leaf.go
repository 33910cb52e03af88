package applier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/applier/render"
	"floe/applier/structure"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// leaf empties one partition: the target's own of that name if its rows are the same, else by its bounds. A
// target's tables may be divided otherwise, and a name says nothing of bounds.
func (s *session) leaf(ctx context.Context, to *render.Table, leaf *event.Leaf, truncate bool) (string, error) {
	if err := s.heldAlike(ctx, to, leaf); err != nil {
		return "", err
	}
	name := s.Mapping.Table(leaf.Name)
	_, same, err := s.part(ctx, to, leaf)
	switch {
	case err != nil:
		return "", err
	case same && truncate:
		return "TRUNCATE ONLY " + name.SQL(), nil
	case same:
		return "DELETE FROM ONLY " + name.SQL(), nil
	}
	condition, err := s.hashedHere(ctx, to, s.renamed(to, leaf.Condition))
	if err != nil {
		return "", err
	}
	return "DELETE FROM " + to.Name.SQL() + " AS " + ident.Quote(leaf.Name.Name) + " WHERE " + condition, nil
}

// part reports whether the target's table has a partition of that name, and one of the same rows.
func (s *session) part(ctx context.Context, to *render.Table, leaf *event.Leaf) (there, same bool, err error) {
	name := s.Mapping.Table(leaf.Name)
	var has string
	err = s.db.Conn.QueryRow(ctx, `WITH RECURSIVE leaf AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = $1 AND c.relname = $2 AND c.relispartition AND c.relkind = 'r'),
		up AS (SELECT oid FROM leaf UNION ALL SELECT i.inhparent FROM pg_inherits i JOIN up ON i.inhrelid = up.oid)
		SELECT coalesce(pg_get_partition_constraintdef(leaf.oid), 'true') FROM leaf
		WHERE EXISTS (SELECT FROM up JOIN pg_class c ON c.oid = up.oid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $3 AND c.relname = $4)`,
		name.Schema, name.Name, to.Name.Schema, to.Name.Name).Scan(&has)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("look up partition %s: %w", name, err)
	}
	return true, hashed.ReplaceAllString(has, "") == hashed.ReplaceAllString(s.renamed(to, leaf.Condition), ""), nil
}

// renamed is an expression over a table of the source by the target's names.
func (s *session) renamed(to *render.Table, sql string) string {
	var columns []string
	for _, c := range to.Shape.Columns {
		columns = append(columns, c.Name)
	}
	return structure.Renamed(s.Mapping, to.Shape.Name, columns, sql)
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
				key = s.renamed(to, t.PartitionKey)
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

// ofValues are types whose hash is the same on every server: of no text.
var ofValues = []string{
	"int2", "int4", "int8", "numeric", "float4", "float8", "bool", "bytea", "uuid", "date", "time", "timetz", "timestamp", "timestamptz",
	"interval", "inet", "cidr", "macaddr", "macaddr8",
}

// heldAlike halts where nobody knows which rows of the target a partition of the source held, and the target's
// own partition of that name holds others.
func (s *session) heldAlike(ctx context.Context, to *render.Table, leaf *event.Leaf) error {
	if err := s.hashesAlike(ctx, to, leaf); err != nil {
		return err
	}
	return s.sortsAlike(ctx, to, leaf)
}

// hashesAlike halts where a partition held its rows by the hash of text whose bytes are others here.
func (s *session) hashesAlike(ctx context.Context, to *render.Table, leaf *event.Leaf) error {
	if !hashed.MatchString(leaf.Condition) {
		return nil
	}
	var here string
	if err := s.db.Conn.QueryRow(ctx, "SELECT current_setting('server_encoding')").Scan(&here); err != nil {
		return fmt.Errorf("look up the target's encoding: %w", err)
	}
	there := "UTF8"
	for _, t := range s.valid.Tables() {
		if t.OID == to.Shape.OID && t.Encoding != "" {
			there = t.Encoding
		}
	}
	for _, c := range to.Shape.Columns {
		if here != there && catalog.Mentions(leaf.Condition, c.Name) && (c.Type.Schema != "pg_catalog" || !slices.Contains(ofValues, c.Type.Name)) {
			return halt.New(halt.StructureChanged, "make the target's database anew with ENCODING '"+there+"', then begin the job again",
				"partition %s of %s was emptied or left it, and held its rows by the hash of column %s, which encoding %s of the target computes otherwise", leaf.Name, to.Shape.Name, c.Name, here)
		}
	}
	return nil
}

// literals are what stands in the bounds of partitions.
var (
	literals = regexp.MustCompile(`'((?:[^']|'')*)'`)
	digits   = regexp.MustCompile(`^[0-9]*$`)
)

// sortsAlike halts where a partition held a range of text and the target's database sorts text otherwise. Digits
// sort alike everywhere.
func (s *session) sortsAlike(ctx context.Context, to *render.Table, leaf *event.Leaf) error {
	order, alike, keys := "", true, ""
	for _, t := range s.valid.Tables() {
		if s.valid.Root(t).OID != to.Shape.OID {
			continue
		}
		keys += " " + t.PartitionKey
		if t.PartitionOf == nil {
			continue
		}
		for _, m := range literals.FindAllStringSubmatch(t.PartitionOf.Bound, -1) {
			alike = alike && digits.MatchString(m[1])
		}
		if t.Name == leaf.Name {
			order = t.PartitionOf.Order
		}
	}
	if order == "" {
		return nil
	}
	var here string
	if err := s.db.Conn.QueryRow(ctx, "SELECT "+catalog.OrderOfText(s.db.Version)).Scan(&here); err != nil {
		return fmt.Errorf("look up how the target sorts text: %w", err)
	}
	if here == order {
		return nil
	}
	others := []string{"false"}
	for i, c := range to.Shape.Columns {
		if t := to.Columns[i]; !t.Absent && catalog.Mentions(keys, c.Name) {
			others = append(others, ident.Quote(t.Name)+"::text !~ '^[0-9]*$'")
		}
	}
	if alike {
		if err := s.db.Conn.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM "+to.Name.SQL()+" WHERE "+strings.Join(others, " OR ")+")").Scan(&alike); err != nil {
			return fmt.Errorf("look for keys of %s that sort otherwise: %w", to.Name, err)
		}
	}
	if alike {
		return nil
	}
	return halt.New(halt.StructureChanged, "make the target's database anew so that it sorts text as the source's does, then begin the job again",
		"partition %s of %s was emptied or left it, and held a range of text as %s sorts it, where the target goes by %s", leaf.Name, to.Shape.Name, order, here)
}

// parted follows partitions that leave their tables where the target's are divided otherwise: of one that was
// dropped the rows go. One that was detached takes the target's partition of its name along, so that must hold
// the same rows; where there is none its rows go too, for the table that it is now is loaded. What floe made follows by
// itself.
func (s *session) parted(ctx context.Context, c *change) error {
	gone := map[uint32]bool{}
	for _, r := range slices.Concat(c.gone, c.left) { // detached from a table that is selected without it, it leaves
		gone[r.OID] = gone[r.OID] || r.Kind == catalog.KindTable
	}
	next := s.valid.With(c.now, slices.Concat(c.gone, c.left))
	roots := map[uint32]uint32{}
	for _, t := range next.Tables() {
		roots[t.OID] = next.Root(t).OID
	}
	for _, t := range s.valid.Tables() {
		root := s.valid.Root(t)
		detached := roots[t.OID] != 0 && roots[root.OID] != 0 && roots[t.OID] != roots[root.OID] // with what it is a part of
		if t == root || t.PartitionKey != "" || gone[root.OID] || !gone[t.OID] && !detached || s.shapes[root.OID] == nil {
			continue
		}
		if t.PartitionOf.OwnHash { // capture has the table loaded again
			continue
		}
		to, err := s.table(ctx, s.shapes[root.OID])
		if err != nil {
			return err
		}
		leaf := &event.Leaf{Name: t.Name, Condition: t.PartitionOf.Condition}
		if err := s.heldAlike(ctx, to, leaf); err != nil {
			return err
		}
		made, err := structure.Made(ctx, s.db.Tx, s.Job, s.Name, t.OID)
		if err != nil {
			return err
		}
		if made {
			continue
		}
		if detached {
			there, same, err := s.part(ctx, to, leaf)
			if err == nil && there && !same {
				err = halt.New(halt.StructureChanged, "give the target's partition the source's bounds, then start again",
					"the source detached partition %s, and the target's of that name holds other rows", t.Name)
			}
			if err != nil {
				return err
			}
			if there {
				continue
			}
			gone = maps.Clone(gone)
			gone[t.OID] = true
		}
		if err := s.dropped(ctx, to, leaf, gone); err != nil {
			return fmt.Errorf("delete the rows of partition %s, which left its table: %w", t.Name, err)
		}
	}
	return nil
}

// dropped deletes the rows of a partition that the source dropped. Of a default partition it may not be known
// which rows it held: those that no other one holds.
func (s *session) dropped(ctx context.Context, to *render.Table, leaf *event.Leaf, gone map[uint32]bool) error {
	if leaf.Condition != "" {
		sql, err := s.leaf(ctx, to, leaf, false)
		if err != nil {
			return err
		}
		return s.db.Exec(ctx, sql)
	}
	held := []string{"false"}
	for _, t := range s.valid.Tables() {
		if t.PartitionKey != "" || gone[t.OID] || s.valid.Root(t).OID != to.Shape.OID {
			continue
		}
		if t.PartitionOf.Condition == "" {
			return halt.New(halt.StructureChanged, halt.Rebuild, "partitions %s and %s of %s share what no other holds, and one is gone", leaf.Name, t.Name, to.Shape.Name)
		}
		held = append(held, "("+t.PartitionOf.Condition+")")
	}
	condition, err := s.hashedHere(ctx, to, s.renamed(to, strings.Join(held, " OR ")))
	if err != nil {
		return err
	}
	return s.db.Exec(ctx, "DELETE FROM "+to.Name.SQL()+" WHERE ("+condition+") IS NOT TRUE")
}
