package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// What differs from run to run.
var changing = []struct {
	is *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`floe_live_[0-9a-f]{8}`), "floe_live_HEX"},
	{regexp.MustCompile(`"test_[0-9_]+"`), `"TARGET"`},
	{regexp.MustCompile(`/\S+/diag.tar.gz`), "DIAG"},
	{regexp.MustCompile(`\b127\.0\.0\.1:[0-9]+/test_[0-9_]+`), "HOST/DATABASE"},
	{regexp.MustCompile(`/test_[0-9_]+`), "/DATABASE"},
	{regexp.MustCompile(`/\S+/data is in use by another (.*) \(process \d+\)`), "DATA is in use by another $1"},
	{regexp.MustCompile(`\b[0-9A-F]+/[0-9A-F]+(#[0-9]+)?\b`), "LSN"},
	{regexp.MustCompile(`"(at|last_commit)":"[^"]*"`), `"$1":"TIME"`},
	{regexp.MustCompile(`"(offset|epoch|retained_bytes|left_bytes|seq)":[0-9]+`), `"$1":N`},
	{regexp.MustCompile(`(?m)^(live\.floe\.\w+) .*$`), "$1 …"},
	{regexp.MustCompile(`\b[0-9.]+ (B|KiB|MiB|GiB|kB|MB|GB)\b`), "N BYTES"},
	{regexp.MustCompile(`entry [0-9]+|entries [0-9]+ to [0-9]+|offset [0-9]+`), "ENTRY"},
	{regexp.MustCompile(`replay [a-z0-9]{12}\b`), "replay ID"},
	{regexp.MustCompile(`--from [0-9]+|through [0-9]+`), "PLACE"},
	{regexp.MustCompile(`by \S+@\S+ at [0-9: -]+ UTC`), "by WHO at WHEN"},
	{regexp.MustCompile(`in the job +[0-9]+`), "in the job  ROWS"},
	{regexp.MustCompile(`about [0-9]+ rows?,`), "about ROWS,"},
	{regexp.MustCompile(`latency [0-9.]+ s( \(source [^)]*\))?`), "latency N s"},
	{regexp.MustCompile(`(captured|applied) [0-9.]+ rows/s`), "$1 N rows/s"},
	{regexp.MustCompile(`  +`), "  "},
}

// A running job as its operator goes through it: slot and topics, what goes over a table's topic, bounds, a replay, and
// the cut-over of a source that wrote nothing meanwhile. A line with % is SQL on the source; {lsn} is where the source
// was behind the load, {source} its address, {diag} a file.
func TestALiveJobStepByStep(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "live", nil, "create table item (id int primary key, name text); insert into item select g, 'item ' || g from generate_series(1, 3) g; create table bag (v int); insert into bag values (1)")
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	lsn := query(t, source, "select pg_current_wal_insert_lsn()")
	known := strings.NewReplacer("{lsn}", lsn, "{source}", source, "{diag}", filepath.Join(t.TempDir(), "diag.tar.gz"))
	retyped(t, filepath.Join("testdata", "live.txtar"), func(typed string) string {
		args, isFloe := strings.CutPrefix(typed, "floe ")
		if !isFloe { // SQL, at the source
			query(t, source, typed)
			command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
			return ""
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r, err := f.Client(ctx, words(known.Replace(args))...)
		if err != nil {
			t.Fatalf("%s: %v", typed, err)
		}
		text := r.Stdout
		for line := range strings.Lines(r.Stderr) {
			text += "! " + line
		}
		for _, c := range changing {
			text = c.is.ReplaceAllString(text, c.to)
		}
		return fmt.Sprintf("%sexit %d\n", text, r.Code)
	})
	if n := query(t, target, "select string_agg(id || name, ',' order by id) from item"); n != "1new,3item 3,4late" {
		t.Errorf("the target has %s", n)
	}
	measured(t, f.Console())
}

// heardOf is what a command wrote so far.
type heardOf struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (h *heardOf) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out.Write(b)
}

func (h *heardOf) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out.String()
}

// With --follow events are shown as they come, each a line, until the command is interrupted.
func TestTailFollowsWhatComes(t *testing.T) {
	t.Parallel()
	f, source, _ := devJob(t, "follow", nil, "create table item (id int primary key, name text); insert into item values (1, 'first')")
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errOut heardOf
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"tail", "public.item", "-n", "5", "--follow", "--data-dir", f.Data()}, &out, &errOut)
	}()
	until(t, "the row that was loaded is shown", func() bool { return strings.Contains(out.text(), `"text":"first"`) })
	for i, sql := range []string{"insert into item values (2, 'second')", "update item set name = 'third' where id = 1", "delete from item where id = 2"} {
		query(t, source, sql)
		op := []string{`"op":"c"`, `"op":"u"`, `"op":"d"`}[i]
		until(t, sql+" is shown", func() bool { return strings.Contains(out.text(), op) })
	}
	if n := strings.Count(out.text(), "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, out.text())
	}
	cancel()
	if code := <-ended; code != codeOK && code != codeInterrupted {
		t.Errorf("exit code %d: %s", code, errOut.text())
	}
}
