package verify

import (
	"fmt"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// pair is a table on both sides, as queries that give equal texts for equal rows.
type pair struct {
	columns []string // the source's names, those of the key first
	key     int      // how many are the key; 0 compares rows as a bag
	source  query
	target  query
}

// query writes the statements for one side of a pair. A row's text is that of a record: it holds
// each column's output, quoted, so that no NULL, empty string or border between columns reads as
// another. (A cast of each column to text would not do: it cuts the padding of bpchar.)
type query struct {
	from    string
	columns []string // expressions over t
	key     int
	utf8    bool // hash the UTF-8 form: the two databases have different encodings
	// encoding is what a database that does not say has its texts in.
	encoding string
}

// pair matches the table's columns with the target's. A generated column is compared if both sides
// compute it. problem says why rows cannot be compared.
func (v *verification) pair(def *catalog.TableDef, there *relation) (p *pair, problem string) {
	p = &pair{}
	utf8 := v.source.encoding != v.target.encoding
	p.source = query{from: from(def.Name, def.PartitionKey != ""), utf8: utf8}
	if v.Encoding != "UTF8" && v.source.encoding == "SQL_ASCII" {
		p.source.encoding = v.Encoding
	}
	if def.Filter != "" {
		rows := strings.TrimSuffix(p.source.from, " t")
		p.source.from = "(SELECT * FROM " + rows + " WHERE (" + def.Filter + ")) t"
	}
	p.target = query{from: from(v.Mapping.Table(def.Name), there.partitioned), utf8: utf8}
	shape := def.Shape()
	add := func(c *catalog.TableColumn) {
		name := v.Mapping.Column(def.Name, c.Name)
		other, ok := there.columns[name]
		if c.Generated != nil && !other.generated {
			return
		}
		if !ok {
			problem = fmt.Sprintf("the target has no column %s", ident.Quote(name))
		}
		form := v.form(c.Type, other.typ)
		p.columns = append(p.columns, c.Name)
		p.source.columns = append(p.source.columns, p.source.text(fmt.Sprintf(form, "t."+ident.Quote(c.Name))))
		p.target.columns = append(p.target.columns, fmt.Sprintf(form, "t."+ident.Quote(name)))
	}
	inKey := map[string]bool{}
	for _, k := range shape.Key {
		add(def.Column(shape.Columns[k].Name))
		inKey[shape.Columns[k].Name] = true
	}
	p.key = len(p.columns)
	for i := range def.Columns {
		if c := &def.Columns[i]; !inKey[c.Name] {
			add(c)
		}
	}
	p.source.key, p.target.key = p.key, p.key
	return p, problem
}

// text is a column's value in UTF-8 where the database does not know what its texts are in: whole, for within a record
// the server would quote bytes of characters that look like signs of ASCII (GBK, SJIS).
func (q *query) text(value string) string {
	if q.encoding == "" {
		return value
	}
	return "CASE WHEN " + value + " IS DISTINCT FROM NULL THEN convert_from(convert(convert_to(concat(" + value + "), 'SQL_ASCII'), " + ident.Literal(q.encoding) + ", 'UTF8'), 'SQL_ASCII') END"
}

func from(name ident.Name, partitioned bool) string {
	if partitioned {
		return name.SQL() + " t"
	}
	return "ONLY " + name.SQL() + " t"
}

// floats are types whose text changed in version 12, where the shortest exact form came, and the
// functions that give their bits. Bits of NaN differ, its text does not.
var floats = map[string]string{
	"float4": "float4send", "float8": "float8send", "_float4": "array_send", "_float8": "array_send", "_point": "array_send", "_lseg": "array_send",
	"_path": "array_send", "_box": "array_send", "_polygon": "array_send", "_line": "array_send", "_circle": "array_send", "point": "point_send",
	"lseg": "lseg_send", "path": "path_send", "box": "box_send", "polygon": "poly_send", "line": "line_send", "circle": "circle_send",
}

var bpchar = ident.Name{Schema: "pg_catalog", Name: "bpchar"}

// form is the expression that is compared, with %s for the column.
func (v *verification) form(source, target ident.Name) string {
	if v.source.encoding == "SQL_ASCII" && v.target.encoding != "SQL_ASCII" && source == bpchar && target == bpchar {
		return "%s::text" // it pads to a number of bytes, the other to a number of characters
	}
	send := floats[source.Name]
	if source.Schema != "pg_catalog" || source != target || send == "" || (v.source.version < 120000) == (v.target.version < 120000) {
		return "%s"
	}
	bits := "pg_catalog.encode(pg_catalog." + send + "(%[1]s), 'hex')"
	if source.Name == "float4" || source.Name == "float8" {
		return "CASE WHEN %[1]s = 'NaN' THEN 'NaN' ELSE " + bits + " END"
	}
	return bits
}

func record(columns []string) string { return "ROW(" + strings.Join(columns, ", ") + ")::text" }

func (q *query) md5(text string) string {
	if q.utf8 && q.encoding == "" {
		return "md5(convert_to(" + text + ", 'UTF8'))"
	}
	return "md5(" + text + ")"
}

// sum adds 64 bits of each row's hash up, as numeric.
func (q *query) sum() string {
	return "coalesce(sum(('x' || substr(" + q.md5(record(q.columns)) + ", 1, 16))::bit(64)::int8), 0)::text"
}

// identity is the hash of the key; without one, of the whole row.
func (q *query) identity() string {
	if q.key == 0 {
		return q.md5(record(q.columns))
	}
	return q.md5(record(q.columns[:q.key]))
}

func (q *query) bucket() string { return "substr(" + q.identity() + ", 1, 3)" }

func (q *query) digest() string { return "SELECT count(*), " + q.sum() + " FROM " + q.from }

// buckets is the digest of each 4096th of the table.
func (q *query) buckets() string {
	return "SELECT " + q.bucket() + ", count(*), " + q.sum() + " FROM " + q.from + " GROUP BY 1"
}

// keys is the digest of each key in the buckets $1.
func (q *query) keys() string {
	return "SELECT " + q.identity() + ", count(*), " + q.sum() + " FROM " + q.from + " WHERE " + q.bucket() + " = ANY($1) GROUP BY 1"
}

// show is each column of the rows whose key's hash is in $1, as a record of one column. A long value is
// cut and bears its hash.
func (q *query) show() string {
	shown := make([]string, len(q.columns))
	for i, c := range q.columns {
		r := record([]string{c})
		shown[i] = "CASE WHEN length(" + r + ") <= 200 THEN " + r + " ELSE left(" + r + ", 80) || '... md5 ' || " + q.md5(r) + " || ')' END"
	}
	return "SELECT " + q.identity() + ", ARRAY[" + strings.Join(shown, ", ") + "]::text[] FROM " + q.from + " WHERE " + q.identity() + " = ANY($1)"
}
