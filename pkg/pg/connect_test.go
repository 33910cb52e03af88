package pg

import (
	"context"
	"strings"
	"testing"

	"floe/pkg/dialect"
	"floe/pkg/pgtest"
	"floe/pkg/pgtest/shim"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func oracle() *shim.Dressed {
	return &shim.Dressed{Defaults: map[string]string{"nls_date_format": "DD-MON-YY", "nls_timestamp_format": "DD-MON-YY HH.MI.SS", "nls_timestamp_tz_format": "DD-MON-YY TZR",
		"polar_version": "1.1.9", "polar_enable_ddl_implicit_commit": "on", "polar_enable_stmt_transaction_rollback": "on"}}
}

var wantPins = map[string]string{"nls_date_format": "YYYY-MM-DD HH24:MI:SS", "nls_timestamp_format": "YYYY-MM-DD HH24:MI:SS.FF6",
	"nls_timestamp_tz_format": "YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM", "polar_enable_ddl_implicit_commit": "off", "polar_enable_stmt_transaction_rollback": "off"}

// Every session, the walsender's too, has the formats that keep a DATE's time, and no implicit commit.
func TestSessionsOfAnOracleModeServerArePinned(t *testing.T) {
	t.Parallel()
	d := oracle()
	c := Config{URL: shim.Dress(t, pgtest.NewDB(t, pgtest.Shared(t)), d)}
	for _, p := range []Purpose{Read, Apply, Admin} {
		conn, err := Connect(t.Context(), c, p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := dialect.Of(t.Context(), conn)
		if err != nil || got.Name != "PolarDB-O" || len(got.Pins) != len(wantPins) {
			t.Errorf("%s: %+v, %v", p, got, err)
		}
		pins, err := Pins(t.Context(), conn)
		if err != nil {
			t.Error(err)
		}
		in := map[string]string{}
		for _, pin := range pins {
			in[pin.Name] = pin.Value
		}
		for name, want := range wantPins {
			if in[name] != want {
				t.Errorf("functions pin %s to %q", name, in[name])
			}
		}
		_ = conn.Close(t.Context())
	}
	conn, err := ConnectReplication(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(context.WithoutCancel(t.Context()))
	sessions := d.Sessions()
	if len(sessions) != 9 || sessions[8]["replication"] == "" { // each asks first, then comes again
		t.Fatalf("%d sessions", len(sessions))
	}
	for i, s := range sessions {
		for name, want := range wantPins {
			if asking := i < 8 && i%2 == 0; asking != (s[name] == "") || !asking && s[name] != want {
				t.Errorf("session %d is started with %s = %q", i, name, s[name])
			}
		}
	}
}

// A database that is read only for others, or ends a session at its first error, is neither for floe.
func TestSettingsOfADatabaseAreLifted(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %1$I SET default_transaction_read_only = on; ALTER DATABASE %1$I SET exit_on_error = on', current_database()); END $$")
	conn, err := Connect(t.Context(), Config{URL: url}, Admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck
	if _, err := conn.Exec(t.Context(), "CREATE TABLE public.t (id int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE public.t (id int)"); err == nil {
		t.Fatal("made twice")
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO public.t VALUES (1)"); err != nil {
		t.Error(err)
	}
	asked, err := Connect(t.Context(), Config{URL: url + "&options=-cdefault_transaction_read_only%3Don"}, Admin)
	if err != nil {
		t.Fatal(err)
	}
	defer asked.Close(context.WithoutCancel(t.Context())) //nolint:errcheck
	if _, err := asked.Exec(t.Context(), "INSERT INTO public.t VALUES (1)"); err == nil {
		t.Error("a session that the URL makes read only wrote")
	}
}

// A plain server would end a session that is started with settings of another one.
func TestAPlainServerIsAskedForNothingElse(t *testing.T) {
	t.Parallel()
	d := &shim.Dressed{}
	conn, err := Connect(t.Context(), Config{URL: shim.Dress(t, pgtest.NewDB(t, pgtest.Shared(t)), d)}, Read)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
	if s := d.Sessions(); len(s) != 1 {
		t.Errorf("%d sessions", len(s))
	}
}

// Behind a proxy that drops what sessions are started with dates would lose their time without a word.
func TestSettingsThatTheServerDropsAreAnError(t *testing.T) {
	t.Parallel()
	d := oracle()
	d.Drops = true
	conn, err := Connect(t.Context(), Config{URL: shim.Dress(t, pgtest.NewDB(t, pgtest.Shared(t)), d)}, Read)
	if err == nil {
		_ = conn.Close(t.Context())
	}
	if err == nil || !strings.Contains(err.Error(), `keeps nls_date_format = "DD-MON-YY"`) {
		t.Errorf("got %v", err)
	}
}
