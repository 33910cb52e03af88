package capture_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"floe/capture/snapshot"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// replica is what an applier would have: the tables in memory, as the log says. It applies row by row
// and knows no batching, so what it holds is the log's meaning and nothing else.
type replica struct {
	t         testing.TB
	tap       *tap
	tables    map[uint32]*copied
	sequences map[ident.Name]string
	defs      map[uint32]*catalog.TableDef
	labels    map[ident.Name][]string // of enums
	events    []event.Row             // every row in the order it was applied, chunks excepted
	companion int
	moved     int // keys listed to be read again
	chunks    int
	later     int           // changes that waited for a table's rows
	resume    event.LSN     // behind what was applied
	reloads   int           // loads that replace
	within    int           // records of floe.objects within transactions
	between   int           // definitions of floe.objects that are neither within one, nor at an epoch's beginning
	arena     schemas.Arena // never reset: rows stay
}

// copied is one table. Rows of a table without a key are counted under their text.
type copied struct {
	*event.Table
	rows   map[string][]string
	bag    map[string]int
	loaded bool
	// fresh are the keys that chunks and changes of a load that replaces bore; nil if there is none.
	fresh map[string]bool
	def   *catalog.TableDef
}

const null = "\x00null"

// replay applies the whole log.
func (p *tap) replay() *replica {
	p.t.Helper()
	r := &replica{t: p.t, tap: p, tables: map[uint32]*copied{}, sequences: map[ident.Name]string{}, defs: map[uint32]*catalog.TableDef{}, labels: map[ident.Name][]string{}}
	for _, e := range p.entries {
		records := p.resolve(e)
		r.resume = max(r.resume, e.ResumeAt())
		switch {
		case e.Objects != nil:
			r.objects(records)
			for _, rec := range records {
				if o, _ := schemas.DecodeObject(rec.value); e.N != ledger.BeginObjects && o.Kind != ledger.KindSequenceValue {
					r.between++
				}
			}
		case e.Commit != nil:
			r.commit(e.Commit, records)
		case e.Chunk != nil:
			r.chunk(e.Chunk, records)
		case e.Loaded != nil:
			r.settled(e.Loaded.Table)
		}
	}
	return r
}

func (r *replica) objects(records []record) {
	for _, rec := range records {
		o, err := schemas.DecodeObject(rec.value)
		if err != nil {
			r.t.Fatal(err)
		}
		r.tap.objects = append(r.tap.objects, o)
		switch o.Kind {
		case string(catalog.KindTable):
			r.define(o)
		case string(catalog.KindEnum):
			r.enum(o)
		case ledger.KindLoad:
			r.load(o)
		case ledger.KindSequenceValue:
			r.sequences[ident.Name{Schema: o.Schema, Name: o.Name}] = o.Body
		case ledger.KindAvro:
			c := r.tap.parse(o.Body)
			if was := r.tap.codecs[o.ID]; was != nil && was.ValueSchema() != c.ValueSchema() {
				r.t.Fatalf("schema id %d is given to two schemas", o.ID)
			}
			r.tap.codecs[o.ID] = c
			t := r.tables[o.OID]
			if t == nil {
				t = &copied{rows: map[string][]string{}, bag: map[string]int{}}
				r.tables[o.OID] = t
			}
			t.reshape(c.Table())
		}
	}
}

