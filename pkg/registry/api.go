package registry

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Paths are where a Server answers, for those that serve more on the same address.
var Paths = []string{"/subjects", "/subjects/", "/schemas", "/schemas/", "/config", "/config/", "/mode", "/mode/", "/contexts"}

const contentType = "application/vnd.schemaregistry.v1+json"

// The bodies of answers, as Confluent's API reference has them. A schema without its type is Avro.
type (
	subjectVersion struct {
		Subject string `json:"subject"`
		Version int    `json:"version"`
	}
	subjectSchema struct {
		Subject string `json:"subject"`
		Version int    `json:"version"`
		ID      uint32 `json:"id"`
		Schema  string `json:"schema"`
	}
	schemaText struct {
		Schema string `json:"schema"`
	}
	schemaID struct {
		ID uint32 `json:"id"`
	}
	level struct {
		Level string `json:"compatibilityLevel"`
	}
	mode struct {
		Mode string `json:"mode"`
	}
	errorBody struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}
	// text is sent as it is.
	text string
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /{$}":                         func(*http.Request) (any, error) { return struct{}{}, nil },
		"GET /subjects":                    s.listSubjects,
		"GET /subjects/{subject}/versions": s.listVersions,
		"GET /subjects/{subject}/versions/{version}":        s.getVersion,
		"GET /subjects/{subject}/versions/{version}/schema": s.getVersionText,
		"POST /subjects/{subject}":                          s.findSchema,
		"POST /subjects/{subject}/versions":                 s.register,
		"GET /schemas":                                      s.listSchemas,
		"GET /schemas/types":                                constant([]string{"AVRO"}),
		"GET /schemas/ids/{id}":                             s.getID,
		"GET /schemas/ids/{id}/schema":                      s.getIDText,
		"GET /schemas/ids/{id}/versions":                    s.getIDVersions,
		"GET /schemas/ids/{id}/subjects":                    s.getIDSubjects,
		// Nothing is checked: what the source's table has become is what its rows are.
		"GET /config":           constant(level{"NONE"}),
		"GET /config/{subject}": s.ofSubject(level{"NONE"}),
		"GET /mode":             constant(mode{"READONLY"}),
		"GET /mode/{subject}":   s.ofSubject(mode{"READONLY"}),
		"GET /contexts":         constant([]string{"."}),
		"/":                     other,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			v, err := f(r)
			s.answer(w, v, err)
		})
	}
	return mux
}

// maxBody bounds a request; a schema of 1,600 columns has about 400 KiB.
const maxBody = 4 << 20

func (s *Server) answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", contentType)
	if err != nil {
		f := asFault(err)
		w.WriteHeader(f.status)
		v = errorBody{f.code, f.message}
	}
	if t, ok := v.(text); ok {
		_, err = w.Write([]byte(t))
	} else {
		err = json.NewEncoder(w).Encode(v)
	}
	if err != nil {
		s.log.Debug("an answer was not sent", "err", err)
	}
}

func constant(v any) func(*http.Request) (any, error) {
	return func(*http.Request) (any, error) { return v, nil }
}

// other is what this registry does not do.
func other(r *http.Request) (any, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || strings.HasPrefix(r.URL.Path, "/compatibility/") {
		return nil, noPath()
	}
	return nil, readOnly()
}

func (s *Server) ofSubject(v any) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		_, err := look(r.Context(), s, func(x *index) ([]*version, error) { return x.versions(r.PathValue("subject")) })
		return v, err
	}
}

func (s *Server) listSubjects(r *http.Request) (any, error) {
	prefix := r.URL.Query().Get("subjectPrefix")
	return lookFresh(r.Context(), s, func(x *index) ([]string, error) {
		names := []string{}
		for _, n := range x.names() {
			if strings.HasPrefix(n, prefix) {
				names = append(names, n)
			}
		}
		return names, nil
	})
}

func (s *Server) listVersions(r *http.Request) (any, error) {
	return lookFresh(r.Context(), s, func(x *index) ([]int, error) {
		versions, err := x.versions(r.PathValue("subject"))
		numbers := make([]int, len(versions))
		for i, v := range versions {
			numbers[i] = v.number
		}
		return numbers, err
	})
}

