package applier

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"floe/applier/assemble"
	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/pkg/randtest"
)

// replaced is a source in memory, key k and value v, that a load reads again onto a target.
type replaced struct {
	*bag
	rng   *rand.Rand
	keys  []string              // that there may be
	order func(a, b string) int // in which the source reads them
	rows  map[string]string     // that there are
}

// value is a chance value.
func (r *replaced) value() string { return strconv.Itoa(r.rng.IntN(1000)) }

func (r *replaced) key() string { return r.keys[r.rng.IntN(len(r.keys))] }

// changes changes the source by one transaction, and the target as the log then would.
func (r *replaced) changes() {
	r.t.Helper()
	k, row := r.key(), event.Row{Table: r.shape, Op: event.Update, Pos: event.Position{Epoch: 1, Commit: r.session.order.Now.Commit + 1}}
	_, there := r.rows[k]
	switch to := r.key(); {
	case !there:
		row.Op, row.After = event.Create, values(k, r.value())
	case r.rng.IntN(3) == 0:
		row.Op, row.Before = event.Delete, values(k, nil)
		delete(r.rows, k)
	case r.rng.IntN(2) == 0 && r.rows[to] == "":
		row.Before, row.After = values(k, nil), values(to, r.value())
		delete(r.rows, k)
	default:
		row.After = values(k, r.value())
	}
	if row.After != nil {
		r.rows[string(row.After[0].Text)] = string(row.After[1].Text)
	}
	if err := []way{bySets, byRows}[r.rng.IntN(2)](r.t.Context(), r.session, r.rng, [][]event.Row{{row}}); err != nil {
		r.t.Fatal(err)
	}
}

// chunk reads the next range of n rows and applies it; it returns where the range ends.
func (r *replaced) chunk(after *string, n int) *string {
	r.t.Helper()
	c := &ledger.Chunk{Load: 2, Table: r.shape.OID, Mode: ledger.Replace}
	e := &assemble.Entry{Entry: &ledger.Entry{Epoch: 1, Chunk: c}, Offset: r.session.order.Now.Offset + 1}
	if after != nil {
		c.After = [][]byte{[]byte(*after)}
	}
	for _, k := range slices.SortedFunc(maps.Keys(r.rows), r.order) {
		if after != nil && r.order(k, *after) <= 0 {
			continue
		}
		if len(e.Rows) == n {
			last := string(e.Rows[n-1].After[0].Text)
			after, c.Through = &last, [][]byte{[]byte(last)}
			break
		}
		e.Rows = append(e.Rows, event.Row{Table: r.shape, Op: event.Read, After: values(k, r.rows[k])})
	}
	c.Rows = uint64(len(e.Rows))
	if err := r.session.order.Take(r.t.Context(), e); err != nil {
		r.t.Fatal(err)
	}
	if c.Through == nil {
		return nil
	}
	return after
}

// restart forgets what the applier holds in memory of loads.
func (r *replaced) restart() {
	r.t.Helper()
	var err1, err2 error
	r.loads, err1 = r.db.Loads(r.t.Context(), r.owner)
	r.seen, err2 = r.db.Seen(r.t.Context(), r.owner)
	if err1 != nil || err2 != nil {
		r.t.Fatal(err1, err2)
	}
}

