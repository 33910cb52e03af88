package catalog

import (
	"context"
	"fmt"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// Selection says what to read. Everything also brings the objects that no selected table needs:
// all schemas, extensions, types, sequences and functions; otherwise only what the tables need.
type Selection struct {
	Tables     func(ident.Name) bool // nil selects all
	Everything bool
}

// Read returns the definitions of the tables that includes accepts, and of what they depend on; with
// a nil includes, of the whole database. A partition is selected with its parent.
//
// It reads under one REPEATABLE READ snapshot, or inside the transaction that conn is in.
func Read(ctx context.Context, conn *pgx.Conn, includes func(ident.Name) bool) (*Database, error) {
	return ReadSelection(ctx, conn, Selection{Tables: includes, Everything: includes == nil})
}

// ReadSelection is Read with a choice of what comes beside the tables.
func ReadSelection(ctx context.Context, conn *pgx.Conn, sel Selection) (*Database, error) {
	db, err := inSnapshot(ctx, conn, sel)
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	return db, nil
}

func inSnapshot(ctx context.Context, conn *pgx.Conn, sel Selection) (*Database, error) {
	if conn.PgConn().TxStatus() == 'T' {
		return inTransaction(ctx, conn, sel)
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	// Nothing was written: rolling back ends the snapshot and the local search_path alike.
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck
	return read(ctx, conn, sel)
}

// inTransaction reads inside a transaction that somebody else goes on with: it gets its search_path
// back.
func inTransaction(ctx context.Context, conn *pgx.Conn, sel Selection) (*Database, error) {
	var path string
	if err := conn.QueryRow(ctx, "select current_setting('search_path')").Scan(&path); err != nil {
		return nil, err
	}
	db, err := read(ctx, conn, sel)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "select set_config('search_path', $1, true)", path)
	return db, err
}

// place is a column of a table.
type place struct {
	table  uint32
	attnum int16
}

// reader is one reading of a catalog.
type reader struct {
	conn    *pgx.Conn
	version int
	sel     Selection
	tables  map[uint32]*TableDef // the selected ones
	barred  map[uint32]bool      // oids of tables that are not selected
	names   map[uint32]ident.Name
	parents map[uint32][]uint32
	behind  map[place]*sequenceRow // identity columns
	owner   map[uint32]uint32      // sequence → table
	found   []Definition
	of      map[object]int // index into found
	edges   map[object][]object
}

// read takes every kind in turn. The order matters only where one kind completes another: keys and
// identity columns belong to tables.
func read(ctx context.Context, conn *pgx.Conn, sel Selection) (*Database, error) {
	r := &reader{
		conn: conn, sel: sel, tables: map[uint32]*TableDef{}, barred: map[uint32]bool{},
		names: map[uint32]ident.Name{}, parents: map[uint32][]uint32{},
		behind: map[place]*sequenceRow{}, owner: map[uint32]uint32{}, of: map[object]int{},
	}
	// An empty path makes every deparsed name a qualified one.
	const setup = `select current_setting('server_version_num')::int from (select set_config('search_path', '', true)) s`
	if err := conn.QueryRow(ctx, setup).Scan(&r.version); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"schemas", r.readSchemas}, {"extensions", r.readExtensions}, {"collations", r.readCollations},
		{"enums", r.readEnums}, {"composites", r.readComposites}, {"domains", r.readDomains},
		{"ranges", r.readRanges}, {"functions", r.readFunctions},
		{"tables", r.readTables}, {"sequences", r.readSequences}, {"columns", r.readColumns},
		{"keys", r.readIndexes}, {"constraints", r.readConstraints},
		{"dependencies", r.readDependencies},
	} {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return NewDatabase(r.version, r.ordered()), nil
}

func (r *reader) add(class uint32, d Definition) {
	r.of[object{class, d.OID}] = len(r.found)
	r.found = append(r.found, d)
}

// since returns expr on servers of at least version, else what stands for it on older ones.
func (r *reader) since(version int, expr, older string) string {
	if r.version >= version*10000 {
		return expr
	}
	return older
}

// rows runs a query whose columns are named as the fields of T.
func rows[T any](ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]T, error) {
	got, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(got, pgx.RowToStructByName[T])
}

// optional is the name if it has one; queries give empty strings for none.
func optional(schema, name string) *ident.Name {
	if name == "" {
		return nil
	}
	return &ident.Name{Schema: schema, Name: name}
}
