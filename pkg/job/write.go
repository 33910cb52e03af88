package job

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"floe/pkg/ident"
)

// Text is the job as a file. Secrets are written as references; one that stands in the file itself becomes
// a reference to a variable that its owner has to set.
func (j *Job) Text() []byte {
	b := &text{}
	if j.Name != "" {
		b.line("name: %s", Scalar(j.Name))
	}
	b.endpoint("source", &j.Source)
	b.endpoint("target", &j.Target)
	b.objects(&j.Objects)
	b.line("on_existing: %s", word(j.Proceed, "proceed", "block"))
	unsupported := ""
	if j.Init.Unsupported != "" {
		unsupported = ", unsupported: " + j.Init.Unsupported
	}
	b.line("init:\n  structure: {enabled: %t%s}\n  data: {enabled: %t, readers: %d, chunk_ms: %d}", !j.Init.SkipStructure, unsupported, !j.Init.SkipData, j.Init.Readers, j.Init.ChunkHold.Milliseconds())
	b.line("ddl: %s", word(j.DDLOff, `"off"`, "auto"))
	b.line("heartbeat: {table: %s, interval: %s}", Scalar(j.Heartbeat.Table.String()), j.Heartbeat.Interval)
	t := j.Throttle
	holds := ""
	if h := t.HoldLoad; h != (HoldLoad{}) {
		holds = fmt.Sprintf(", hold_load_when: {applier_lag: %s, slot_bytes: %s, active_sessions: %d, oldest_transaction: %s}", h.ApplierLag, &h.SlotBytes, h.ActiveSessions, h.OldestTransaction)
	}
	b.line("throttle: {load_rows: %d, load_mbps: %d, apply_rows: %d, apply_mbps: %d%s}", t.LoadRows, t.LoadMBps, t.ApplyRows, t.ApplyMBps, holds)
	b.line("apply: {batch_rows: %d, batch_wait: %s}", j.Apply.BatchRows, j.Apply.BatchWait)
	if j.Kafka != nil {
		b.kafka(j.Kafka)
	}
	if !j.Registry.IsZero() {
		b.line("registry:")
		b.secret("  ", "url", j.Registry, "${REGISTRY_URL}")
		b.tls("  ", j.RegistryTLS)
	}
	b.hooks(j.Notify)
	return b.Bytes()
}

func (b *text) hooks(list []Hook) {
	if len(list) > 0 {
		b.line("notify:")
	}
	for _, h := range list {
		b.secret("  - ", "url", h.URL, "${NOTIFY_URL}")
		if len(h.States) > 0 {
			states := make([]string, len(h.States))
			for i, s := range h.States {
				states[i] = Scalar(s)
			}
			b.line("    states: [%s]", strings.Join(states, ", "))
		}
	}
}

