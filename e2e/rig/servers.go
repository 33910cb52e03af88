// Package rig is what the black-box tests share: two servers, databases on them, sessions, the floe
// binary as a process, and the comparison of two tables. It knows floe only from outside: command
// line, job file, exit code, log, endpoint.json. Nothing of floe's pipeline is imported, so that a
// fault in it cannot hide itself here.
package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

// Servers are a source and a target that tests share, each test with a database of its own.
type Servers struct{ Source, Target *pgtest.Server }

// StartServers starts both; they end with the test. FLOE_PG_VERSION and FLOE_PG_TARGET_VERSION choose
// their versions; a target without one gets the source's.
func StartServers(t pgtest.TB, o pgtest.Options) Servers {
	t.Helper()
	source, target := o, o
	source.Version = version(t, "FLOE_PG_VERSION", o.Version)
	target.Version = version(t, "FLOE_PG_TARGET_VERSION", source.Version)
	return Servers{pgtest.New(t, source), pgtest.New(t, target)}
}

func version(t pgtest.TB, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	v, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s is %q, a major version such as 14 is meant", variable, text)
	}
	return v
}

// Pair is a source database and a target database of the same name.
type Pair struct {
	Servers
	Name string
}

// NewPair makes both databases. targetOptions are what CREATE DATABASE takes.
func (s Servers) NewPair(ctx context.Context, name, targetOptions string) (Pair, error) {
	p := Pair{s, name}
	if err := s.Source.CreateDatabase(ctx, name, ""); err != nil {
		return p, fmt.Errorf("create the source database: %w", err)
	}
	if err := s.Target.CreateDatabase(ctx, name, targetOptions); err != nil {
		return p, fmt.Errorf("create the target database: %w", err)
	}
	return p, nil
}

// Drop removes both databases with their sessions, slots and prepared transactions.
func (p Pair) Drop(ctx context.Context) error {
	return errors.Join(p.Source.DropDatabase(ctx, p.Name), p.Target.DropDatabase(ctx, p.Name))
}

// SourceURL and TargetURL are the databases' addresses.
func (p Pair) SourceURL() string { return p.Source.URL(p.Name) }

// TargetURL is the target database's address.
func (p Pair) TargetURL() string { return p.Target.URL(p.Name) }

// pins are the settings under which text output is compared.
var pins = map[string]string{
	"client_encoding": "UTF8", "datestyle": "ISO", "intervalstyle": "postgres", "timezone": "UTC",
	"extra_float_digits": "3", "bytea_output": "hex", "search_path": "", "lc_monetary": "C",
	"application_name": "e2e_compare", "statement_timeout": "60s",
}

// ConnectPinned opens a session whose text output does not depend on the database's settings.
func ConnectPinned(ctx context.Context, url string) (*pgx.Conn, error) {
	return connect(ctx, url, pins)
}

// Connect opens a session as any client of the database would.
func Connect(ctx context.Context, url string) (*pgx.Conn, error) {
	return connect(ctx, url, map[string]string{"application_name": "e2e_client"})
}

func connect(ctx context.Context, url string, settings map[string]string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	return pgx.ConnectConfig(ctx, config)
}

// Text runs one query and returns its rows as text: columns joined by "|", rows by ";", NULL empty.
func Text(ctx context.Context, c *pgx.Conn, sql string) (string, error) {
	results, err := c.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	var out []byte
	for _, result := range results {
		for i, row := range result.Rows {
			if i > 0 {
				out = append(out, ';')
			}
			for j, value := range row {
				if j > 0 {
					out = append(out, '|')
				}
				out = append(out, value...)
			}
		}
	}
	return string(out), nil
}
