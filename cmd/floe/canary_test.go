package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/datadir"
	"floe/e2e/rig"
	"floe/pkg/broker"
	"floe/pkg/console"
	"floe/pkg/pgtest"
)

// canaries are passwords that must turn up nowhere.
var canaries = []string{"canary-of-the-source", "canary-of-the-target", "canary-that-came-later", "canary-that-is-wrong", "canary-that-is-refused"}

// sings finds a password in a text.
func sings(t *testing.T, where, text string) {
	t.Helper()
	for _, c := range canaries {
		if i := strings.Index(text, c); i >= 0 {
			t.Errorf("%s holds %s: …%s…", where, c, text[max(0, i-80):i])
		}
	}
}

// guarded is a job from and to databases that ask for a password; the source's stands in a file, the
// target's in the environment.
func guarded(t *testing.T) (f *rig.Floe, source, target, secret string) {
	t.Helper()
	s := pgtest.New(t, pgtest.Options{HBA: []string{"host all keeper,writer 127.0.0.1/32 scram-sha-256"}})
	source = pgtest.NewDB(t, s, "CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'canary-of-the-source'", "CREATE ROLE writer SUPERUSER LOGIN PASSWORD 'canary-of-the-target'",
		"CREATE TABLE a (id int PRIMARY KEY, v text)", "INSERT INTO a SELECT i, 'v' FROM generate_series(1, 100) i")
	target = pgtest.NewDB(t, s)
	secret = filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(secret, []byte("canary-of-the-source\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	as := func(url, user string) string { return strings.Replace(url, "postgres@", user+"@", 1) }
	f, err = rig.NewFloe(self, t.TempDir(), rig.Job{Name: "canary", Objects: rig.Objects{Database: true},
		Source: rig.Endpoint{URL: as(source, "keeper"), Password: "${file:" + secret + "}"}, Target: rig.Endpoint{URL: as(target, "writer"), Password: "${FLOE_TEST_CANARY:-canary-of-the-target}"}})
	if err != nil {
		t.Fatal(err)
	}
	f.Env = []string{"FLOE_TEST_CANARY=canary-of-the-target"}
	return f, source, target, secret
}

// A password is nowhere but where its owner put it: not while all goes well, not while it is wrong, not
// while the target refuses a row; and a new one is taken up without a restart.
func TestPasswordsTurnUpNowhere(t *testing.T) {
	t.Parallel()
	f, source, target, secret := guarded(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if err := f.Start("--log-level", "debug"); err != nil {
		t.Fatal(err)
	}
	defer f.Stop(context.WithoutCancel(ctx)) //nolint:errcheck
	if err := f.Synced(ctx, patience); err != nil {
		t.Fatalf("%v\n%s", err, f.Tail(4000))
	}
	everywhere(ctx, t, f, "in sync")

	executes(t, source, "ALTER ROLE keeper PASSWORD 'canary-that-came-later'", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'keeper'")
	executes(t, source, "INSERT INTO a VALUES (1000, 'behind a new password')")
	until(t, "the old password is refused", func() bool {
		r, err := f.Client(ctx, "status", "-o", "json")
		return err == nil && strings.Contains(r.Stdout+f.Tail(20000), "password authentication failed")
	})
	everywhere(ctx, t, f, "with a wrong password")
	if err := os.WriteFile(secret, []byte("canary-that-came-later"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the new password is taken up", func() bool { return query(t, target, "SELECT count(*) FROM a WHERE id = 1000") == "1" })

	executes(t, target, "ALTER TABLE a ADD CHECK (id <> 2000)")
	executes(t, source, "INSERT INTO a VALUES (2000, 'refused')")
	until(t, "the row is refused", func() bool {
		r, err := f.Client(ctx, "status", "-o", "json")
		return err == nil && strings.Contains(r.Stdout, "23514")
	})
	refusedFile(t, f)
	everywhere(ctx, t, f, "with a refused row")
}

// refusedFile has the running job told of a file in which a password stands, by the command line and by REST.
func refusedFile(t *testing.T, f *rig.Floe) {
	t.Helper()
	text := "name: canary\nsource: {url: 'postgres://keeper:canary-that-is-refused@h/d'}\ntarget: {host: h, database: d, password: canary-that-is-refused, bogus: 1}\n"
	bad := file(t, "bad.yaml", text)
	for _, args := range [][]string{{"job", "validate", bad}, {"check", "-f", bad}, {"job", "apply", "-f", bad}, {"status", "-f", bad, "-o", "json"}, {"diag", "-f", bad, "-o", bad + ".tar.gz"}} {
		code, out, errOut := floe(t, args...)
		if code != codeUsage || !strings.Contains(errOut, "password: ***") {
			t.Errorf("%v: code %d: %s", args, code, errOut)
		}
		sings(t, fmt.Sprint("of a refused file: ", args), out+errOut)
	}
	body, err := json.Marshal(console.Changes{File: text})
	if err != nil {
		t.Fatal(err)
	}
	code, said := posted(t, f.Console()+"/api/v1/job/apply", string(body))
	if code != http.StatusBadRequest {
		t.Errorf("REST says %d: %s", code, said)
	}
	sings(t, "of a refused file: REST", said)
}

// everywhere looks at all that floe shows of a running job.
func everywhere(ctx context.Context, t *testing.T, f *rig.Floe, when string) {
	t.Helper()
	for _, args := range [][]string{{"status"}, {"status", "-o", "json"}, {"tables"}, {"check"}, {"check", "-o", "json"}, {"check", "-o", "junit"}, {"job", "plan"}, {"job", "export"}, {"verify"}} {
		r, err := f.Client(ctx, args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		sings(t, when+": floe "+strings.Join(args, " "), r.Stdout+r.Stderr)
	}
	e, err := datadir.ReadEndpoint(f.Data())
	if err != nil {
		t.Fatal(err)
	}
	for name, pid := range e.PIDs {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		sings(t, when+": the arguments of "+name, string(line))
	}
	for _, path := range []string{"/", "/api/v1/status", "/api/v1/job", "/api/v1/tables", "/api/v1/errors", "/api/v1/structure", "/api/v1/prechecks", "/api/v1/plan",
		"/api/v1/log", "/api/v1/checkpoints", "/api/v1/commands", "/api/v1/history", "/connectors/canary/status", "/metrics", "/readyz", "/subjects"} {
		sings(t, when+": "+path, get(ctx, t, "http://"+strings.TrimPrefix(e.Console, "http://")+path))
	}
	diagnosed(ctx, t, f, when)
	sings(t, when+": the log file", f.Tail(1<<20))
	sings(t, when+": the log", records(ctx, t, e.Brokers))
	err = filepath.WalkDir(f.Data(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // it may just have gone
		}
		if text, err := os.ReadFile(path); err == nil {
			sings(t, when+": "+path, string(text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(ctx context.Context, t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.Header) + string(b)
}

// records are all that the log holds, up to where it ends now.
func records(ctx context.Context, t *testing.T, brokers []string) string {
	t.Helper()
	client, err := kgo.NewClient(append(broker.Options(brokers), kgo.ConsumeRegex(), kgo.ConsumeTopics(".*"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	starts, err := kadm.NewClient(client).ListStartOffsets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	ends.Each(func(o kadm.ListedOffset) {
		if s, ok := starts.Lookup(o.Topic, o.Partition); ok && s.Offset < o.Offset {
			left[fmt.Sprint(o.Topic, "/", o.Partition)] = true
		}
	})
	var all strings.Builder
	for len(left) > 0 {
		fetched := client.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			t.Fatal(err)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			fmt.Fprintf(&all, "%s %s %s %v\n", r.Topic, r.Key, r.Value, r.Headers)
			if end, ok := ends.Lookup(r.Topic, r.Partition); ok && r.Offset+1 >= end.Offset {
				delete(left, fmt.Sprint(r.Topic, "/", r.Partition))
			}
		})
	}
	if !strings.Contains(all.String(), "canary.floe.ledger") {
		t.Error("the ledger was not read")
	}
	return all.String()
}
