package structure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// pair is two databases and a plan from one to the other.
type pair struct {
	t              *testing.T
	source, target *pgx.Conn
	db             *catalog.Database
	script         *Script
	options        Options
	unloaded       bool // no table is loaded yet
}

func connect(t *testing.T, url string, p pg.Purpose) *pgx.Conn {
	t.Helper()
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// newPair makes the source with some SQL and the target with other, and plans.
func newPair(t *testing.T, o Options, source, target []string) *pair {
	t.Helper()
	server := pgtest.Shared(t)
	p := &pair{t: t, options: o}
	p.source = connect(t, pgtest.NewDB(t, server, source...), pg.Read)
	p.target = connect(t, pgtest.NewDB(t, server, append(target, "CREATE SCHEMA floe")...), pg.Apply)
	p.options.TargetVersion = server.Version() * 10000
	p.plan(catalog.Selection{Everything: true})
	return p
}

func (p *pair) plan(sel catalog.Selection) {
	p.t.Helper()
	p.db = throughLog(p.t, read(p.t, p.source, sel))
	p.script = Plan(p.db, p.options)
}

func read(t *testing.T, conn *pgx.Conn, sel catalog.Selection) *catalog.Database {
	t.Helper()
	db, err := catalog.ReadSelection(t.Context(), conn, sel)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// throughLog gives definitions the form in which they reach the applier.
func throughLog(t *testing.T, db *catalog.Database) *catalog.Database {
	t.Helper()
	defs := make([]catalog.Definition, len(db.Definitions))
	for i, d := range db.Definitions {
		body, err := catalog.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		if defs[i], err = catalog.Decode(d.Kind, body); err != nil {
			t.Fatal(err)
		}
	}
	return catalog.NewDatabase(0, defs)
}

// install runs the plan as far as before the load, and commits.
func (p *pair) install(o InstallOptions) (Report, error) {
	p.t.Helper()
	return p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		if err := EnsureTable(ctx, tx); err != nil {
			return Report{}, err
		}
		return Install(ctx, tx, "job", "main", p.script, o)
	})
}

func (p *pair) finish(loaded func(ident.Name) bool) (Report, error) {
	p.t.Helper()
	return p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		return Finish(ctx, tx, "job", "main", p.script.After, loaded)
	})
}

func (p *pair) in(do func(context.Context, pgx.Tx) (Report, error)) (Report, error) {
	p.t.Helper()
	tx, err := p.target.Begin(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	report, err := do(p.t.Context(), tx)
	if err != nil {
		_ = tx.Rollback(p.t.Context())
		return report, err
	}
	if err := tx.Commit(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return report, nil
}

// all installs and finishes, and wants no failure of either.
func (p *pair) all() Report {
	p.t.Helper()
	first, err := p.install(InstallOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	second, err := p.finish(func(ident.Name) bool { return true })
	if err != nil {
		p.t.Fatal(err)
	}
	first.Facts = append(first.Facts, second.Facts...)
	first.Created += second.Created
	return first
}

// same compares both catalogs; without says which lines of the source the target may lack.
func (p *pair) same(without ...string) {
	p.t.Helper()
	want := canonical(p.t, read(p.t, p.source, catalog.Selection{Everything: true}))
	got := canonical(p.t, read(p.t, p.target, catalog.Selection{Everything: true}))
	for _, line := range want {
		if !slices.Contains(got, line) && !slices.ContainsFunc(without, func(w string) bool { return strings.Contains(line, w) }) {
			p.t.Errorf("source only: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) && !slices.ContainsFunc(without, func(w string) bool { return strings.Contains(line, w) }) {
			p.t.Errorf("target only: %s", line)
		}
	}
}

// canonical is a database without what differs between equal ones: oids, gaps in column numbers,
// whether an inherited column was also declared, and replica identities, which a target needs not.
func canonical(t *testing.T, db *catalog.Database) []string {
	t.Helper()
	labels := map[uint32]string{}
	for _, d := range db.Definitions {
		labels[d.OID] = d.Name.String()
	}
	var out []string
	for _, d := range db.Definitions {
		parent := ""
		switch b := d.Body.(type) {
		case *catalog.TableDef:
			b.ReplicaIdentity = ""
			for i := range b.Columns {
				b.Columns[i].TypeOID = 0
			}
			if b.PartitionOf != nil {
				b.PartitionOf.Condition = "" // of a hash partition it names its root's oid
			}
			for i := range b.Columns {
				b.Columns[i].Attnum, b.Columns[i].Inherited = int16(i+1), false
				if b.Columns[i].Identity != nil {
					b.Columns[i].Identity.OID = 0
				}
			}
			for i := range b.Keys {
				if k := &b.Keys[i]; k.Parent != 0 {
					parent += " part of " + labels[k.Parent]
				}
				b.Keys[i].OID, b.Keys[i].Parent, b.Keys[i].Replica = 0, 0, false
			}
			slices.SortFunc(b.Keys, func(a, b catalog.Key) int { return strings.Compare(a.Name, b.Name) })
		case *catalog.EnumDef:
			b.OIDs = nil
		case *catalog.CompositeDef:
			for i := range b.Attributes {
				b.Attributes[i].Attnum = int16(i + 1)
			}
		case *catalog.ConstraintDef:
			parent, b.Parent = labels[cmp.Or(b.Parent, b.IndexParent)], 0
			b.IndexParent = 0
		case *catalog.IndexDef:
			parent, b.Parent = labels[b.Parent], 0
		case *catalog.TextDef:
			if d.Kind == catalog.KindForeignTable {
				b.Columns = nil
			}
		}
		d.OID, d.Owner = 0, "" // who applies may be another than who owns
		body, err := catalog.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s", d.Kind, body, parent))
	}
	return out
}
