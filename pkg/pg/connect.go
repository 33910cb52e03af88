// Package pg connects to PostgreSQL and its relatives, with the session settings that floe's data
// depends on pinned (docs/design.md, sessions): the text form of a value follows them.
package pg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// Purpose says what a session is for; its settings and its application_name follow.
type Purpose string

// The purposes: Read reads the source's rows, Apply writes the target, Admin does the rest.
const (
	Read  Purpose = "read"
	Apply Purpose = "apply"
	Admin Purpose = "admin"
)

// Config is one database.
type Config struct {
	// URL is whatever libpq takes: postgres://… or keywords. Without an sslmode a host that is neither
	// loopback nor a socket has to prove who it is (verify-full), and the others are spoken to plainly.
	URL string
	// Password, if set, is asked at every connect, so that a rotated one is taken up.
	Password func() (string, error)
	// Raw gives texts as the database has them, in whatever encoding: for one that does not say (SQL_ASCII).
	Raw bool
}

// pins are the settings that decide the text form of values, on every connection.
var pins = map[string]string{
	"client_encoding": "UTF8", "datestyle": "ISO", "intervalstyle": "postgres", "extra_float_digits": "3",
	"timezone": "UTC", "bytea_output": "hex", "lc_monetary": "C", "search_path": "", "standard_conforming_strings": "on",
	"default_transaction_isolation": "read committed", "statement_timeout": "0", "xmloption": "content",
	"quote_all_identifiers": "off", "array_nulls": "on",
}

// Connect opens a session. It asks the server what it is; one that needs settings that a plain server would
// refuse is connected to again, with them.
func Connect(ctx context.Context, c Config, p Purpose) (*pgx.Conn, error) {
	text, err := secured(c.URL)
	if err != nil {
		return nil, scrub(err)
	}
	cfg, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, scrub(err)
	}
	if err := c.prepare(&cfg.Config, string(p)); err != nil {
		return nil, err
	}
	settle(cfg.RuntimeParams, p)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, untrusted(scrub(err))
	}
	d, err := dialect.Of(ctx, conn)
	if err == nil {
		err = lifted(ctx, conn.PgConn())
	}
	if err == nil && len(d.Pins) == 0 {
		if err = quiet(ctx, conn.PgConn(), p); err == nil {
			return conn, nil
		}
	}
	_ = conn.Close(ctx)
	if err != nil {
		return nil, scrub(err)
	}
	return pinned(ctx, cfg, p, d.Pins)
}

// lifted ends what a database or role may set that would keep a session of floe's from its work: timeouts that
// older servers do not know, so that a start packet that names one would be refused there (a session may wait for
// hours, and load for as long); that transactions only read, and that an error ends the session. What the whole
// server or the URL sets was meant for floe too.
func lifted(ctx context.Context, conn *pgconn.PgConn) error {
	_, err := conn.Exec(ctx, `SELECT pg_catalog.set_config(n, '0', false) FROM unnest(ARRAY['idle_session_timeout', 'transaction_timeout']) n
		WHERE pg_catalog.current_setting(n, true) <> '0';
		SELECT pg_catalog.set_config(name, 'off', false) FROM pg_catalog.pg_settings
		WHERE 'on' IN (pg_catalog.current_setting('default_transaction_read_only'), pg_catalog.current_setting('exit_on_error'))
			AND name IN ('default_transaction_read_only', 'exit_on_error') AND setting = 'on' AND source IN ('database', 'user', 'database user')`).ReadAll()
	if err != nil {
		return fmt.Errorf("lift settings of the database or the role: %w", err)
	}
	return nil
}

// quiet has event triggers of others not fire for what floe does itself, where its role may say so: many name
// tables without a schema, and a session of floe's has no search_path.
func quiet(ctx context.Context, conn *pgconn.PgConn, p Purpose) error {
	if p == Apply {
		return nil // the applier sees to it
	}
	_, err := conn.Exec(ctx, `SELECT pg_catalog.set_config('session_replication_role', 'replica', false) WHERE pg_catalog.current_setting('is_superuser') = 'on'`).ReadAll()
	if err != nil {
		return fmt.Errorf("quiet event triggers: %w", err)
	}
	return nil
}

