package schemas

import (
	"encoding/binary"
	"fmt"

	"github.com/hamba/avro/v2"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// Codec encodes and decodes the rows of one table version. It is compiled once, holds no buffers, and
// is safe for concurrent use.
type Codec struct {
	table       *event.Table
	valueSchema string
	keySchema   string
	origin      []byte // source.schema and source.table, encoded: the same in every row
	byName      map[string]int
}

// Compile makes the codec of a table version. It fails if the schema would not be valid Avro.
func Compile(t *event.Table) (*Codec, error) {
	c := &Codec{table: t, byName: map[string]int{}}
	for i := range t.Columns {
		c.byName[t.Columns[i].Name] = i
	}
	var err error
	if c.valueSchema, c.keySchema, err = describe(t); err != nil {
		return nil, err
	}
	for _, s := range []string{c.valueSchema, c.keySchema} {
		if _, err := avro.ParseWithCache(s, "", &avro.SchemaCache{}); err != nil {
			return nil, fmt.Errorf("schema of %s: %w", t.Name, err)
		}
	}
	var w writer
	w.str(t.Name.Schema)
	w.str(t.Name.Name)
	c.origin = w.b
	return c, nil
}

// Table is the table version.
func (c *Codec) Table() *event.Table { return c.table }

// ValueSchema is the Avro schema of row values, JSON.
func (c *Codec) ValueSchema() string { return c.valueSchema }

// KeySchema is the Avro schema of record keys, JSON.
func (c *Codec) KeySchema() string { return c.keySchema }

// HeadSize is what precedes the Avro record in a value or key: a zero byte and the schema's id.
const HeadSize = 5

// confluent begins a value: a zero byte and the schema's id (Confluent wire format).
func confluent(dst []byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, 0), id)
}

// SchemaID is the id of the schema that a row's value was written with.
func SchemaID(value []byte) (uint32, error) {
	if len(value) < 5 || value[0] != 0 {
		return 0, fmt.Errorf("a value that is not in Confluent's wire format")
	}
	return binary.BigEndian.Uint32(value[1:]), nil
}

// AppendValue appends a row in Confluent's wire format.
func (c *Codec) AppendValue(dst []byte, id uint32, r *event.Row) ([]byte, error) {
	w := writer{confluent(dst, id)}
	var exceptions []exception
	var err error
	if exceptions, err = c.image(&w, r.Before, imageBefore, exceptions); err != nil {
		return dst, err
	}
	if exceptions, err = c.image(&w, r.After, imageAfter, exceptions); err != nil {
		return dst, err
	}
	w.b = append(w.b, 2, byte(r.Op)) // a string of length 1, zig-zag
	w.long(r.CommitTime)
	c.source(&w, r)
	w.exceptions(exceptions, c.table)
	return w.b, nil
}

// image writes one nullable Row. What a native type cannot hold, and what was not sent, is null there
// and listed as an exception.
func (c *Codec) image(w *writer, image []event.Datum, which string, ex []exception) ([]exception, error) {
	if image == nil {
		w.long(0)
		return ex, nil
	}
	if len(image) != len(c.table.Columns) {
		return ex, fmt.Errorf("a row of %s with %d columns instead of %d", c.table.Name, len(image), len(c.table.Columns))
	}
	w.long(1)
	for i := range image {
		switch image[i].Kind {
		case event.Null:
			w.b = append(w.b, 0)
		case event.Unchanged:
			w.b = append(w.b, 0)
			ex = append(ex, exception{which, i, nil, true})
		default:
			mark := len(w.b)
			w.b = append(w.b, 2) // branch 1, zig-zag
			if !encode(w, c.table.Columns[i].Native, image[i].Text) {
				w.b = append(w.b[:mark], 0)
				ex = append(ex, exception{which, i, image[i].Text, false})
			}
		}
	}
	return ex, nil
}

func (c *Codec) source(w *writer, r *event.Row) {
	w.b = append(w.b, c.origin...)
	w.long(int64(r.Pos.Commit))
	w.long(int64(r.Xid))
	w.long(int64(r.Pos.Seq))
	w.long(int64(r.Pos.Epoch))
	w.long(r.CommitTime)
	w.bool(r.Op == event.Read)
	w.bool(r.RestartIdentity)
	if r.Leaf == nil {
		w.long(0)
		return
	}
	w.long(1)
	w.str(r.Leaf.Name.Schema)
	w.str(r.Leaf.Name.Name)
	w.str(r.Leaf.Condition)
}

// exception is a column whose value is not in its field.
type exception struct {
	image     string
	column    int
	text      []byte
	unchanged bool
}