// want is what r.rows() of the target should be.
func (r *replaced) want() string {
	var out []string
	for k, v := range r.rows {
		out = append(out, fmt.Sprintf("(%s,%s)", k, v))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

func byNumber(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return cmp.Compare(x, y)
}

func byBytes(a, b string) int { return bytes.Compare([]byte(a), []byte(b)) }

// backwards is no order that a target would have.
func backwards(a, b string) int { return -byBytes(a, b) }

// A target that lacks rows, has others' and wrong ones is the source after a replacing load, whatever
// changes meanwhile, and wherever the applier starts again; also where the two servers order keys
// differently.
func TestAReplacingLoadMakesAnyTargetTheSource(t *testing.T) {
	t.Parallel()
	texts := []string{"a", "B", "b", "C", "c", "Z", "_x", "-1", "10", "9", "aa", "AB"}
	numbers := []string{"-7", "0", "1", "2", "3", "9", "10", "11", "12", "100", "101", "102"}
	cases := map[string]struct {
		table, own string
		keys       []string
		order      func(a, b string) int
		sweeps     bool
	}{
		"int":       {"create table t (k int primary key, v text)", "", numbers, byNumber, false},
		"no index":  {"create table t (k int primary key, v text)", "alter table public.t drop constraint t_pkey", numbers, byNumber, false},
		"parts":     {"create table t (k int primary key, v text) partition by range (k); create table t1 partition of t for values from (minvalue) to (5); create table t2 partition of t default", "", numbers, byNumber, false},
		"C":         {`create table t (k text collate "C" primary key, v text)`, "", texts, byBytes, false},
		"C of WIN":  {`create table t (k text collate "C" primary key, v text)`, "", texts, backwards, true},
		"C to ICU":  {`create table t (k text collate "C" primary key, v text)`, `alter table public.t alter k type text collate "und-x-icu"`, texts, byBytes, true},
		"text":      {"create table t (k text primary key, v text)", "", texts, backwards, true},
		"other way": {"create table t (k varchar(9) primary key, v text)", `alter table public.t alter k type text collate "C"`, texts, backwards, true},
		"enum":      {"create type e as enum ('a', 'B', 'b', '10', '9', 'c'); create table t (k e primary key, v text)", "", []string{"a", "B", "b", "10", "9", "c"}, backwards, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &replaced{bag: newBag(t, c.table, c.own), rng: rand.New(rand.NewPCG(randtest.Seed(t), 1)), keys: c.keys, order: c.order}
			r.SkipStructure = true
			if name == "C of WIN" { // its bytes order otherwise than those of UTF-8 do
				for _, def := range r.valid.Tables() {
					def.Encoding = "WIN1252"
				}
			}
			for range 12 {
				r.round(c.sweeps)
			}
		})
	}
}

// round loads the table again onto chance rows.
func (r *replaced) round(sweeps bool) {
	t := r.t
	t.Helper()
	r.exec("truncate public.t")
	r.rows = map[string]string{}
	for _, k := range r.keys {
		v := r.value()
		if n := r.rng.IntN(4); n != 0 {
			r.exec(fmt.Sprintf("insert into public.t values ('%s', '%s')", k, v))
			if n == 1 {
				continue
			}
			if n == 2 {
				v = r.value()
			}
		}
		r.rows[k] = v
	}
	l := r.loads[r.shape.OID]
	l.Number, l.Loaded = 1, true
	r.loads[r.shape.OID] = l
	for after, first := (*string)(nil), true; first || after != nil; first = false {
		for range r.rng.IntN(3) {
			r.changes()
		}
		after = r.chunk(after, 1+r.rng.IntN(4))
		if got := len(r.seen) > 0; got != sweeps {
			t.Fatalf("keys are swept: %v, want %v", got, sweeps)
		}
		if r.rng.IntN(3) == 0 {
			r.restart()
		}
	}
	for range r.rng.IntN(3) {
		r.changes()
	}
	e := &assemble.Entry{Entry: &ledger.Entry{Epoch: 1, Loaded: &ledger.Loaded{Load: 2, Table: r.shape.OID}}, Offset: r.session.order.Now.Offset + 1}
	if err := r.session.order.Take(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got, want := r.bag.rows(), r.want(); got != want {
		t.Fatalf("the target holds\n%s\nthe source\n%s", got, want)
	}
	if !r.loads[r.shape.OID].Loaded || len(r.seen) > 0 {
		t.Fatalf("the load goes on: %v, %v", r.loads[r.shape.OID], r.seen)
	}
}
