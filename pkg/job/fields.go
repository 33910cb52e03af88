package job

import (
	"math"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/google/jsonschema-go/jsonschema"

	"floe/pkg/charset"
	"floe/pkg/ident"
	"floe/pkg/status"
)

// job are the fields of a job file (docs: the job file).
func (r *reader) job(j *Job) fields {
	k := &Kafka{Partitions: 1}
	return fields{
		"name":        r.name(&j.Name).says("the job's name; floe dev makes one if it is left out"),
		"source":      r.object(r.source(&j.Source)).says("the database that is copied"),
		"target":      r.object(r.endpoint("target", &j.Target)).says("the database that becomes the copy"),
		"objects":     r.object(r.objects(&j.Objects)).says("what is replicated, and what it is called on the target"),
		"on_existing": r.oneOf([]string{"block", "proceed"}, func(s string) { j.Proceed = s == "proceed" }).says("a table that the target has already stops the job (block), or is loaded into: its rows stay, changes overwrite them (proceed)"),
		"init":        r.object(r.init(j)).says("what is done before changes flow"),
		"ddl":         r.oneOf([]string{"auto", "off"}, func(s string) { j.DDLOff = s == "off" }).says("changes of structure are carried over (auto), or stop the job (off)"),
		"heartbeat":   r.object(r.heartbeat(&j.Heartbeat)).says("a row that capture writes to the source: what does not pass through the stream is latency"),
		"throttle":    r.object(r.throttle(&j.Throttle)).says("bounds of what the job asks of the servers; 0 is none"),
		"apply":       r.object(r.apply(&j.Apply)).says("how changes are applied"),
		"kafka":       r.object(r.kafka(j, k)).around(func() { j.Kafka = k }, nil).says("the log; without it floe dev brings its own"),
		"notify":      r.listOf(func() field { return r.hook(&j.Notify) }).says("URLs that are told of changes of the job's state, by floe console"),
		"registry":    r.object(r.registry(j)).says("the schema registry; without it floe's own"),
	}
}

// hook reads one URL and its states.
func (r *reader) hook(to *[]Hook) field {
	var h Hook
	known := fields{"url": r.address(&h.URL, capabilities, `refer to all of it: url: "${NOTIFY_URL}" or "${file:/run/secrets/notify}"`).says("http or https; who has it may write there, so rather by a reference: ${ENV} or ${file:/run/secrets/x}; read again each time"),
		"states": r.listOf(func() field {
			return r.oneOf(status.States, func(s string) { h.States = append(h.States, s) })
		}).says("the states that are told; all if there are none")}
	f := r.object(known)
	f.schema.Required = []string{"url"}
	f.read = func(p string, n ast.Node) {
		before := len(r.faults)
		r.mapping(p, n, known)
		if len(r.faults) > before {
			return
		}
		if h.URL.IsZero() {
			r.fault(n, "%s: want url", p)
			return
		}
		*to = append(*to, h)
	}
	return f
}

func (r *reader) registry(j *Job) fields {
	t := &ClientTLS{}
	return fields{"url": r.address(&j.Registry, literals, `refer to the password, https://user:${REGISTRY_PASSWORD}@host, or to all of it: url: "${REGISTRY_URL}" or "${file:/run/secrets/registry}"`).
		says("http or https; it may hold a user, and a password by a reference"),
		"tls": r.clientTLS(t).around(func() { j.RegistryTLS = t }, nil).says("for https: the authority, and this client's own certificate")}
}

func (r *reader) heartbeat(h *Heartbeat) fields {
	return fields{"table": {func(p string, n ast.Node) {
		s, ok := r.text(p, n)
		if !ok {
			return
		}
		name, err := ident.Parse(s)
		if err != nil || name.Name != heartbeatTable {
			r.fault(n, "%s: want a table named %s, in a schema of your choice: by that name it is left out of what is copied", p, heartbeatTable)
			return
		}
		h.Table = name
	}, scalar()}, "interval": r.intoDuration(&h.Interval, 0, time.Hour).says("how often; 0s writes nothing")}
}

func (r *reader) name(to *string) field {
	return field{func(p string, n ast.Node) {
		s, ok := r.text(p, n)
		if !ok {
			return
		}
		if err := CheckName(s); err != nil {
			r.fault(n, "%s: %v", p, err)
		}
		*to = s
	}, either(&jsonschema.Schema{Types: []string{"string", "integer"}, Pattern: nameForm.String()}, reference())}
}

// source are an endpoint's fields, and what only a source has.
func (r *reader) source(e *Endpoint) fields {
	f := r.endpoint("source", e)
	f["encoding"] = field{func(p string, n ast.Node) {
		text, ok := r.text(p, n)
		if !ok {
			return
		}
		c, err := charset.Find(text)
		if err != nil {
			r.fault(n, "%s: %v", p, err)
			return
		}
		e.Encoding = c.Name
	}, scalar()}.says("what the texts are in, if the database does not say: SQL_ASCII")
	return f
}

