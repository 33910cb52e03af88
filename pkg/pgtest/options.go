// Package pgtest starts real PostgreSQL servers, for tests and for the demo.
//
// A server lives in a folder of its own, listens on 127.0.0.1 and on a socket in that folder,
// trusts every local user, and is set up for logical replication. It is a direct child of this
// process and ends with it, even by kill -9. Its programs are found on the machine, else installed
// with apt (as root), else fetched by the Maven client; see find.go.
//
// The functions that tests use (Shared, NewDB, Main) take the few methods of *testing.T that they
// need, so that the demo does not carry package testing.
package pgtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options says which server to start. The zero value is a throw-away server of any version.
type Options struct {
	// Version is the major version; 0 takes what the machine has, 15 if it can choose.
	Version int
	// Dir keeps the server's files across runs. Empty: a temporary folder that Close removes.
	Dir string
	// Settings go into the server's configuration, above pgtest's own.
	Settings map[string]string
	// Durable leaves fsync on. Without it a crash of the machine, not of the server, loses the
	// data, and everything is several times faster.
	Durable bool
	// Large keeps a server that will hold gigabytes out of memory.
	Large bool
	// HBA lines stand before the one that trusts everybody, for tests of refused logins.
	HBA []string

	inMemory bool // a test's; the demo's may be anybody's machine
}

// config is the text of the server's own configuration file.
func (o Options) config(socketDir string, port int) string {
	settings := map[string]string{
		"listen_addresses":          "127.0.0.1",
		"port":                      fmt.Sprint(port),
		"unix_socket_directories":   socketDir,
		"wal_level":                 "logical",
		"max_wal_senders":           "60",
		"max_replication_slots":     "60",
		"max_prepared_transactions": "20",
		"max_connections":           "200",
		"shared_buffers":            "64MB",
		"max_wal_size":              "512MB",
		"timezone":                  "UTC",
		"log_timezone":              "UTC",
		"jit":                       "off",
		"log_line_prefix":           "%m [%p] %q%a@%d ",
	}
	if !o.Durable {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	maps.Copy(settings, o.Settings)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return b.String()
}

// hba is the text of pg_hba.conf.
func (o Options) hba() string {
	lines := append(slices.Clone(o.HBA),
		"local all all trust", "host all all 127.0.0.1/32 trust",
		"local replication all trust", "host replication all 127.0.0.1/32 trust")
	return strings.Join(lines, "\n") + "\n"
}
