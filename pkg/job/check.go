package job

import (
	"math"

	"github.com/goccy/go-yaml/ast"
)

func (r *reader) kafka(j *Job, k *Kafka) fields {
	known := []string{mechanismPlain, mechanism256, mechanism512}
	tls, sasl := &ClientTLS{}, &SASL{}
	return fields{
		"brokers":     r.listOf(func() field { return r.broker(k) }).says("host:port of some of them"),
		"prefix":      r.name(&k.Prefix).says("begins the names of the topics; the job's name if it is left out"),
		"partitions":  r.intoNumber(&k.Partitions, 1, 1000).says("of each table's topic"),
		"replication": r.intoNumber(&k.Replication, 1, math.MaxInt16).says("of topics that floe makes; the brokers' default if it is left out"),
		"retention":   r.object(fields{"rows": r.intoAge(&k.RowsKept).says("how long the topics of rows that floe makes keep them, like 7d; an applier that is away for longer loses its place. The brokers' own if it is left out")}),
		"tls":         r.clientTLS(tls).around(func() { k.TLS = tls }, nil).says("encrypts, even if it is empty: {}"),
		"sasl": r.object(fields{"mechanism": r.oneOf(known, func(s string) { sasl.Mechanism = s }), "user": r.intoSecret(&sasl.User), "password": r.password(&sasl.Password, passwordInstead("kafka"))}).
			around(func() { k.SASL = sasl }, nil),
	}
}

func (r *reader) clientTLS(t *ClientTLS) field {
	return r.object(fields{"ca": r.intoText(&t.CA), "cert": r.intoText(&t.Cert), "key": r.intoText(&t.Key), "server_name": r.intoText(&t.ServerName)})
}

func (r *reader) broker(k *Kafka) field {
	return field{func(p string, n ast.Node) {
		if s, ok := r.text(p, n); ok && s != "" {
			k.Brokers = append(k.Brokers, s)
		}
	}, scalar()}
}

// check looks at what several fields say together.
func (r *reader) check(j *Job) {
	r.checkEndpoint("source", &j.Source)
	r.checkEndpoint("target", &j.Target)
	r.checkObjects(&j.Objects)
	if k := j.Kafka; k != nil {
		if len(k.Brokers) == 0 {
			r.fault(r.marks["kafka"], "kafka.brokers: want at least one host:port")
		}
		if k.SASL != nil && (k.SASL.Mechanism == "" || k.SASL.User.IsZero() || k.SASL.Password.IsZero()) {
			r.fault(r.marks["kafka.sasl"], "kafka.sasl: want mechanism, user and password")
		} else if k.SASL != nil && Readable(k.SASL.Mechanism, k.TLS != nil, k.Brokers) {
			r.fault(r.marks["kafka.sasl"], "kafka.sasl: "+readable)
		}
		r.checkTLS("kafka.tls", k.TLS)
	}
	r.checkTLS("registry.tls", j.RegistryTLS)
	if j.RegistryTLS != nil && j.Registry.IsZero() {
		r.fault(r.marks["registry"], "registry: want url")
	}
}

func (r *reader) checkTLS(path string, t *ClientTLS) {
	if t != nil && (t.Cert == "") != (t.Key == "") {
		r.fault(r.marks[path], "%s: want cert and key, or neither", path)
	}
}

// checkEndpoint: capture needs only the source, the applier only the target, so either may be absent.
func (r *reader) checkEndpoint(path string, e *Endpoint) {
	mark := r.marks[path]
	switch {
	case mark == nil, e.IsZero() && e.Encoding != "": // the address is said elsewhere
		return
	case !e.URL.IsZero() && (e.Host != "" || e.Port != 0 || e.Database != "" || e.User != ""):
		r.fault(r.marks[path+".url"], "%s: want url, or host, port, database and user, not both", path)
	case e.URL.IsZero() && (e.Host == "" || e.Database == ""):
		r.fault(mark, "%s: want url, or host and database", path)
	}
}

func (r *reader) checkObjects(o *Objects) {
	asked := r.marks["objects.database"]
	switch {
	case asked == nil:
		o.Database = len(o.Include) == 0
	case o.Database && len(o.Include) > 0:
		r.fault(r.marks["objects.include"], "objects.include: the whole database is selected already; leave out one of database and include")
	case !o.Database && len(o.Include) == 0:
		r.fault(asked, "objects.database: false and no include select nothing")
	}
}