func (r *reader) endpoint(side string, e *Endpoint) fields {
	instead := passwordInstead(side)
	modes := []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
	return fields{
		"url":  r.address(&e.URL, literals, "leave it out there, and add "+instead).says("postgres://user@host:port/database, or whatever libpq takes, without a password; or use the parts"),
		"host": r.intoText(&e.Host), "port": r.intoNumber(&e.Port, 1, math.MaxUint16),
		"database": r.intoText(&e.Database), "user": r.intoText(&e.User),
		"password": r.password(&e.Password, instead).says("never the password itself but a reference: ${ENV}, ${ENV:-default} or ${file:/run/secrets/x}; read again at each connect"),
		"tls": r.object(fields{"mode": r.oneOf(modes, func(s string) { e.TLS.Mode = s }),
			"ca": r.intoText(&e.TLS.CA), "cert": r.intoText(&e.TLS.Cert), "key": r.intoText(&e.TLS.Key)}),
	}
}

func (r *reader) objects(o *Objects) fields {
	return fields{
		"database": r.intoBool(&o.Database).says("true is the whole database, less what is excluded"),
		"include":  r.listOf(func() field { return r.pattern(&o.Include) }).says("schemas, or schema.table; * and ? are wildcards outside quotes"),
		"exclude":  r.listOf(func() field { return r.pattern(&o.Exclude) }),
		"mapping":  r.listOf(func() field { return r.rule(&o.Rules) }).says("other names on the target: a table, or schema.* for all of a schema"),
		"filters":  r.listOf(func() field { return r.filter(o) }).says("conditions on rows, and lists of columns; a row that leaves its filter is deleted on the target"),
		"identity": r.oneOf([]string{"auto", "keep"}, func(s string) { o.KeepIdentity = s == "keep" }).says("auto gives tables without a usable replica identity one; keep changes none"),
	}
}

// pattern reads one name with wildcards; a nil list only checks it.
func (r *reader) pattern(to *[]ident.Pattern) field {
	return field{func(p string, n ast.Node) {
		s, ok := r.text(p, n)
		if !ok {
			return
		}
		pattern, err := ident.ParsePattern(s)
		if err != nil {
			r.fault(n, "%s: %v", p, err)
			return
		}
		if to != nil {
			*to = append(*to, pattern)
		}
	}, scalar()}
}

func (r *reader) rule(to *[]ident.Rule) field {
	var from, dest string
	columns := map[string]string{}
	known := fields{"from": r.intoText(&from), "to": r.intoText(&dest), "columns": {func(p string, n ast.Node) { r.columns(p, n, columns) },
		&jsonschema.Schema{Types: []string{"object", "null"}, AdditionalProperties: scalar()}}}
	f := r.object(known)
	f.schema.Required = []string{"from", "to"}
	f.read = func(p string, n ast.Node) {
		before := len(r.faults)
		r.mapping(p, n, known)
		if len(r.faults) > before {
			return
		}
		if from == "" || dest == "" {
			r.fault(n, "%s: want from and to", p)
			return
		}
		rule, err := ident.ParseRule(from, dest, columns)
		if err != nil {
			r.fault(n, "%s: %v", p, err)
			return
		}
		*to = append(*to, rule)
	}
	return f
}

// filter reads the condition on one table's rows, and the list of its columns.
func (r *reader) filter(o *Objects) field {
	var table, where string
	var list []string
	known := fields{"table": r.intoText(&table), "where": r.intoRaw(&where),
		"columns": r.listOf(func() field { return r.listed(&list) }).says("the columns that are copied; the others are on no target and in no log")}
	f := r.object(known)
	f.schema.Required = []string{"table"}
	f.read = func(p string, n ast.Node) {
		before := len(r.faults)
		r.mapping(p, n, known)
		if len(r.faults) > before {
			return
		}
		if table == "" || where == "" && len(list) == 0 {
			r.fault(n, "%s: want table, and where or columns", p)
			return
		}
		name, err := ident.Parse(table)
		switch {
		case err != nil:
			r.fault(n, "%s: %v", p, err)
		case o.Filters[name] != "" || o.Columns[name] != nil:
			r.fault(n, "%s: %s has a filter already; join conditions with AND or OR", p, name)
		default:
			o.filter(name, where, list)
		}
	}
	return f
}

func (o *Objects) filter(table ident.Name, where string, columns []string) {
	if where != "" {
		if o.Filters == nil {
			o.Filters = map[ident.Name]string{}
		}
		o.Filters[table] = where
	}
	if len(columns) > 0 {
		if o.Columns == nil {
			o.Columns = map[ident.Name][]string{}
		}
		o.Columns[table] = columns
	}
}