func (s *Server) listSchemas(r *http.Request) (any, error) {
	prefix, latest := r.URL.Query().Get("subjectPrefix"), r.URL.Query().Get("latestOnly") == "true"
	return lookFresh(r.Context(), s, func(x *index) ([]subjectSchema, error) {
		out := []subjectSchema{}
		for _, n := range x.names() {
			for _, v := range x.subjects[n] {
				if strings.HasPrefix(n, prefix) && (!latest || v == last(x.subjects[n])) {
					out = append(out, v.schema())
				}
			}
		}
		return out, nil
	})
}

func (v *version) schema() subjectSchema {
	return subjectSchema{v.subject, v.number, v.id(), v.text}
}

func (x *index) versions(subject string) ([]*version, error) {
	if v := x.subjects[subject]; len(v) > 0 {
		return v, nil
	}
	return nil, noSubject(subject)
}

func (s *Server) getVersion(r *http.Request) (any, error) {
	subject, which := r.PathValue("subject"), r.PathValue("version")
	find := func(x *index) (subjectSchema, error) {
		versions, err := x.versions(subject)
		if err != nil {
			return subjectSchema{}, err
		}
		if which == "latest" || which == "-1" {
			return last(versions).schema(), nil
		}
		n, err := strconv.ParseInt(which, 10, 32)
		if err != nil || n < 1 {
			return subjectSchema{}, badVersion(which)
		}
		if n > int64(len(versions)) {
			return subjectSchema{}, noVersion(int(n))
		}
		return versions[n-1].schema(), nil
	}
	return lookFresh(r.Context(), s, find)
}

func (s *Server) getVersionText(r *http.Request) (any, error) {
	v, err := s.getVersion(r)
	if err != nil {
		return nil, err
	}
	return text(v.(subjectSchema).Schema), nil
}

// byID gives f the versions that bear the id.
func byID[T any](s *Server, r *http.Request, f func([]*version) T) (T, error) {
	return look(r.Context(), s, func(x *index) (T, error) {
		id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
		if versions := x.ids[uint32(id)]; err == nil && len(versions) > 0 {
			return f(versions), nil
		}
		var none T
		return none, noSchema()
	})
}

func (s *Server) getID(r *http.Request) (any, error) {
	return byID(s, r, func(v []*version) schemaText { return schemaText{v[0].text} })
}

func (s *Server) getIDText(r *http.Request) (any, error) {
	return byID(s, r, func(v []*version) text { return text(v[0].text) })
}

func (s *Server) getIDVersions(r *http.Request) (any, error) {
	return byID(s, r, func(versions []*version) (out []subjectVersion) {
		for _, v := range versions {
			out = append(out, subjectVersion{v.subject, v.number})
		}
		return out
	})
}

func (s *Server) getIDSubjects(r *http.Request) (any, error) {
	return byID(s, r, func(versions []*version) (out []string) {
		for _, v := range versions {
			out = append(out, v.subject)
		}
		return out
	})
}

// asked reads the schema that a request's body names.
func asked(r *http.Request) (string, error) {
	var body struct {
		Schema string `json:"schema"`
		Type   string `json:"schemaType"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return "", badSchema(err.Error())
	}
	if body.Type != "" && body.Type != "AVRO" {
		return "", badSchema("schemas of rows are AVRO, not " + body.Type)
	}
	if _, err := plain([]byte(body.Schema)); err != nil {
		return "", badSchema(err.Error())
	}
	return body.Schema, nil
}

// findSchema says under which version and id a subject has a schema.
func (s *Server) findSchema(r *http.Request) (any, error) {
	schema, err := asked(r)
	if err != nil {
		return nil, err
	}
	subject := r.PathValue("subject")
	return look(r.Context(), s, func(x *index) (subjectSchema, error) {
		if _, err := x.versions(subject); err != nil {
			return subjectSchema{}, err
		}
		if v := x.find(subject, schema); v != nil {
			return v.schema(), nil
		}
		return subjectSchema{}, noSchema()
	})
}

// register gives the id of a schema that is there, as clients ask before they write; it adds none.
func (s *Server) register(r *http.Request) (any, error) {
	schema, err := asked(r)
	if err != nil {
		return nil, err
	}
	return look(r.Context(), s, func(x *index) (schemaID, error) {
		if v := x.find(r.PathValue("subject"), schema); v != nil {
			return schemaID{v.id()}, nil
		}
		return schemaID{}, readOnly()
	})
}