func word(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

type text struct{ bytes.Buffer }

func (b *text) line(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

func (b *text) field(indent, name, value string) {
	if value != "" {
		b.line("%s%s: %s", indent, name, Scalar(strings.ReplaceAll(value, "${", "$${")))
	}
}

func (b *text) list(indent, name string, values []string) {
	if len(values) == 0 {
		return
	}
	b.line("%s%s:", indent, name)
	for _, v := range values {
		b.line("%s  - %s", indent, Scalar(strings.ReplaceAll(v, "${", "$${")))
	}
}

// secret writes a reference: the one that the file has, or instead.
func (b *text) secret(indent, name string, s Secret, instead string) {
	if s.IsZero() {
		return
	}
	if ref := withoutDefaults(s.text); wholeReference.MatchString(ref) {
		instead = ref
	}
	b.line("%s%s: %s", indent, name, Scalar(instead))
}

var (
	wholeReference = regexp.MustCompile(`^\$\{[^{}]+\}$`)
	defaulted      = regexp.MustCompile(`\$\{([^{}:]+):-[^{}]*\}`)
)

// withoutDefaults drops what stands for a variable that is not set: it may be a password.
func withoutDefaults(s string) string { return defaulted.ReplaceAllString(s, "$${$1}") }

func (b *text) endpoint(side string, e *Endpoint) {
	if e.IsZero() {
		if e.Encoding != "" {
			b.line("%s:", side)
			b.field("  ", "encoding", e.Encoding)
		}
		return
	}
	b.line("%s:", side)
	variable := "${" + strings.ToUpper(side) + "_PASSWORD}"
	if e.URL.IsZero() {
		b.field("  ", "host", e.Host)
		if e.Port != 0 {
			b.line("  port: %d", e.Port)
		}
		b.field("  ", "database", e.Database)
		b.field("  ", "user", e.User)
	} else {
		bare, had := Bare(withoutDefaults(e.URL.text))
		b.line("  url: %s", Scalar(bare))
		if had && e.Password.IsZero() {
			b.line("  password: %s", Scalar(variable))
		}
	}
	b.secret("  ", "password", e.Password, variable)
	b.field("  ", "encoding", e.Encoding)
	if e.TLS != (TLS{}) {
		b.line("  tls:")
		b.field("    ", "mode", e.TLS.Mode)
		b.field("    ", "ca", e.TLS.CA)
		b.field("    ", "cert", e.TLS.Cert)
		b.field("    ", "key", e.TLS.Key)
	}
}

func (b *text) objects(o *Objects) {
	b.line("objects:")
	if o.Database {
		b.line("  database: true")
	}
	patterns := func(list []ident.Pattern) (out []string) {
		for _, p := range list {
			out = append(out, p.String())
		}
		return out
	}
	b.list("  ", "include", patterns(o.Include))
	b.list("  ", "exclude", patterns(o.Exclude))
	if len(o.Rules) > 0 {
		b.line("  mapping:")
	}
	for _, r := range o.Rules {
		b.rule(r)
	}
	b.filters(o)
	b.line("  identity: %s", word(o.KeepIdentity, "keep", "auto"))
}

func (b *text) filters(o *Objects) {
	tables := slices.Concat(slices.Collect(maps.Keys(o.Filters)), slices.Collect(maps.Keys(o.Columns)))
	slices.SortFunc(tables, func(x, y ident.Name) int { return strings.Compare(x.SQL(), y.SQL()) })
	if len(tables) > 0 {
		b.line("  filters:")
	}
	for _, n := range slices.Compact(tables) {
		b.line("    - table: %s", Scalar(n.String()))
		if where := o.Filters[n]; where != "" {
			b.line("      where: %s", Scalar(where))
		}
		var columns []string
		for _, c := range o.Columns[n] {
			columns = append(columns, ident.Quote(c))
		}
		b.list("      ", "columns", columns)
	}
}

func (b *text) rule(r ident.Rule) {
	from, to := r.From.String(), r.To.String()
	if r.All {
		from, to = schemaSQL(r.From.Schema)+".*", schemaSQL(r.To.Schema)+".*"
	}
	b.line("    - from: %s\n      to: %s", Scalar(from), Scalar(to))
	if len(r.Columns) > 0 {
		b.line("      columns:")
	}
	for _, c := range slices.Sorted(maps.Keys(r.Columns)) {
		b.line("        %s: %s", Scalar(ident.Quote(c)), Scalar(ident.Quote(r.Columns[c])))
	}
}

func schemaSQL(s string) string {
	return strings.TrimSuffix(ident.Name{Schema: s, Name: "x"}.String(), ".x")
}

func (b *text) kafka(k *Kafka) {
	b.line("kafka:")
	b.list("  ", "brokers", k.Brokers)
	b.field("  ", "prefix", k.Prefix)
	b.line("  partitions: %d", k.Partitions)
	if k.Replication > 0 {
		b.line("  replication: %d", k.Replication)
	}
	if k.RowsKept > 0 {
		b.line("  retention: {rows: %s}", k.RowsKept)
	}
	b.tls("  ", k.TLS)
	if k.SASL != nil {
		b.line("  sasl:\n    mechanism: %s", k.SASL.Mechanism)
		b.line("    user: %s", Scalar(withoutDefaults(k.SASL.User.text)))
		b.secret("    ", "password", k.SASL.Password, "${KAFKA_PASSWORD}")
	}
}

func (b *text) tls(indent string, t *ClientTLS) {
	if t == nil {
		return
	}
	if *t == (ClientTLS{}) {
		b.line("%stls: {}", indent)
		return
	}
	b.line("%stls:", indent)
	b.field(indent+"  ", "ca", t.CA)
	b.field(indent+"  ", "cert", t.Cert)
	b.field(indent+"  ", "key", t.Key)
	b.field(indent+"  ", "server_name", t.ServerName)
}

// Scalar is a text as YAML, on one line, quoted where it must be.
func Scalar(s string) string {
	b, err := yaml.Marshal(s)
	out := strings.TrimSuffix(string(b), "\n")
	if err != nil || strings.ContainsAny(s, "\n\r\t#:{}[],&*?|<>=!%@`'\"") || strings.ContainsAny(out, "\n") || strings.TrimSpace(s) != s {
		b, err = yaml.MarshalWithOptions(s, yaml.JSON())
		if err == nil {
			return strings.TrimSuffix(string(b), "\n")
		}
	}
	return out
}