// listed reads one name of a list of columns, as in SQL.
func (r *reader) listed(to *[]string) field {
	return field{func(p string, n ast.Node) {
		text, ok := r.text(p, n)
		if !ok {
			return
		}
		name, ok := r.column(p, n, text)
		switch {
		case !ok:
		case slices.Contains(*to, name):
			r.fault(n, "%s: column %s stands twice", p, ident.Quote(name))
		default:
			*to = append(*to, name)
		}
	}, scalar()}
}

// columns reads old: new, both as in SQL.
func (r *reader) columns(path string, n ast.Node, to map[string]string) {
	taken := map[string]bool{}
	for _, v := range r.pairs(path, n) {
		from, ok1 := r.column(path, v.Key, v.Key.GetToken().Value)
		text, ok := r.text(join(path, from), v.Value)
		if !ok {
			continue
		}
		name, ok2 := r.column(path, v.Value, text)
		if !ok1 || !ok2 {
			continue
		}
		if _, twice := to[from]; twice {
			r.fault(v.Key, "%s: column %s is mapped twice", path, from)
		}
		if taken[name] {
			r.fault(v.Value, "%s: two columns become %s", path, name)
		}
		to[from], taken[name] = name, true
	}
}

func (r *reader) column(path string, n ast.Node, text string) (string, bool) {
	parts, err := ident.Split(text)
	if err == nil && len(parts) == 1 {
		return parts[0], true
	}
	r.fault(n, "%s: %q is not a column's name; quote it as SQL would: '\"%s\"'", path, text, text)
	return "", false
}

func (r *reader) init(j *Job) fields {
	structure, data, ms := true, true, int(j.Init.ChunkHold/time.Millisecond)
	return fields{
		"structure": r.object(fields{"enabled": r.intoBool(&structure), "kinds": r.only("all"),
			"unsupported": r.oneOf([]string{"report", "substitute", "fail"}, func(s string) { j.Init.Unsupported = s })}).
			around(nil, func() { j.Init.SkipStructure = !structure }).says("tables and other objects are made on the target"),
		"data": r.object(fields{"enabled": r.intoBool(&data), "readers": r.intoNumber(&j.Init.Readers, 1, 64), "chunk_ms": r.intoNumber(&ms, 10, 10_000)}).
			around(nil, func() { j.Init.SkipData, j.Init.ChunkHold = !data, time.Duration(ms)*time.Millisecond }).says("the rows that are there are loaded"),
	}
}

func (r *reader) throttle(t *Throttle) fields {
	return fields{
		"load_rows":      r.intoNumber(&t.LoadRows, 0, math.MaxInt32).says("rows of the load in a second"),
		"load_mbps":      r.intoNumber(&t.LoadMBps, 0, 100_000).says("megabytes of the load in a second"),
		"apply_rows":     r.intoNumber(&t.ApplyRows, 0, math.MaxInt32).says("rows of changes that are applied in a second"),
		"apply_mbps":     r.intoNumber(&t.ApplyMBps, 0, 100_000).says("megabytes of changes that are applied in a second"),
		"hold_load_when": r.object(r.holdLoad(&t.HoldLoad)).says("while one of these is passed the load rests, and changes go on; 0 is no limit"),
	}
}

func (r *reader) holdLoad(h *HoldLoad) fields {
	return fields{
		"applier_lag":        r.intoDuration(&h.ApplierLag, 0, 24*time.Hour).says("how far behind an applier may be"),
		"slot_bytes":         r.intoSize(&h.SlotBytes).says("WAL that the source may keep for the job"),
		"active_sessions":    r.intoNumber(&h.ActiveSessions, 0, 100_000).says("sessions at work in the source's database, without floe's"),
		"oldest_transaction": r.intoDuration(&h.OldestTransaction, 0, 24*time.Hour).says("how long a transaction in the source's database may be open"),
	}
}

func (r *reader) apply(a *Apply) fields {
	return fields{
		"batch_rows": r.intoNumber(&a.BatchRows, 1, 1_000_000).says("rows of one target transaction at most"),
		"batch_wait": r.intoDuration(&a.BatchWait, 0, time.Minute).says("how long a batch waits for more"),
		"on_error":   r.blocks().says("a row that the target refuses stops the job until somebody decides; floe errors skip leaves out one transaction, and says so for good"),
	}
}

// blocks is what becomes of a row that the target refuses. Leaving rows out by themselves would lose them unseen.
func (r *reader) blocks() field {
	f := r.oneOf([]string{"block"}, nil)
	f.read = func(p string, n ast.Node) {
		if s, ok := r.text(p, n); ok && s != "block" {
			r.fault(n, "%s: %q would lose rows unseen; the one choice is block: a row that the target refuses stops the job, floe errors shows it, and floe errors skip --reason WHY leaves out that one transaction", p, s)
		}
	}
	return f
}
