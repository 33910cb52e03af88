package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// TestMain makes the test binary floe itself for the processes that tests start from it.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 1 || strings.HasPrefix(os.Args[1], "-test."):
		pgtest.Main(m)
	case os.Args[1] == "hang":
		hang()
	default:
		main()
	}
}

// patience is how long a test waits for what must come. How long it takes says nothing: the machine may be
// busy, or slow.
const patience = 4 * time.Minute

// hang is a floe that does not end when asked to.
func hang() {
	ctx, _ := interruptible()
	fmt.Println("runs")
	<-ctx.Done()
	fmt.Println("was asked")
	select {}
}

func TestSecondCtrlCEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, second := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(second.String(), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "hang")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := bufio.NewScanner(out)
			for _, sig := range []os.Signal{os.Interrupt, second} {
				if !said.Scan() {
					t.Fatal("it ended too soon")
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			if second != os.Interrupt { // only Ctrl-C is somebody who does not want to wait
				_ = cmd.Process.Signal(os.Interrupt)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != codeInterrupted {
				t.Errorf("ended with %d", code)
			}
		})
	}
}

// devJob is a job of a database pair on the shared server, and the floe that runs it.
func devJob(t *testing.T, name string, change func(*rig.Job), sql ...string) (f *rig.Floe, source, target string) {
	t.Helper()
	s := pgtest.Shared(t)
	source, target = pgtest.NewDB(t, s, sql...), pgtest.NewDB(t, s)
	j := rig.Job{Name: name, Source: rig.Endpoint{URL: source}, Target: rig.Endpoint{URL: target}, Objects: rig.Objects{Database: true}}
	if change != nil {
		change(&j)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if f, err = rig.NewFloe(self, t.TempDir(), j); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before its folder goes: a broker that still writes would keep it from going
		if err := f.Stop(context.Background()); err != nil {
			t.Log(err)
		}
	})
	return f, source, target
}

// command runs a client command of the job and wants it to end with code.
func command(t *testing.T, f *rig.Floe, code int, args ...string) rig.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := f.Client(ctx, args...)
	if err != nil || r.Code != code {
		t.Fatalf("floe %s ended with %d, %v, instead of %d\n%s%s", strings.Join(args, " "), r.Code, err, code, r.Stdout, r.Stderr)
	}
	return r
}

// once runs floe dev to the point where both sides are equal.
func once(t *testing.T, f *rig.Floe) string {
	t.Helper()
	if err := f.Start("--once"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code, err := f.Wait(ctx)
	if err != nil || code != 0 {
		t.Fatalf("floe dev --once ended with %d, %v\n%s", code, err, f.Tail(4000))
	}
	return f.Tail(4000)
}

// query runs SQL and returns its rows as text.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	c, err := rig.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background()) //nolint:errcheck
	s, err := rig.Text(t.Context(), c, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// until asks until the answer is yes.
func until(t *testing.T, what string, ask func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := rig.Until(ctx, func() (bool, error) { return ask(), nil }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// A service that runs by itself checks its own side: what would stop a new job ends it, with the codes and
// remedies; a server that is away is waited for.
func TestServicesApartCheckTheirSide(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source, target := pgtest.NewDB(t, s, "create table t (id int primary key)", "create role apart login"), pgtest.NewDB(t, s)
	as := func(url string) string { return strings.Replace(url, "postgres@", "apart@", 1) }
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"capture": {[]string{"capture", "--source", as(source)}, []string{"S-REPL-PRIV", "user apart may not replicate", "ALTER ROLE", "not started"}},
		"applier": {[]string{"applier", "--target", as(target)}, []string{"T-OWNER", "may not create schemas", "not started"}},
	} {
		code, _, errOut := floe(t, append(c.args, "--job", "apart", "--broker", "127.0.0.1:1", "--metrics", "off")...)
		if code != codePrecheck {
			t.Errorf("%s: code %d: %s", name, code, errOut)
		}
		wantWords(t, errOut, c.says...)
		if strings.Contains(errOut, "skipped after") {
			t.Errorf("%s shows the other side's checks: %s", name, errOut)
		}
	}
	for _, args := range [][]string{{"capture", "--source", nowhere}, {"applier", "--target", nowhere}, {"applier", "--target", target}} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		var out, errOut bytes.Buffer
		code := run(ctx, append(args, "--job", "apart", "--broker", "127.0.0.1:1", "--metrics", "off"), &out, &errOut)
		if ctx.Err() == nil || code == codePrecheck {
			t.Errorf("%v ended with %d: %s", args, code, errOut.String())
		}
		cancel()
	}
}
