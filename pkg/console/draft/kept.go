package draft

import (
	"bytes"
	"encoding/json"
	"errors"

	"floe/pkg/ident"
)

// kept is a draft as a file keeps it. Passwords of the databases are not in it, nor where they are: whoever
// reads it has them. The log's is a reference.
type kept struct {
	Name           string
	Source, Target at
	Whole          bool
	Chosen         []named
	Exclude        []string
	Filters        []string
	Lists          []string `json:",omitempty"`
	Init           Init
	Log            Log
}

type at struct {
	Host, Database, User, TLS, CA string
	Port                          int
	Encoding                      string `json:",omitempty"`
}

type named struct{ Pattern, To string }

// Kept is the draft as Read reads it.
func (d *Draft) Kept() ([]byte, error) {
	k := kept{Name: d.Name, Source: d.Source.at(), Target: d.Target.at(), Whole: d.Whole, Init: d.Init, Log: d.Log}
	for _, c := range d.Chosen {
		k.Chosen = append(k.Chosen, named{c.Pattern.String(), c.To})
	}
	for _, p := range d.Exclude {
		k.Exclude = append(k.Exclude, p.String())
	}
	for _, f := range d.Filters {
		k.Filters = append(k.Filters, f.String())
	}
	for _, l := range d.Lists {
		k.Lists = append(k.Lists, l.String())
	}
	return json.Marshal(k)
}

func (e *Endpoint) at() at { return at{e.Host, e.Database, e.User, e.TLS, e.CA, e.Port, e.Encoding} }

// Read reads what Kept wrote.
func Read(text []byte) (*Draft, error) {
	var k kept
	r := json.NewDecoder(bytes.NewReader(text))
	r.DisallowUnknownFields()
	if err := r.Decode(&k); err != nil {
		return nil, err
	}
	d := &Draft{Name: k.Name, Source: k.Source.endpoint(), Target: k.Target.endpoint(), Whole: k.Whole, Init: k.Init}
	l := k.Log
	if err := d.TakeLog(SaidLog{l.List(), l.TLS, l.CA, l.Cert, l.Key, l.ServerName, l.Mechanism, l.User, l.Reference}); err != nil {
		return nil, err
	}
	for _, c := range k.Chosen {
		p, err := ident.ParsePattern(c.Pattern)
		if err != nil {
			return nil, err
		}
		d.Chosen = append(d.Chosen, Chosen{p, c.To})
	}
	return d, errors.Join(d.Leave(k.Exclude), d.Take(k.Filters), d.List(k.Lists))
}

func (a at) endpoint() Endpoint {
	return Endpoint{Host: a.Host, Database: a.Database, User: a.User, TLS: a.TLS, CA: a.CA, Port: a.Port, Encoding: a.Encoding}
}
