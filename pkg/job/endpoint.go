package job

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/charset"
	"floe/pkg/pg"
)

// Endpoint is one database: a URL as libpq takes it, or its parts.
type Endpoint struct {
	URL                  Secret
	Host, Database, User string
	Port                 int
	Password             Secret
	TLS                  TLS
	// Encoding is what the texts of a source are in whose database does not say (SQL_ASCII), by PostgreSQL's name.
	Encoding string
}

// Charset is the encoding, nil if the database knows its own.
func (e Endpoint) Charset() *charset.Charset {
	if e.Encoding == "" {
		return nil
	}
	c, err := charset.Find(e.Encoding)
	if err != nil { // reading saw to it
		return nil
	}
	return c
}

// TLS says how a connection is encrypted; the fields are libpq's.
type TLS struct{ Mode, CA, Cert, Key string }

// IsZero reports whether the file names no database.
func (e Endpoint) IsZero() bool { return e.URL.IsZero() && e.Host == "" && e.Database == "" }

// Config is what package pg connects with. The password is read anew at each connect, one within the address too.
func (e Endpoint) Config() (pg.Config, error) {
	c := pg.Config{}
	text, err := e.URL.Resolve()
	if err != nil {
		return c, err
	}
	if e.URL.IsZero() {
		text = e.keywords()
	}
	c.URL = e.TLS.add(text)
	switch {
	case !e.Password.IsZero():
		c.Password = e.Password.Resolve
	case references.MatchString(e.URL.text):
		c.Password = e.within
	}
	return c, nil
}

// within is the password of the address, as it is now.
func (e Endpoint) within() (string, error) {
	text, err := e.URL.Resolve()
	if err != nil {
		return "", err
	}
	c, err := pgconn.ParseConfig(e.TLS.add(text))
	if err != nil {
		return "", err
	}
	return c.Password, nil
}

func (e Endpoint) keywords() string {
	var parts []string
	add := func(key, value string) {
		if value != "" {
			parts = append(parts, key+"="+keyword(value))
		}
	}
	add("host", e.Host)
	if e.Port != 0 {
		add("port", strconv.Itoa(e.Port))
	}
	add("dbname", e.Database)
	add("user", e.User)
	return strings.Join(parts, " ")
}

// keyword quotes a value of a keyword/value connection string.
func keyword(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

// add puts the TLS fields into either form of connection string.
func (t TLS) add(text string) string {
	for _, p := range [][2]string{{"sslmode", t.Mode}, {"sslrootcert", t.CA}, {"sslcert", t.Cert}, {"sslkey", t.Key}} {
		switch {
		case p[1] == "":
		case !isURL(text):
			text += " " + p[0] + "=" + keyword(p[1])
		case strings.Contains(text, "?"):
			text += "&" + p[0] + "=" + url.QueryEscape(p[1])
		default:
			text += "?" + p[0] + "=" + url.QueryEscape(p[1])
		}
	}
	return text
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// Place names a database for people: host, port and name, without user and password.
func Place(c pg.Config) string {
	p, err := pgconn.ParseConfig(c.URL)
	if err != nil {
		return "?"
	}
	return fmt.Sprintf("%s:%d/%s", p.Host, p.Port, p.Database)
}

// Named are the user and the database that a connection is asked for with; empty if the address cannot be read.
func Named(c pg.Config) (user, database string) {
	p, err := pgconn.ParseConfig(c.URL)
	if err != nil {
		return "", ""
	}
	return p.User, p.Database
}
