package pgtest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// startReplication takes the slot of TestDatabaseIsDroppedWithAllThatHoldsIt.
const startReplication = `START_REPLICATION SLOT held LOGICAL 0/0 (proto_version '1', publication_names 'p')`

func TestMain(m *testing.M) {
	if os.Getenv("PGTEST_LEAVE_SERVER") != "" {
		leaveServer()
	}
	Main(m)
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var s string
	if err := conn.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// What the tests of floe rely on, on whichever server was found.
func TestServerIsSetUpForLogicalReplication(t *testing.T) {
	t.Parallel()
	url := NewDB(t, Shared(t), `create table t (a int)`, `insert into t values (1), (2)`)
	want := "logical C UTF8 UTC 2"
	got := query(t, url, `select concat_ws(' ', current_setting('wal_level'), d.datcollate, current_setting('server_encoding'),
		current_setting('timezone'), (select count(*) from t)) from pg_database d where datname = current_database()`)
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSocketReachesTheSameServer(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	const sql = `select pg_postmaster_start_time()::text`
	if tcp, socket := query(t, s.URL("postgres"), sql), query(t, s.SocketURL("postgres"), sql); tcp != socket {
		t.Errorf("over TCP the server started at %s, over the socket at %s", tcp, socket)
	}
}

// A database with a slot in use, a prepared transaction and an open session is gone after its test.
func TestDatabaseIsDroppedWithAllThatHoldsIt(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	var url string
	t.Run("user", func(t *testing.T) {
		url = NewDB(t, s, `create table t (a int primary key)`, `create publication p for all tables`,
			`select pg_create_logical_replication_slot('held', 'pgoutput')`,
			`begin; insert into t values (1); prepare transaction 'left open'`)
		if _, err := pgx.Connect(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		replication, err := pgconn.Connect(t.Context(), url+"&replication=database")
		if err != nil {
			t.Fatal(err)
		}
		replication.Frontend().SendQuery(&pgproto3.Query{String: startReplication})
		if err := replication.Frontend().Flush(); err != nil {
			t.Fatal(err)
		}
		if _, err := replication.ReceiveMessage(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	name := url[strings.LastIndex(url, "/")+1 : strings.Index(url, "?")]
	left := query(t, s.URL("postgres"), `select concat(
		(select count(*) from pg_database where datname = '`+name+`'), (select count(*) from pg_replication_slots where slot_name = 'held'),
		(select count(*) from pg_prepared_xacts where gid = 'left open'))`)
	if left != "000" {
		t.Errorf("databases, slots, prepared transactions left: %s", left)
	}
}

// Rows that were committed are there after each kind of stop, on the same port.
func TestServerComesBackAfterEveryKindOfStop(t *testing.T) {
	t.Parallel()
	s := New(t, Options{})
	if err := s.Exec(t.Context(), "postgres", `create table t (a int)`); err != nil {
		t.Fatal(err)
	}
	port := s.Port()
	for i, stop := range []func() error{
		func() error { return s.Stop(Fast) }, func() error { return s.Stop(Immediate) }, s.Kill,
	} {
		if err := s.Exec(t.Context(), "postgres", `insert into t values (1)`); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := pgx.Connect(t.Context(), s.URL("postgres")); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("stop %d: connecting gave %v, want a refusal", i, err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("start after stop %d: %v", i, err)
		}
	}
	if n := query(t, s.URL("postgres"), `select count(*)::text from t`); n != "3" || s.Port() != port {
		t.Errorf("%s rows on port %d, want 3 on %d", n, s.Port(), port)
	}
}

func TestSettingsAndLoginRulesReachTheServer(t *testing.T) {
	t.Parallel()
	s := New(t, Options{
		Settings: map[string]string{"wal_level": "replica", "cluster_name": "o'brien"},
		HBA:      []string{"host all nologin 127.0.0.1/32 reject"},
	})
	const sql = `select current_setting('wal_level') || ' ' || current_setting('cluster_name')`
	if got := query(t, s.SocketURL("postgres"), sql); got != "replica o'brien" {
		t.Errorf("wal_level and cluster_name are %q", got)
	}
	_, err := pgx.Connect(t.Context(), strings.Replace(s.URL("postgres"), "postgres@", "nologin@", 1))
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "28000" {
		t.Errorf("a rejected login gave %v, want SQLSTATE 28000", err)
	}
}

func TestKeptFolderKeepsItsRowsAndOnlyOneServer(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "pgtest-kept-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	first, err := Start(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Exec(t.Context(), "postgres", `create table t as select 'kept'::text as a`); err != nil {
		t.Error(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server in the folder gave %v, want that it is in use", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := New(t, Options{Dir: dir})
	if got := query(t, again.URL("postgres"), `select a from t`); got != "kept" {
		t.Errorf("got %q", got)
	}
}

func TestStartSaysWhatTheServerRefused(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Settings: map[string]string{"shared_buffers": "a lot"}})
	if err == nil || !strings.Contains(err.Error(), `shared_buffers`) {
		t.Errorf("got %v, want the server's own words", err)
	}
}

// leaveServer is what the process of the next test does: start a server, say where, hang.
func leaveServer() {
	s, err := Start(context.Background(), Options{})
	if err != nil {
		os.Stdout.WriteString("error " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(s.Dir() + "\n")
	select {}
}

// A process that starts a server is killed with -9: the server goes too, and its folder is
// removed by whoever starts one next.
func TestServerEndsWithAKilledProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PGTEST_LEAVE_SERVER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(string(line[:n]))
	text, err := os.ReadFile(dir + "/data/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	pid := atoi(t, strings.SplitN(string(text), "\n", 2)[0])
	if !runs(pid) {
		t.Fatalf("server %d in %s does not run", pid, dir)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	await(t, func() bool { return !runs(pid) }, "server %d still runs", pid)
	// Other processes sweep too, and one of them may be at it.
	await(t, func() bool {
		sweep(filepath.Dir(dir))
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	}, "folder %s is still there", dir)
}

func await(t *testing.T, is func() bool, format string, args ...any) {
	t.Helper()
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf(format, args...)
		case <-tick.C:
		}
	}
}
