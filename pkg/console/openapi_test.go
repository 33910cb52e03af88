package console

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// described is the API's description as a program reads it.
type described struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct{ Schema *jsonschema.Schema }
		}
	}
	Components struct{ Schemas map[string]*jsonschema.Schema }
}

func describedNow(t *testing.T) (d described) {
	t.Helper()
	b, err := describe((&server{}).api())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// answers validates an answer by what the description says of it.
func (d *described) answers(t *testing.T, method, path string, status int, media, body string) {
	t.Helper()
	x, ok := d.Paths[path][strings.ToLower(method)]
	if !ok {
		t.Errorf("%s %s is not described", method, path)
		return
	}
	r, ok := x.Responses[http.StatusText(status)]
	if !ok {
		if r, ok = x.Responses[itoa(status)]; !ok {
			r = x.Responses["default"]
		}
	}
	m, ok := r.Content[media]
	if !ok {
		t.Errorf("%s %s answers %d with %s: %s", method, path, status, media, body)
		return
	}
	if m.Schema.Ref == "" { // a text
		return
	}
	s := d.Components.Schemas[strings.TrimPrefix(m.Schema.Ref, "#/components/schemas/")]
	if s == nil {
		t.Errorf("%s %s: nothing at %s", method, path, m.Schema.Ref)
		return
	}
	resolved, err := s.CloneSchemas().Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Errorf("%s %s: %v in %s", method, path, err, body)
		return
	}
	if err := resolved.Validate(v); err != nil {
		t.Errorf("%s %s: %v in %s", method, path, err, body)
	}
}

func itoa(n int) string {
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

// The committed description is the one of the routes; FLOE_REWRITE=1 writes it anew.
func TestTheCommittedDescriptionIsThatOfTheRoutes(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "openapi.json")
	now, err := describe((&server{}).api())
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
		t.Errorf("docs/openapi.json is not that of the routes (FLOE_REWRITE=1 rewrites it): %v", err)
	}
}

// Every route of the API is described, once, and by a name of its own.
func TestEveryRouteOfTheAPIIsDescribed(t *testing.T) {
	t.Parallel()
	d, ids := describedNow(t), map[string]string{}
	n := 0
	for _, r := range (&server{}).api() {
		method, path, _ := strings.Cut(r.pattern, " ")
		if path == "/api/v1/openapi.json" {
			continue
		}
		n++
		if _, ok := d.Paths[path][strings.ToLower(method)]; !ok {
			t.Errorf("%s is not described", r.pattern)
		}
		if was := ids[identify(r.pattern)]; was != "" {
			t.Errorf("%s and %s have the name %s", was, r.pattern, identify(r.pattern))
		}
		ids[identify(r.pattern)] = r.pattern
	}
	for path, methods := range d.Paths {
		for range methods {
			n--
		}
		if !strings.HasPrefix(path, "/api/v1/") {
			t.Errorf("%s is described", path)
		}
	}
	if n != 0 {
		t.Errorf("%d routes more than described", n)
	}
}