// define takes a table's definition: what has left, or is a partition now, is no table of the log.
func (r *replica) define(o *ledger.Object) {
	if o.Body == ledger.Gone || o.Body == ledger.Left {
		delete(r.tables, o.OID)
		return
	}
	d, err := catalog.Decode(catalog.KindTable, o.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	def := d.Body.(*catalog.TableDef)
	if r.defs[o.OID] = def; r.tables[o.OID] != nil {
		r.tables[o.OID].def = def
	}
	if def.PartitionOf != nil {
		delete(r.tables, o.OID)
	}
}

func (r *replica) enum(o *ledger.Object) {
	if o.Body == ledger.Gone || o.Body == ledger.Left {
		return
	}
	d, err := catalog.Decode(catalog.KindEnum, o.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.labels[d.Name] = d.Body.(*catalog.EnumDef).Labels
}

// fits has a row's enums be of the labels that are valid at its place: no target takes others.
func (r *replica) fits(row *event.Row) {
	def := r.defs[row.Table.OID]
	for i := range row.After {
		c := def.Column(row.Table.Columns[i].Name)
		if c == nil || row.After[i].Kind != event.Value {
			continue
		}
		name, err := ident.Parse(c.SQL)
		if err != nil {
			continue
		}
		if labels, ok := r.labels[name]; ok && !slices.Contains(labels, string(row.After[i].Text)) {
			r.t.Errorf("a row of %s at %s has %q, and %s has %q there", row.Table.Name, row.Pos, row.After[i].Text, c.SQL, labels)
		}
	}
}

// load is a load that begins, or begins again.
func (r *replica) load(o *ledger.Object) {
	var st ledger.LoadState
	if err := json.Unmarshal([]byte(o.Body), &st); err != nil {
		r.t.Fatal(err)
	}
	t := r.tables[o.OID]
	if t.loaded = st.Loaded; st.Replace && !st.Loaded && st.Until == 0 {
		t.fresh = map[string]bool{}
		r.reloads++
	}
}

// settled is the end of a load: what none of it bore is not there any more.
func (r *replica) settled(oid uint32) {
	t := r.tables[oid]
	if t == nil {
		return
	}
	t.loaded = true
	if t.fresh != nil {
		maps.DeleteFunc(t.rows, func(k string, _ []string) bool { return !t.fresh[k] })
		t.fresh = nil
	}
}

// reshape gives the table another version: columns are the same by number, what is new is NULL.
func (t *copied) reshape(to *event.Table) {
	was := t.Table
	t.Table = to
	if was == nil {
		return
	}
	move := func(row []string) []string {
		out := make([]string, len(to.Columns))
		for i, c := range to.Columns {
			out[i] = null
			if t.def != nil { // what an applier's ALTER TABLE fills in
				if d := t.def.Column(c.Name); d != nil && d.Default != nil && len(d.Default.Expr) == 1 {
					out[i] = d.Default.Expr
				}
			}
			if j := slices.IndexFunc(was.Columns, func(o event.Column) bool { return o.Attnum == c.Attnum }); j >= 0 {
				out[i] = row[j]
			}
		}
		return out
	}
	rows, bag := t.rows, t.bag
	t.rows, t.bag = map[string][]string{}, map[string]int{}
	add := func(row []string, n int) {
		if row = move(row); len(to.Key) == 0 {
			t.bag[strings.Join(row, "|")] += n
			return
		}
		key := make([]string, len(to.Key))
		for i, k := range to.Key {
			key[i] = row[k]
		}
		t.rows[strings.Join(key, "|")] = row
	}
	for _, row := range rows {
		add(row, 1)
	}
	for text, n := range bag {
		add(strings.Split(text, "|"), n)
	}
}

func (r *replica) decode(rec record) event.Row {
	r.t.Helper()
	id, err := schemas.SchemaID(rec.value)
	if err != nil {
		r.t.Fatal(err)
	}
	c := r.tap.codecs[id]
	if c == nil {
		r.t.Fatalf("%s: schema %d is not in the log", rec.topic, id)
	}
	var row event.Row
	if err := c.DecodeValue(rec.value, &row, &r.arena); err != nil {
		r.t.Fatal(err)
	}
	if row.Pos.Commit != rec.Commit || row.Pos.Seq != rec.Seq || row.Pos.Epoch != rec.Epoch {
		r.t.Fatalf("header %+v of a row at %+v", rec.Header, row.Pos)
	}
	r.fits(&row)
	return row
}

// commit applies rows in the order of their transactions, whatever topics they came on.
func (r *replica) commit(c *ledger.Commit, records []record) {
	r.moved += len(c.Moved)
	slices.SortStableFunc(records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.Seq, b.Seq))
	})
	for _, rec := range records {
		if strings.HasSuffix(rec.topic, ".floe.objects") {
			r.objects([]record{rec})
			r.within++
			continue
		}
		row := r.decode(rec)
		if rec.Commit < c.First || rec.Commit > c.Last {
			r.t.Fatalf("a row at %s in an entry of %s to %s", row.Pos, c.First, c.Last)
		}
		if rec.Flags&ledger.Companion != 0 {
			r.companion++
			continue
		}
		r.events = append(r.events, row)
		r.apply(&row)
	}
}

func (r *replica) apply(row *event.Row) {
	t := r.tables[row.Table.OID]
	if t == nil {
		r.t.Fatalf("a change of %s at %s, which is not there", row.Table.Name, row.Pos)
	}
	if len(row.Table.Key) == 0 {
		t.applyBag(row)
		return
	}
	switch row.Op {
	case event.Truncate:
		if row.Leaf == nil {
			clear(t.rows)
		}
	case event.Delete:
		delete(t.rows, t.key(row.Before))
	default:
		t.put(row)
	}
}

// put is an upsert, of a row that may be partial and may have moved (design.md A4, A5).
func (t *copied) put(row *event.Row) {
	now := t.key(row.After)
	was := now
	if row.Before != nil {
		was = t.key(row.Before)
	}
	old := t.rows[was]
	if row.Partial() && t.rows[now] != nil {
		old = t.rows[now]
	}
	delete(t.rows, was)
	if t.fresh != nil {
		t.fresh[now] = true
	}
	if row.Partial() && old == nil {
		return // the row is still to be loaded
	}
	next := texts(row.After)
	for i := range next {
		if row.After[i].Kind == event.Unchanged {
			next[i] = old[i]
		}
	}
	t.rows[now] = next
}

