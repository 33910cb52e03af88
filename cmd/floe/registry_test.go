package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"floe/pkg/broker"
	"floe/pkg/job"
)

// floe registry needs the brokers and the job's name, says where it listens, and ends when asked to.
func TestRegistryServesALog(t *testing.T) {
	t.Parallel()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	client, err := kgo.NewClient(broker.Options([]string{b.Addr})...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(client), broker.Control("orders", 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said, log := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"registry", "--job", "orders", "--broker", b.Addr, "--listen", "127.0.0.1:0", "--log-format", "json"}, io.Discard, log)
		_ = log.Close()
	}()
	var line struct{ URL string }
	first := bufio.NewScanner(said)
	if !first.Scan() || json.Unmarshal(first.Bytes(), &line) != nil || line.URL == "" {
		t.Fatalf("it said %q", first.Text())
	}
	go io.Copy(io.Discard, said) //nolint:errcheck // ends with the log
	r, err := sr.NewClient(sr.URLs(line.URL))
	if err != nil {
		t.Fatal(err)
	}
	if names, err := r.Subjects(ctx); err != nil || len(names) != 0 {
		t.Errorf("subjects %v, %v", names, err)
	}
	until(t, "it has read the log to its end", func() bool {
		status, _ := asked(t, line.URL+"/readyz")
		return status == 200
	})
	for path, want := range map[string]string{"/healthz": "200 ok\n", "/readyz": "200 FOLLOWING\n", "/metrics": "200 # HELP floe_kafka_connects_total"} {
		status, body := asked(t, line.URL+path)
		if got := fmt.Sprintf("%d %s", status, body); !strings.Contains(got, want[:3]) || !strings.Contains(got, want[4:]) {
			t.Errorf("%s: %.200s", path, got)
		}
	}
	cancel()
	if c := <-code; c != codeOK {
		t.Errorf("exit code %d", c)
	}
}

// A job file without a registry leaves the ids to floe; a URL that is none is the file's fault.
func TestRegistryOfTheJobFile(t *testing.T) {
	t.Setenv("SR_PASSWORD", "hunter2")
	for text, want := range map[string]int{"": codeOK, "registry: {url: 'http://me:${SR_PASSWORD}@sr:8081'}\n": codeOK,
		"registry: {url: 'sr:8081'}\n": codeUsage, "registry: {url: 'http://${NO_SUCH_VARIABLE}'}\n": codeUsage} {
		j, err := job.Parse("job.yaml", []byte(valid+text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := remoteRegistry(j)
		if got := codeOf(err); got != want || (r != nil) != (want == codeOK && text != "") {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
}
