package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/e2e/workload"
	"floe/pkg/ident"
	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// step is what a fake applier makes true in one target transaction: some changes, and the number of the
// source transaction that its checkpoint then claims.
type step struct {
	changes []Change
	claims  int
}

// faithful applies every transaction as it is, so many at a time.
func faithful(h *History, group int) (plan []step) {
	for i, t := range h.Transactions {
		if i%group == 0 {
			plan = append(plan, step{})
		}
		last := &plan[len(plan)-1]
		last.changes, last.claims = append(last.changes, t.Changes...), i
	}
	return plan
}

// broken are the ways in which an applier may treat transaction i, where each has a step of its own.
var broken = map[string]func(plan []step, i int) []step{
	"drops": func(p []step, i int) []step { return slices.Delete(p, i, i+1) },
	// behind a later change of the same row: at once it would write what is there
	"doubles": func(p []step, i int) []step {
		j := i + 1
		for !changes(p[j].changes, hot) {
			j++
		}
		return slices.Insert(p, j+1, step{p[i].changes, p[j].claims})
	},
	"reorders": func(p []step, i int) []step { p[i].changes, p[i+1].changes = p[i+1].changes, p[i].changes; return p },
	"tears": func(p []step, i int) []step {
		whole := p[i]
		p[i].changes = whole.changes[:2]
		return slices.Insert(p, i+1, step{whole.changes[2:], whole.claims})
	},
}

// An applier that drops, doubles, reorders or tears one transaction is caught, whichever it is, and also
// if its checkpoint tells nothing. One that does none of this is not.
func TestABrokenApplierIsCaughtEachTime(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for _, group := range []int{1, 3, 1000} {
		if err := f.run(t, faithful(f.history, group), true); err != nil {
			t.Errorf("groups of %d: a faithful applier is refused: %v", group, err)
		}
	}
	victims := f.victims(3)
	if len(victims) < 2 {
		t.Fatalf("only transactions %v can be told apart", victims)
	}
	for _, told := range []bool{true, false} {
		if n := f.tornCommands(t, told); n < 2 {
			t.Fatalf("only %d transactions hold rows and then a command", n)
		}
	}
	for name, spoil := range broken {
		for _, i := range victims {
			for _, told := range []bool{true, false} {
				err := f.run(t, joined(spoil(faithful(f.history, 1), i), i-3, i+10), told)
				if err == nil {
					t.Errorf("an applier that %s transaction %d passes (checkpoint told: %v)", name, i, told)
				}
			}
		}
	}
}

// A command that is torn from its transaction's rows is caught as well.
func (f *fake) tornCommands(t *testing.T, told bool) (n int) {
	t.Helper()
	for i, tr := range f.history.Transactions {
		at := slices.IndexFunc(tr.Changes, func(c Change) bool { return command(t, &c) != "" })
		if at < 1 || n == 2 {
			continue
		}
		n++
		plan := faithful(f.history, 1)
		plan = slices.Insert(plan, i, step{tr.Changes[:at], max(0, i-1)})
		plan[i+1].changes = tr.Changes[at:]
		if err := f.run(t, joined(plan, i-3, i+10), told); err == nil {
			t.Errorf("an applier that runs the commands of transaction %d by themselves passes (checkpoint told: %v)", i, told)
		}
	}
	return n
}

// joined makes one step of what is before and one of what is behind the window: a run is shorter by them.
func joined(plan []step, from, to int) (out []step) {
	for i, s := range plan {
		if n := len(out); n > 0 && (i < from || i > to) && i != from && i != to+1 {
			out[n-1].changes, out[n-1].claims = append(slices.Clone(out[n-1].changes), s.changes...), s.claims
			continue
		}
		out = append(out, s)
	}
	return out
}

var list, hot = ident.Name{Schema: "public", Name: "list"}, ident.Name{Schema: "public", Name: "hot"}

func changes(list []Change, table ident.Name) bool {
	return slices.ContainsFunc(list, func(c Change) bool { return slices.Contains(c.Tables, table) })
}

// fake applies a recorded history to a target, as a plan says, and samples it after each step.
type fake struct {
	history *History
	url     string
	conn    *pgx.Conn
}

const floeTables = `CREATE SCHEMA floe; CREATE TABLE floe.checkpoint (job text, commit_lsn pg_lsn); CREATE TABLE floe.load (job text, table_oid bigint, loaded boolean);
	ALTER TABLE gone DROP CONSTRAINT gone_v_key`

func newFake(t *testing.T) *fake {
	t.Helper()
	ctx := t.Context()
	server := pgtest.Shared(t)
	source := pgtest.NewDB(t, server, workload.Structure)
	r, err := Record(ctx, source, workload.Tables(), true)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rig.Connect(ctx, source)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.PgConn().Exec(ctx, workload.Fill(30)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	if err := workload.Run(ctx, source, 7, 30, 240); err != nil {
		t.Fatal(err)
	}
	f := &fake{url: pgtest.NewDB(t, server, workload.Structure, floeTables)}
	if f.history, err = r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if f.conn, err = rig.Connect(ctx, f.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.conn.Close(context.WithoutCancel(ctx)) })
	return f
}

