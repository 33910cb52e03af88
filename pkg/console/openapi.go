package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"floe/pkg/access"
)

// The parts of an OpenAPI description that ours has.
type (
	openAPI struct {
		OpenAPI    string                          `json:"openapi"`
		Info       openInfo                        `json:"info"`
		Security   []map[string][]string           `json:"security"`
		Paths      map[string]map[string]operation `json:"paths"`
		Components components                      `json:"components"`
	}
	openInfo struct {
		Title       string `json:"title"`
		Version     string `json:"version"`
		Description string `json:"description"`
	}
	operation struct {
		Summary     string            `json:"summary"`
		OperationID string            `json:"operationId"`
		Description string            `json:"description"`
		Parameters  []parameter       `json:"parameters,omitempty"`
		RequestBody *body             `json:"requestBody,omitempty"`
		Responses   map[string]answer `json:"responses"`
	}
	parameter struct {
		Name        string             `json:"name"`
		In          string             `json:"in"`
		Required    bool               `json:"required,omitempty"`
		Description string             `json:"description,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	body struct {
		Content map[string]media `json:"content"`
	}
	answer struct {
		Description string           `json:"description"`
		Content     map[string]media `json:"content"`
	}
	media struct {
		Schema *jsonschema.Schema `json:"schema"`
	}
	components struct {
		Schemas         map[string]*jsonschema.Schema `json:"schemas"`
		SecuritySchemes map[string]scheme             `json:"securitySchemes"`
	}
	scheme struct {
		Type   string `json:"type"`
		Scheme string `json:"scheme"`
	}
)

// describe makes the description of the API from its routes, so that it cannot leave one out.
func describe(routes []route) ([]byte, error) {
	d := openAPI{OpenAPI: "3.1.0", Paths: map[string]map[string]operation{}, Security: []map[string][]string{{}, {"bearer": {}}, {"basic": {}}},
		Info:       openInfo{"floe", "1", "A job of floe: what it does, and its commands. On an address that asks for nobody's token everybody is an operator; else a viewer may GET, and an operator all. Errors are problem+json with a stable code. Paths are the command line's verbs, as far as the log alone suffices or the console is beside the databases; beginning a job anew and the cut-over are the command line's, and say so."},
		Components: components{map[string]*jsonschema.Schema{}, map[string]scheme{"bearer": {"http", "bearer"}, "basic": {"http", "basic"}}}}
	wrong, err := d.schema(access.Problem{})
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if r.about.summary == "" {
			continue
		}
		method, path, _ := strings.Cut(r.pattern, " ")
		o, err := d.operation(r, path)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", r.pattern, err)
		}
		o.Responses["default"] = answer{"what is wrong", map[string]media{"application/problem+json": {wrong}}}
		if d.Paths[path] == nil {
			d.Paths[path] = map[string]operation{}
		}
		d.Paths[path][strings.ToLower(method)] = o
	}
	b, err := json.MarshalIndent(d, "", "  ")
	return append(b, '\n'), err
}

func (d *openAPI) operation(r route, path string) (operation, error) {
	who := "A viewer may ask this."
	if r.rule == access.Operate {
		who = "An operator may do this."
	}
	o := operation{Summary: r.about.summary, OperationID: identify(r.pattern), Description: who, Responses: map[string]answer{}}
	for _, part := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			o.Parameters = append(o.Parameters, parameter{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &jsonschema.Schema{Type: "string"}})
		}
	}
	for _, q := range r.about.query {
		o.Parameters = append(o.Parameters, parameter{Name: q.name, In: "query", Description: q.text, Schema: &jsonschema.Schema{Type: q.kind}})
	}
	if r.about.takes != nil {
		s, err := d.schema(r.about.takes)
		if err != nil {
			return o, err
		}
		o.RequestBody = &body{map[string]media{"application/json": {s}}}
	}
	s, err := d.schema(r.about.gives)
	if err != nil {
		return o, err
	}
	kind, code := r.about.media, max(r.about.status, http.StatusOK)
	if kind == "" {
		kind = "application/json"
	}
	o.Responses[strconv.Itoa(code)] = answer{r.about.summary, map[string]media{kind: {s}}}
	return o, nil
}

// identify names an operation by its method and path.
func identify(pattern string) string {
	method, path, _ := strings.Cut(pattern, " ")
	words := strings.FieldsFunc(strings.TrimPrefix(path, "/api/v1"), func(r rune) bool { return strings.ContainsRune("/{}.", r) })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}

// schema puts a type among the components and refers to it there.
func (d *openAPI) schema(v any) (*jsonschema.Schema, error) {
	t := reflect.TypeOf(v)
	s, err := jsonschema.ForType(t, nil)
	if err != nil || t.Name() == "string" {
		return s, err
	}
	d.Components.Schemas[t.Name()] = s
	return &jsonschema.Schema{Ref: "#/components/schemas/" + t.Name()}, nil
}

func (s *server) getOpenAPI(w http.ResponseWriter, _ *http.Request) {
	b, err := describe(s.api())
	if err != nil {
		s.Log.Error("the API's description is not written", "err", err)
		access.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "the description could not be written"}.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the client has gone
}
