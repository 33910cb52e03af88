package job

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/google/jsonschema-go/jsonschema"
)

// field is one field of the job file: what reads it, and what an editor is told of it. Both are made in
// one place, so that the schema cannot promise what reading refuses.
type field struct {
	// read takes the value; path names it in messages.
	read   func(path string, n ast.Node)
	schema *jsonschema.Schema
}

// fields says what may stand in a mapping.
type fields map[string]field

// says adds what the field is for.
func (f field) says(text string) field {
	s := *f.schema
	s.Description = text
	f.schema = &s
	return f
}

// around runs what it is given before and behind reading; either may be nil.
func (f field) around(before, behind func()) field {
	read := f.read
	f.read = func(p string, n ast.Node) {
		if before != nil {
			before()
		}
		read(p, n)
		if behind != nil {
			behind()
		}
	}
	return f
}

// object is a mapping of known fields; an absent value is an empty one.
func (r *reader) object(known fields) field {
	s := &jsonschema.Schema{Types: []string{"object", "null"}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
		Properties: map[string]*jsonschema.Schema{}, PropertyOrder: slices.Sorted(maps.Keys(known))}
	for name, f := range known {
		s.Properties[name] = f.schema
	}
	return field{func(p string, n ast.Node) { r.mapping(p, n, known) }, s}
}

// listOf is a list; item makes what reads one element.
func (r *reader) listOf(item func() field) field {
	return field{func(p string, n ast.Node) {
		r.list(p, n, func(p string, n ast.Node) { item().read(p, n) })
	}, &jsonschema.Schema{Types: []string{"array", "null"}, Items: item().schema}}
}

// scalar is any single value: a name may look like a number.
func scalar() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
}

// reference is a value that is known only when the file is read: ${NAME}, ${file:PATH}.
func reference() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `\$\{`}
}

func either(s ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: s} }

func (r *reader) intoText(to *string) field {
	return field{func(path string, n ast.Node) { *to, _ = r.text(path, n) }, scalar()}
}

// intoRaw takes a text as it stands: SQL has dollars of its own.
func (r *reader) intoRaw(to *string) field {
	return field{func(path string, n ast.Node) { *to, _ = r.raw(path, n) }, scalar()}
}

func (r *reader) intoSecret(to *Secret) field {
	return field{func(path string, n ast.Node) {
		if s, ok := r.raw(path, n); ok {
			*to = Secret{s}
		}
	}, scalar()}
}

func (r *reader) intoBool(to *bool) field {
	return field{func(path string, n ast.Node) {
		switch s, ok := r.text(path, n); {
		case ok && (s == "true" || s == "false"):
			*to = s == "true"
		case ok:
			r.fault(n, "%s: want true or false, not %q", path, s)
		}
	}, either(&jsonschema.Schema{Type: "boolean"}, reference())}
}

func (r *reader) intoNumber(to *int, low, high int) field {
	least, most := float64(low), float64(high)
	return field{func(path string, n ast.Node) {
		s, ok := r.text(path, n)
		if !ok {
			return
		}
		v, err := strconv.Atoi(strings.ReplaceAll(s, "_", ""))
		if err != nil || v < low || v > high {
			r.fault(n, "%s: want a number from %d to %d, not %q", path, low, high, s)
			return
		}
		*to = v
	}, either(&jsonschema.Schema{Type: "integer", Minimum: &least, Maximum: &most}, &jsonschema.Schema{Type: "string", Pattern: `^[0-9_]+$|\$\{`})}
}

func (r *reader) intoDuration(to *time.Duration, low, high time.Duration) field {
	return field{func(path string, n ast.Node) {
		s, ok := r.text(path, n)
		if !ok {
			return
		}
		v, err := time.ParseDuration(s)
		if err != nil || v < low || v > high {
			r.fault(n, "%s: want a time from %s to %s, like 5ms, not %q", path, low, high, s)
			return
		}
		*to = v
	}, &jsonschema.Schema{Type: "string", Pattern: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$|\$\{`}}
}

// intoAge reads a time of hours or days.
func (r *reader) intoAge(to *time.Duration) field {
	const most = 3650
	return field{func(path string, n ast.Node) {
		s, ok := r.text(path, n)
		if !ok {
			return
		}
		v, err := time.ParseDuration(s)
		if days, has := strings.CutSuffix(s, "d"); has {
			var count int
			count, err = strconv.Atoi(days)
			v = time.Duration(min(count, most+1)) * 24 * time.Hour
		}
		if err != nil || v < time.Hour || v > most*24*time.Hour {
			r.fault(n, "%s: want a time from 1h to %dd, like 7d or 36h, not %q", path, most, s)
			return
		}
		*to = v
	}, &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+d$|^([0-9.]+(ns|us|µs|ms|s|m|h))+$|\$\{`}}
}

// intoSize reads a number of bytes.
func (r *reader) intoSize(to *Size) field {
	least := 0.0
	return field{func(path string, n ast.Node) {
		if s, ok := r.text(path, n); ok {
			if err := to.Set(s); err != nil {
				r.fault(n, "%s: %v, not %q", path, err, s)
			}
		}
	}, either(&jsonschema.Schema{Type: "integer", Minimum: &least}, &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+ *([KMGT]iB|[kKMGT]?B)?$|\$\{`})}
}

// oneOf reads a word out of a few.
func (r *reader) oneOf(words []string, take func(string)) field {
	return field{func(path string, n ast.Node) {
		switch s, ok := r.text(path, n); {
		case ok && slices.Contains(words, s):
			take(s)
		case ok:
			r.fault(n, "%s: want %s, not %q", path, strings.Join(words, " or "), s)
		}
	}, either(oneWordOf(words), reference())}
}

// oneWordOf lists words; what YAML reads as something else than a text is listed as that, too.
func oneWordOf(words []string) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
		switch n, err := strconv.Atoi(w); {
		case err == nil:
			s.Enum = append(s.Enum, n)
		case w == "off": // an editor that goes by YAML 1.1 reads false
			s.Enum = append(s.Enum, false)
		}
	}
	return s
}

// only accepts one value of a field whose others this version does not know.
func (r *reader) only(value string) field {
	return field{func(p string, n ast.Node) {
		if s, ok := r.text(p, n); ok && s != value {
			r.fault(n, "%s: %s is not supported yet; the one choice is %s", p, s, value)
		}
	}, either(oneWordOf([]string{value}), reference())}
}
