package job

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
)

// The committed schema is the one of the fields; FLOE_REWRITE=1 writes it anew.
func TestTheCommittedSchemaIsThatOfTheFields(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "job.schema.json")
	now, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("FLOE_REWRITE") != "" {
		if err := os.WriteFile(path, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(path)
	if err != nil || string(was) != string(now) {
		t.Errorf("docs/job.schema.json is not that of the fields (FLOE_REWRITE=1 rewrites it): %v", err)
	}
}

func schemaOf(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func valid(t *testing.T, s *jsonschema.Resolved, text string) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(asJSON, &v); err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// What reading takes an editor takes, and what reading refuses in a single field it refuses.
func TestTheSchemaAgreesWithReading(t *testing.T) {
	t.Parallel()
	s := schemaOf(t)
	full, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(full), minimal, minimal + "objects:\nkafka: {brokers: ['a:1'], tls: }\n", minimal + "ddl: off\n",
		minimal + "apply: {batch_rows: '${ROWS:-5}'}\n", minimal + "init: {data: {enabled: '${X:-true}', readers: 1_0}}\n", minimal + "name: 12\n",
		minimal + "objects: {filters: [{table: a.b, where: 'x > 1'}, {table: a.c, columns: [a, 'b']}]}\n", "target: {host: h, database: 7}\n"} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Errorf("reading refuses %s: %v", text, err)
		}
		if err := valid(t, s, text); err != nil {
			t.Errorf("the schema refuses %s: %v", text, err)
		}
	}
	for _, text := range []string{"objcts: {}\n", "name: A-1\n", "on_existing: maybe\n", "source: {port: 70000}\n", "source: {tls: {mode: tls1}}\n", "objects: {include: a}\n",
		"objects: {mapping: [{from: a.b}]}\n", "objects: {filters: [{table: a.b, where: x, columns: [[a]]}]}\n", "throttle: {apply_rows: -5}\n", "heartbeat: {table: [a]}\n", "notify: [{url: a, states: [ILL]}]\n", "notify: [{states: [BLOCKED]}]\n", "throttle: {hold_load_when: {slot_bytes: 1.5GiB}}\n",
		"init: {structure: {kinds: tables}}\n", "apply: {batch_wait: 5}\n", "apply: {on_error: skip}\n", "kafka: {brokers: [a], partitions: 0}\n", "init: {data: {enabled: 1}}\n"} {
		if _, err := Parse("f", []byte(text)); err == nil {
			t.Errorf("reading takes %s", text)
		}
		if err := valid(t, s, text); err == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
}
