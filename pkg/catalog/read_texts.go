package catalog

import (
	"context"
	"slices"
	"strings"

	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// textRow is an object as its text.
type textRow struct {
	Kind          string
	OID, Relation uint32 // Relation is what the object hangs on
	Schema, Name  string
	SQL, Address  string
	Undo          string
	Then, Columns []string
	Enabled       string
	Populated     bool
	Absent        string
	Speech        string
	Stands        []string // the relation that a synonym names
}

// textQuery reads all objects of one kind: oid, schema, name, and of the other columns of a textRow
// those in has.
type textQuery struct {
	kind Kind
	has  string
	sql  func(v version) string
}

var textQueries = slices.Concat(typeTexts, relationTexts, attachedTexts, operatorTexts, searchTexts, foreignTexts, serverTexts, dialectTexts, absentTexts)

// textsQuery is one query for all of them; what a kind does not have is empty.
var textsQuery = query{"texts", func(v version) string {
	var arms []string
	for _, q := range textQueries {
		sql := q.sql(v)
		if sql == "" {
			continue // the server has no such kind
		}
		columns := []string{"'" + string(q.kind) + "' as kind", "x.oid", "x.schema::text", "x.name::text"}
		for _, c := range [][2]string{{"relation", "0::oid"}, {"sql", "''"}, {"address", "''"}, {"undo", "''"}, {"then", "null::text[]"}, {"columns", "null::text[]"}, {"enabled", "''"}, {"populated", "false"}, {"absent", "''"}, {"speech", "''"}, {"stands", "null::text[]"}} {
			if slices.Contains(strings.Fields(q.has), c[0]) {
				columns = append(columns, `x."`+c[0]+`"`)
			} else {
				columns = append(columns, c[1]+` as "`+c[0]+`"`)
			}
		}
		arms = append(arms, "select "+strings.Join(columns, ", ")+" from ("+sql+") x")
	}
	return strings.Join(arms, "\n\tunion all ")
}}

// Foreigners is a pattern, in SQL, of the names of what DTS makes on a source for itself. A user's own name may begin
// with its prefix too, and such a table must not be left out without a word.
const Foreigners = `'^dts_(postgres_heartbeat|ddl_command|capture_ddl|intercept_ddl)$'`

// HeartbeatColumns are those of the heartbeat table: DTS's, with its spelling.
const HeartbeatColumns = "(slot_name varchar(64) PRIMARY KEY, revice_time bigint, revice_lsn varchar(64), flushed_lsn varchar(64), update_time timestamptz, dts_service_time bigint)"

// theirs leaves out what belongs to other tools. Its argument is the object's name.
func theirs(name string) string { return ` ` + name + ` !~ ` + Foreigners + ` ` }

// own is ours and not a member of an extension.
func own(class, oid, name string) string {
	return ours + ` and ` + member(class, oid) + ` and ` + theirs(name) + ` and ` + touched(oid)
}

// readTexts reads the kinds that are TextDefs, relations before what hangs on them.
func (r *reader) readTexts(ctx context.Context) error {
	got, err := rows[textRow](ctx, r, textsQuery)
	if err == nil {
		err = r.describe(ctx, got)
	}
	for i := range got {
		if got[i].Relation == 0 {
			r.addText(&got[i])
		}
	}
	for i := range got {
		if got[i].Relation != 0 {
			r.addText(&got[i])
		}
	}
	return err
}

func (r *reader) addText(x *textRow) {
	kind := Kind(x.Kind)
	d := &TextDef{of: kind, SQL: x.SQL, Then: x.Then, Columns: x.Columns, Address: x.Address, Undo: x.Undo, Enabled: x.Enabled, Populated: x.Populated, Absent: x.Absent, Speech: dialect.Speech(x.Speech)}
	if len(x.Stands) == 2 {
		d.For = &ident.Name{Schema: x.Stands[0], Name: x.Stands[1]}
	}
	name := ident.Name{Schema: x.Schema, Name: x.Name}
	class := textKinds[kind]
	if class == classRelation {
		r.names[x.OID] = name
	}
	if x.Relation != 0 {
		table, ok := r.names[x.Relation]
		if _, there := r.of[object{classRelation, x.Relation}]; !there || !ok {
			return // its relation is not selected
		}
		d.Table = &table
		r.host[len(r.found)] = object{classRelation, x.Relation}
	}
	r.add(class, define(x.OID, name, d))
}

var viewIndexesQuery = query{"view_indexes", func(version) string {
	return `select i.indexrelid as oid, i.indrelid as relation, n.nspname as schema, c.relname as name,
		coalesce(pg_get_indexdef(i.indexrelid), '') as sql, i.indisunique as "unique", i.indisclustered as clustered, ` + targets + `
		from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
		join pg_class v on v.oid = i.indrelid where v.relkind = 'm' and i.indisvalid and i.indislive and ` + touched("i.indrelid") + ` order by i.indexrelid`
}}

type viewIndexRow struct {
	OID, Relation     uint32
	Schema, Name, SQL string
	Unique, Clustered bool
	Statistics        []string
}

// readViewIndexes reads the indexes of materialized views; those of tables come with their keys.
func (r *reader) readViewIndexes(ctx context.Context) error {
	got, err := rows[viewIndexRow](ctx, r, viewIndexesQuery)
	if err != nil {
		return err
	}
	for _, x := range got {
		if _, there := r.of[object{classRelation, x.Relation}]; !there {
			continue
		}
		using, err := usingOf(&TableDef{Name: r.names[x.Relation]}, &indexRow{Schema: x.Schema, Name: x.Name, SQL: x.SQL, Unique: x.Unique})
		if err != nil {
			return err
		}
		r.host[len(r.found)] = object{classRelation, x.Relation}
		r.add(classRelation, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name},
			&IndexDef{Table: r.names[x.Relation], Unique: x.Unique, Using: using, Clustered: x.Clustered, Statistics: x.Statistics}))
	}
	return nil
}

// sources completes materialized views with the tables that they are filled from, directly or through
// views and functions.
func (r *reader) sources() {
	for i := range r.found {
		d, ok := r.found[i].Body.(*TextDef)
		if !ok || d.of != KindMatview {
			continue
		}
		seen := map[object]bool{}
		todo := []object{r.object(i)}
		for len(todo) > 0 {
			o := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if seen[o] {
				continue
			}
			seen[o] = true
			if t := r.tables[o.oid]; o.class == classRelation && t != nil {
				d.Reads = append(d.Reads, t.Name)
				continue
			}
			todo = append(todo, r.edges[o]...)
		}
		slices.SortFunc(d.Reads, compareNames)
	}
}