const (
	imageBefore = "before"
	imageAfter  = "after"
)

func (w *writer) exceptions(list []exception, t *event.Table) {
	if len(list) > 0 {
		w.count(len(list))
		for _, e := range list {
			w.str(e.image)
			w.str(t.Columns[e.column].Name)
			if e.unchanged {
				w.long(0)
			} else {
				w.long(1)
				w.bytes(e.text)
			}
		}
	}
	w.long(0)
}

// Arena holds what decoded rows are made of. Rows alias it and the value they were decoded from.
type Arena struct {
	text   []byte
	datums []event.Datum
}

// take returns n datums that nobody else has.
func (a *Arena) take(n int) []event.Datum {
	if a.datums == nil || cap(a.datums)-len(a.datums) < n { // never nil: a table without columns has images too
		a.datums = make([]event.Datum, 0, max(n, 1024))
	}
	start := len(a.datums)
	a.datums = a.datums[:start+n]
	return a.datums[start : start+n : start+n]
}

// Reset forgets all rows; their memory is used again.
func (a *Arena) Reset() {
	clear(a.datums)
	a.datums, a.text = a.datums[:0], a.text[:0]
}

// DecodeValue reads a value that AppendValue wrote under this schema. The value must end with the row.
func (c *Codec) DecodeValue(value []byte, row *event.Row, a *Arena) error {
	if _, err := SchemaID(value); err != nil {
		return fmt.Errorf("decode a row of %s: %w", c.table.Name, err)
	}
	r := reader{b: value[5:]}
	*row = event.Row{Table: c.table}
	row.Before = c.decodeImage(&r, a)
	row.After = c.decodeImage(&r, a)
	if op := r.bytes(); len(op) == 1 {
		row.Op = event.Op(op[0])
	} else if r.err == nil {
		r.fail(fmt.Errorf("an op %q", op))
	}
	r.long()
	c.decodeSource(&r, row)
	r.array(func() { c.decodeException(&r, row) })
	if err := r.end(); err != nil {
		return fmt.Errorf("decode a row of %s: %w", c.table.Name, err)
	}
	switch row.Op {
	case event.Create, event.Update, event.Delete, event.Read, event.Truncate:
		return nil
	}
	return fmt.Errorf("decode a row of %s: an op %q", c.table.Name, row.Op)
}

func (c *Codec) decodeImage(r *reader, a *Arena) []event.Datum {
	if r.index(2) == 0 {
		return nil
	}
	image := a.take(len(c.table.Columns))
	if cap(a.text)-len(a.text) < 1<<10 {
		a.text = make([]byte, 0, 64<<10)
	}
	for i := range image {
		if r.index(2) == 0 {
			image[i] = event.Datum{}
			continue
		}
		n := c.table.Columns[i].Native
		if n == event.Text || n == event.UUID {
			image[i] = event.Datum{Kind: event.Value, Text: r.bytes()}
			continue
		}
		start := len(a.text)
		a.text = decode(r, n, a.text)
		image[i] = event.Datum{Kind: event.Value, Text: a.text[start:len(a.text):len(a.text)]}
	}
	return image
}

func (c *Codec) decodeSource(r *reader, row *event.Row) {
	if schema, name := r.bytes(), r.bytes(); r.err == nil && (string(schema) != c.table.Name.Schema || string(name) != c.table.Name.Name) {
		r.fail(fmt.Errorf("it is a row of %s", ident.Name{Schema: string(schema), Name: string(name)}))
	}
	row.Pos.Commit = event.LSN(r.long())
	row.Xid = uint32(r.long())
	row.Pos.Seq = uint64(r.long())
	row.Pos.Epoch = uint32(r.long())
	row.CommitTime = r.long()
	r.bool()
	row.RestartIdentity = r.bool()
	if r.index(2) == 1 {
		row.Leaf = &event.Leaf{Name: ident.Name{Schema: r.str(), Name: r.str()}, Condition: r.str()}
	}
}

func (c *Codec) decodeException(r *reader, row *event.Row) {
	image := row.After
	switch which := r.str(); which {
	case imageBefore:
		image = row.Before
	case imageAfter:
	default:
		r.fail(fmt.Errorf("an exception of image %q", which))
	}
	name := r.str()
	i, ok := c.byName[name]
	d := event.Datum{Kind: event.Unchanged}
	if r.index(2) == 1 {
		d = event.Datum{Kind: event.Value, Text: r.bytes()}
	}
	if r.err != nil {
		return
	}
	if !ok || i >= len(image) {
		r.fail(fmt.Errorf("an exception for column %q, which the image lacks", name))
		return
	}
	image[i] = d
}
