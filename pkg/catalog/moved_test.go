package catalog

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What has vanished, and what an open command keeps waiting, is read again under another snapshot.
func TestWhatPassesIsReadAgain(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		pgx.ScanArgError{FieldName: "partitionkey", Err: errors.New("cannot scan NULL into *string")}: true,
		&pgconn.PgError{Code: "55P03"}: true, &pgconn.PgError{Code: "XX000"}: true, &pgconn.PgError{Code: "42501"}: false, io.ErrUnexpectedEOF: false,
	} {
		if got := Moved(fmt.Errorf("tables: %w", err)); got != want {
			t.Errorf("%v passes: %t", err, got)
		}
	}
}

// Objects that come and go while the catalog is read do not make the reading fail.
func TestReadingOutlivesCommands(t *testing.T) {
	t.Parallel()
	conn := source(t, `CREATE TABLE t (id int PRIMARY KEY, v text)`)
	user, err := pgx.Connect(t.Context(), conn.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	over, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		defer user.Close(t.Context()) //nolint:errcheck
		for {
			select {
			case <-over:
				ended <- nil
				return
			default:
			}
			_, err := user.PgConn().Exec(t.Context(), `BEGIN; CREATE INDEX i ON t (v); CREATE VIEW v AS SELECT v FROM t; CREATE TABLE p (a int) PARTITION BY LIST (a); COMMIT; BEGIN; DROP INDEX i; DROP VIEW v; DROP TABLE p; COMMIT`).ReadAll()
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 60 {
		db := mustRead(t, conn, Selection{Everything: true})
		if db.Table(public("t")) == nil {
			t.Fatal("the table is not there")
		}
	}
	close(over)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
