package catalog

import (
	"context"
	"errors"
	"fmt"

	"floe/pkg/dialect"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Selection says what to read: tables, what they need, and what hangs on them (triggers, rules,
// policies, statistics). Everything also brings all objects that no table needs; Schema those that lie
// in the schemas it accepts.
type Selection struct {
	Tables     func(ident.Name) bool // views by their names too; nil selects all
	Schema     func(string) bool     // nil accepts none
	Everything bool
	// Filter is the condition that a table's rows must meet, empty for all rows; nil filters nothing. A
	// partition's rows meet its root's.
	Filter func(ident.Name) string
	// Columns is the list that a table's columns are taken by, nil for all columns; nil lists none. A partition
	// has its root's.
	Columns func(ident.Name) []string
	// Encoding is the database's, for what a recording tells; a session asks for it.
	Encoding string
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
	within := conn.PgConn().TxStatus() == 'T'
	db, err := inSnapshot(ctx, conn, sel)
	for range snapshots {
		if within || !Moved(err) || ctx.Err() != nil {
			break
		}
		db, err = inSnapshot(ctx, conn, sel)
	}
	if err != nil {
		return nil, fmt.Errorf("read catalog: %w", err)
	}
	return db, nil
}

// snapshots is how many more are tried while commands change the catalog.
const snapshots = 100

// Moved reports whether reading failed because the catalog changed meanwhile: what writes definitions as
// text (pg_get_indexdef and the like) looks at the catalog of now, whatever the snapshot is, and an object
// that was dropped since is an internal error to it, or NULL. Under another snapshot it goes. A command that
// is not committed may keep such a function waiting for a lock, too.
func Moved(err error) bool {
	var refusal *pgconn.PgError
	var null pgx.ScanArgError
	return errors.Is(err, errMoved) || errors.As(err, &null) || errors.As(err, &refusal) && (refusal.Code == "XX000" || refusal.Code == "55P03")
}

var errMoved = errors.New("it changed while it was read")

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

// inTransaction reads inside a transaction that somebody else goes on with: it gets its settings back.
func inTransaction(ctx context.Context, conn *pgx.Conn, sel Selection) (*Database, error) {
	var path, wait string
	if err := conn.QueryRow(ctx, "select current_setting('search_path'), current_setting('lock_timeout')").Scan(&path, &wait); err != nil {
		return nil, err
	}
	db, err := read(ctx, conn, sel)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "select set_config('search_path', $1, true), set_config('lock_timeout', $2, true)", path, wait)
	return db, err
}

// place is a column of a table.
type place struct {
	table  uint32
	attnum int16
}

// reader is one reading of a catalog.
type reader struct {
	conn      *pgx.Conn // nil if rows come from the recording
	recording recording
	valid     map[object]*Definition // what was selected before; nil without a recording
	version   version
	sel       Selection
	tables    map[uint32]*TableDef // the selected ones
	barred    map[uint32]bool      // oids of tables that are not selected
	names     map[uint32]ident.Name
	parents   map[uint32][]uint32
	behind    map[place]*sequenceRow // identity columns
	owner     map[uint32]uint32      // sequence → table
	host      map[int]object         // what a definition hangs on, by its index in found
	found     []Definition
	of        map[object]int // index into found
	edges     map[object][]object
}

func read(ctx context.Context, conn *pgx.Conn, sel Selection) (*Database, error) {
	r := newReader(sel)
	r.conn = conn
	// An empty path makes every deparsed name a qualified one.
	//
	// What writes views as text locks their tables, each until the end. Who waits for one of them, and has what this
	// waits for, would be ended as a deadlock once deadlock_timeout is over (1 s): a session that gives up at some
	// time gives up before.
	const setup = `select current_setting('server_version_num')::int, current_setting('server_encoding') from (select set_config('search_path', '', true),
		set_config('lock_timeout', case current_setting('lock_timeout') when '0' then '0' else '200ms' end, true)) s`
	if err := conn.QueryRow(ctx, setup).Scan(&r.version.number, &r.sel.Encoding); err != nil {
		return nil, err
	}
	var err error
	if r.version.Dialect, err = dialect.Of(ctx, conn); err != nil {
		return nil, err
	}
	if err := r.readAll(ctx); err != nil {
		return nil, err
	}
	db := NewDatabase(r.version.number, narrow(r.ordered(), &sel, nil))
	db.Encoding = r.sel.Encoding
	return db, nil
}

func newReader(sel Selection) *reader {
	return &reader{
		sel: sel, tables: map[uint32]*TableDef{}, barred: map[uint32]bool{},
		names: map[uint32]ident.Name{}, parents: map[uint32][]uint32{},
		behind: map[place]*sequenceRow{}, owner: map[uint32]uint32{}, host: map[int]object{}, of: map[object]int{},
	}
}

// readAll takes every kind in turn. The order matters only where one kind completes another: keys and
// identity columns belong to tables.
func (r *reader) readAll(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"schemas", r.readSchemas}, {"extensions", r.readExtensions}, {"collations", r.readCollations},
		{"enums", r.readEnums}, {"composites", r.readComposites}, {"domains", r.readDomains},
		{"ranges", r.readRanges}, {"functions", r.readFunctions},
		{"tables", r.readTables}, {"sequences", r.readSequences}, {"columns", r.readColumns},
		{"keys", r.readIndexes}, {"constraints", r.readConstraints},
		{"texts", r.readTexts}, {"indexes of views", r.readViewIndexes},
		{"owners", r.readOwners}, {"comments", r.readComments}, {"grants", r.readGrants}, {"extensions that objects go with", r.readDepends}, {"dependencies", r.readDependencies},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	r.sources()
	return nil
}

func (r *reader) add(class uint32, d Definition) {
	r.of[object{class, d.OID}] = len(r.found)
	r.found = append(r.found, d)
}

// optional is the name if it has one; queries give empty strings for none.
func optional(schema, name string) *ident.Name {
	if name == "" {
		return nil
	}
	return &ident.Name{Schema: schema, Name: name}
}