// pinned connects with a dialect's settings and sees that the server took them: without them dates would
// come without their time.
func pinned(ctx context.Context, cfg *pgx.ConnConfig, p Purpose, pins []dialect.Setting) (*pgx.Conn, error) {
	for _, s := range pins {
		cfg.RuntimeParams[s.Name] = s.Value
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, scrub(err)
	}
	d, err := dialect.Of(ctx, conn)
	if err == nil {
		d.Pins = pins
		dialect.Keep(conn, d)
		err = took(pins, func(name string) (value string, err error) {
			err = conn.QueryRow(ctx, "SELECT "+current(name)).Scan(&value)
			return value, err
		})
		err = errors.Join(err, lifted(ctx, conn.PgConn()))
		if err == nil {
			err = quiet(ctx, conn.PgConn(), p)
		}
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, scrub(err)
	}
	return conn, nil
}

func current(name string) string { return "pg_catalog.current_setting(" + ident.Literal(name) + ")" }

func took(pins []dialect.Setting, ask func(string) (string, error)) error {
	for _, s := range pins {
		value, err := ask(s.Name)
		if err != nil {
			return fmt.Errorf("look at setting %s: %w", s.Name, err)
		}
		if value != s.Value {
			return fmt.Errorf("the server keeps %s = %q where floe's sessions need %q: connect to the primary itself, not to a proxy that drops settings", s.Name, value, s.Value)
		}
	}
	return nil
}

// ConnectReplication opens a walsender session with the same settings.
func ConnectReplication(ctx context.Context, c Config) (*pgconn.PgConn, error) {
	probe, err := Connect(ctx, c, Admin)
	if err != nil {
		return nil, err
	}
	params := probe.Config().RuntimeParams
	d, err := dialect.Of(ctx, probe)
	_ = probe.Close(ctx)
	if err != nil {
		return nil, err
	}
	text, err := secured(c.URL)
	if err != nil {
		return nil, scrub(err)
	}
	cfg, err := pgconn.ParseConfig(text)
	if err != nil {
		return nil, scrub(err)
	}
	if err := c.prepare(cfg, "capture"); err != nil {
		return nil, err
	}
	for k, v := range params {
		cfg.RuntimeParams[k] = v
	}
	for _, k := range []string{"idle_in_transaction_session_timeout", "lock_timeout"} {
		delete(cfg.RuntimeParams, k)
	}
	cfg.RuntimeParams["application_name"] = "floe_capture"
	cfg.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, scrub(err)
	}
	err = took(d.Pins, func(name string) (string, error) { return shown(ctx, conn, name) })
	if err = errors.Join(err, lifted(ctx, conn)); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

// shown asks a walsender for a setting; it knows the simple protocol alone.
func shown(ctx context.Context, conn *pgconn.PgConn, name string) (string, error) {
	results, err := conn.Exec(ctx, "SELECT "+current(name)).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return "", errors.New("the server gave no value")
	}
	return string(results[0].Rows[0][0]), nil
}

func (c Config) prepare(cfg *pgconn.Config, name string) error {
	if c.Password != nil {
		p, err := c.Password()
		if err != nil {
			return fmt.Errorf("read the password: %w", scrub(err))
		}
		cfg.Password = p
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	d := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	cfg.DialFunc = d.DialContext
	for k, v := range pins {
		cfg.RuntimeParams[k] = v
	}
	if c.Raw {
		cfg.RuntimeParams["client_encoding"] = "SQL_ASCII"
	}
	cfg.RuntimeParams["application_name"] = "floe_" + name
	return nil
}

// settle adds what differs by purpose. A source must not be held up by floe; on the target floe waits.
func settle(params map[string]string, p Purpose) {
	switch p {
	case Apply:
		// A policy that holds for floe's role would hide rows from its changes; off makes that an error.
		params["row_security"] = "off"
		params["lock_timeout"], params["idle_in_transaction_session_timeout"] = "0", "0"
	case Read:
		params["row_security"] = "off"
		fallthrough
	default:
		params["lock_timeout"], params["idle_in_transaction_session_timeout"] = "1s", "0"
		// What floe writes there (its slot, publication and triggers) is looked at by each start; a start that
		// waited for a standby that does not answer would not begin for as long.
		params["synchronous_commit"] = "local"
	}
}

var secret = regexp.MustCompile(`(?i)(password=)\S+|(://[^:/@\s]+:)\S+@`)

// scrub takes passwords out of an error's text; it keeps what errors.As finds in it.
func scrub(err error) error {
	if err == nil {
		return nil
	}
	text := secret.ReplaceAllString(err.Error(), "${1}${2}***")
	if text == err.Error() {
		return err
	}
	return &scrubbed{text, err}
}

type scrubbed struct {
	text string
	err  error
}

func (s *scrubbed) Error() string { return s.text }
func (s *scrubbed) Unwrap() error { return s.err }

// Code is the SQLSTATE within err, or empty.
func Code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
