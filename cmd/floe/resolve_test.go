package main

import (
	"strings"
	"testing"

	"floe/cmd/floe/datadir"
)

// A file and a folder together are the file's job on the folder's log: a changed file is compared with the job
// that the folder holds, and one of another job is refused.
func TestAFileBesideItsFolderIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := file(t, "kept.yaml", valid)
	if err := datadir.WriteJob(dir, datadir.Job{Name: "orders", File: kept}); err != nil {
		t.Fatal(err)
	}
	if err := datadir.WriteEndpoint(dir, datadir.Endpoint{Job: "orders", Brokers: []string{"127.0.0.1:1"}, Embedded: true}); err != nil {
		t.Fatal(err)
	}
	changed := file(t, "changed.yaml", valid+"throttle: {load_rows: 77}\nkafka: {brokers: ['k:9092'], tls: {}}\n")
	a := &app{flags: flags{dataDir: dir, file: changed}}
	j, err := a.find()
	if err != nil || j.Throttle.LoadRows != 77 || strings.Join(j.Kafka.Brokers, ",") != "127.0.0.1:1" || j.Kafka.TLS != nil {
		t.Errorf("%+v, %v", j, err)
	}
	for text, want := range map[string]int{strings.Replace(valid, "name: orders", "name: other", 1): codeConflict, "name: orders\nthrottle: {load_rows: -1}\n": codeUsage} {
		if code, _, errOut := floe(t, "status", "--data-dir", dir, "-f", file(t, "f.yaml", text)); code != want {
			t.Errorf("%s: code %d: %s", text, code, errOut)
		}
	}
}