func (t *copied) applyBag(row *event.Row) {
	if row.Op == event.Truncate {
		clear(t.bag)
		return
	}
	if row.Before != nil {
		k := strings.Join(texts(row.Before), "|")
		if t.bag[k]--; t.bag[k] == 0 {
			delete(t.bag, k)
		}
	}
	if row.After != nil {
		k := strings.Join(texts(row.After), "|")
		if t.bag[k]++; t.bag[k] == 0 {
			delete(t.bag, k)
		}
	}
}

func (r *replica) chunk(c *ledger.Chunk, records []record) {
	r.t.Helper()
	r.chunks++
	t := r.tables[c.Table]
	if _, err := snapshot.Parse(c.Snapshot); err != nil {
		r.t.Fatal(err)
	}
	if c.Mode == ledger.Later { // changes that waited for the rows before them
		for _, rec := range records {
			row := r.decode(rec)
			if rec.Commit >= r.resume { // a capture that begins behind this entry would place it again
				r.t.Fatalf("a change at %s waited, and the log resumes at %s", rec.Commit, r.resume)
			}
			r.later++
			r.apply(&row)
		}
		return
	}
	if uint64(len(records)) != c.Rows {
		r.t.Fatalf("a chunk of %d rows has %d", c.Rows, len(records))
	}
	if c.After == nil && c.Keys == nil && len(t.Key) == 0 {
		clear(t.bag)
	}
	for _, k := range c.Keys {
		parts := make([]string, len(k))
		for i := range k {
			parts[i] = string(k[i])
		}
		delete(t.rows, strings.Join(parts, "|"))
	}
	for _, rec := range records {
		row := r.decode(rec)
		if row.Op != event.Read || rec.Commit != 0 {
			r.t.Fatalf("a row %s at %s in a chunk", row.Op, rec.Commit)
		}
		if len(t.Key) == 0 {
			t.bag[strings.Join(texts(row.After), "|")]++
			continue
		}
		t.rows[t.key(row.After)] = texts(row.After)
		if t.fresh != nil {
			t.fresh[t.key(row.After)] = true
		}
	}
}

func (t *copied) key(image []event.Datum) string {
	parts := make([]string, len(t.Key))
	for i, k := range t.Key {
		parts[i] = string(image[k].Text)
	}
	return strings.Join(parts, "|")
}

func texts(image []event.Datum) []string {
	out := make([]string, len(image))
	for i, d := range image {
		if out[i] = string(d.Text); d.Kind == event.Null {
			out[i] = null
		}
	}
	return out
}

// same compares every table with the source as it is now.
func (r *replica) same(j *job) {
	r.t.Helper()
	for _, t := range r.tables {
		want := map[string]int{}
		for _, row := range j.select_(t.Table) {
			want[strings.Join(row, "|")]++
		}
		got := t.bag
		if len(t.Key) > 0 {
			got = map[string]int{}
			for _, row := range t.rows {
				got[strings.Join(row, "|")]++
			}
		}
		shown := 0
		for _, k := range keysOf(want, got) {
			if want[k] != got[k] && shown < 5 {
				shown++
				r.t.Errorf("%s: %d times at the source, %d in the log: %.200q", t.Name, want[k], got[k], k)
			}
		}
	}
}

func keysOf(a, b map[string]int) (out []string) {
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// select_ reads a table's replicated columns in text form, inheriting tables apart.
func (j *job) select_(t *event.Table) (out [][]string) {
	j.t.Helper()
	var cols []string
	for _, c := range t.Columns {
		cols = append(cols, ident.Quote(c.Name))
	}
	from := t.Name.SQL()
	var plain bool
	if err := j.conn.QueryRow(j.t.Context(), "select relkind = 'r' from pg_class where oid = $1", t.OID).Scan(&plain); err != nil {
		j.t.Fatal(err)
	}
	if plain {
		from = "only " + from
	}
	if j.config.Filter != nil && j.config.Filter(t.Name) != "" {
		from += " where " + j.config.Filter(t.Name)
	}
	res := j.conn.PgConn().ExecParams(j.t.Context(), fmt.Sprintf("select %s from %s", strings.Join(cols, ", "), from), nil, nil, nil, nil).Read()
	if res.Err != nil {
		j.t.Fatal(res.Err)
	}
	for _, row := range res.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			if line[i] = string(v); v == nil {
				line[i] = null
			}
		}
		out = append(out, line)
	}
	return out
}
