package regress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"floe/pkg/pgtest"
)

// Database is what the tests are run in.
const Database = "regression"

// Build runs the tests in schedule order and leaves the database that they make. It returns the tests
// whose output was not the expected one: of interest, but what they left is a schema all the same.
func (k Kit) Build(ctx context.Context, server *pgtest.Server) (failed []string, err error) {
	if err := k.Create(ctx, server, Database); err != nil {
		return nil, err
	}
	out, err := os.MkdirTemp("", "floe-regress-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	// The server writes there too, as another user.
	if err := errors.Join(os.Chmod(out, 0o777), os.Mkdir(filepath.Join(out, "results"), 0o777), os.Chmod(filepath.Join(out, "results"), 0o777)); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, k.Runner, "--use-existing", "--host=127.0.0.1", "--port="+strconv.Itoa(server.Port()), "--user=postgres",
		"--inputdir="+k.Tests, "--outputdir="+out, "--dlpath="+k.Libraries, "--bindir="+k.Programs, "--schedule="+k.Tests+"/parallel_schedule")
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil && !bytes.Contains(text.Bytes(), []byte("tests failed")) {
		return nil, fmt.Errorf("pg_regress: %w\n%s", err, text.Bytes())
	}
	for _, m := range failedTest.FindAllSubmatch(text.Bytes(), -1) {
		failed = append(failed, string(m[1]))
	}
	return failed, nil
}

var failedTest = regexp.MustCompile(`(?m)^\s*(?:test\s+)?(\S+)\s+\.\.\. FAILED`)

// Create makes a database as pg_regress does.
func (k Kit) Create(ctx context.Context, server *pgtest.Server, name string) error {
	if err := server.CreateDatabase(ctx, name, "TEMPLATE template0"); err != nil {
		return err
	}
	for _, setting := range []string{"lc_messages TO 'C'", "lc_monetary TO 'C'", "lc_numeric TO 'C'", "lc_time TO 'C'", "bytea_output TO 'hex'", "timezone_abbreviations TO 'Default'"} {
		if err := server.Exec(ctx, "postgres", "ALTER DATABASE "+name+" SET "+setting); err != nil {
			return err
		}
	}
	return nil
}