// victims are transactions of two tables that no later one undoes, each followed by one that changes
// something and, soon, by one that changes the same row again.
func (f *fake) victims(n int) (out []int) {
	all := f.history.Transactions
	for i := 0; i+10 < len(all) && len(out) < n; i++ {
		again := slices.ContainsFunc(all[i+1:i+10], func(t Transaction) bool { return changes(t.Changes, hot) })
		if len(all[i].Changes) == 3 && changes(all[i].Changes, list) && changes(all[i].Changes, hot) && len(all[i+1].Changes) > 0 && again {
			out = append(out, i)
		}
	}
	return out
}

// run empties the target, applies the plan and judges what was seen.
func (f *fake) run(t *testing.T, plan []step, told bool) error {
	t.Helper()
	f.must(t, "TRUNCATE a, b, doc, short, hot, gone, bag, list, altered, floe.checkpoint, floe.load; INSERT INTO floe.checkpoint VALUES ('fake', '0/0')")
	f.must(t, "DROP TABLE shape; CREATE TABLE shape (id int PRIMARY KEY, n bigint NOT NULL)")
	for _, table := range f.history.Tables {
		f.must(t, fmt.Sprintf("INSERT INTO floe.load VALUES ('fake', %d, true)", table.OID))
	}
	var samples []Sample
	for _, s := range plan {
		sql := []string{"BEGIN"}
		for _, c := range s.changes {
			sql = append(sql, f.statement(&c), command(t, &c))
		}
		if told {
			sql = append(sql, fmt.Sprintf("UPDATE floe.checkpoint SET commit_lsn = '%s'", f.history.Transactions[s.claims].End-1))
		}
		f.must(t, strings.Join(append(sql, "COMMIT"), ";\n"))
		one, err := take(t.Context(), f.conn, "fake", f.history.Tables)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, *one)
	}
	if _, err := Judge(f.history, samples); err != nil {
		return err
	}
	return Complete(f.history, &samples[len(samples)-1])
}

func (f *fake) must(t *testing.T, sql string) {
	t.Helper()
	if _, err := f.conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// statement makes one change on the target, by key: as often as it is run it leaves the same row.
func (f *fake) statement(c *Change) string {
	i := slices.IndexFunc(f.history.Tables, func(t Table) bool { return t.Name == c.Tables[0] })
	table := &f.history.Tables[i]
	name := table.Name.SQL()
	switch c.Op {
	case Truncate:
		return "TRUNCATE " + name
	case Delete:
		return "DELETE FROM " + name + " WHERE " + found(table, c.Old)
	case Insert:
		var columns, values, set []string
		for _, v := range c.New {
			columns, values = append(columns, ident.Quote(v.Name)), append(values, literal(v.Value))
			set = append(set, ident.Quote(v.Name)+" = EXCLUDED."+ident.Quote(v.Name))
		}
		sql := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", name, strings.Join(columns, ", "), strings.Join(values, ", "))
		if len(table.Key) > 0 {
			sql += " ON CONFLICT (" + ident.Quote(table.Columns[table.Key[0]]) + ") DO UPDATE SET " + strings.Join(set, ", ")
		}
		return sql
	}
	old := c.Old
	if old == nil {
		old = c.New
	}
	var set []string
	for _, v := range c.New {
		if !v.Unchanged {
			set = append(set, ident.Quote(v.Name)+" = "+literal(v.Value))
		}
	}
	return fmt.Sprintf("UPDATE %s SET %s WHERE %s", name, strings.Join(set, ", "), found(table, old))
}

// command is what a row of altered says, as a command again.
func command(t *testing.T, c *Change) string {
	t.Helper()
	if c.Op != Insert || c.Tables[0].Name != alteredTable {
		return ""
	}
	s, err := saidIn(c)
	if err != nil {
		t.Fatal(err)
	}
	return "ALTER TABLE " + s.table.SQL() + map[string]string{
		"add":    " ADD " + s.column + " text DEFAULT " + ident.Literal(s.value),
		"drop":   " DROP " + s.column,
		"rename": " RENAME " + s.column + " TO " + s.value,
		"append": " ALTER " + s.column + " TYPE text USING " + s.column + " || " + ident.Literal(s.value),
	}[s.verb]
}

// found is the condition for the old row: its key, or one of the rows that are equal to it.
func found(t *Table, old []Column) string {
	if len(t.Key) > 0 {
		key := t.Columns[t.Key[0]]
		i := slices.IndexFunc(old, func(c Column) bool { return c.Name == key })
		return ident.Quote(key) + " = " + literal(old[i].Value)
	}
	row, _ := arrange(t, old)
	var all []string
	for i, v := range row {
		all = append(all, ident.Quote(t.Columns[i])+" IS NOT DISTINCT FROM "+literal(v))
	}
	return fmt.Sprintf("ctid = (SELECT min(ctid) FROM %s WHERE %s)", t.Name.SQL(), strings.Join(all, " AND "))
}

func literal(v Value) string {
	if v.Null {
		return "NULL"
	}
	return ident.Literal(v.Text)
}
