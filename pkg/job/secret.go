package job

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// Secret is a text of the job file that may hold a password: a literal or references. Whatever prints
// it (fmt, slog, JSON, YAML) prints ***; Resolve alone gives the text.
type Secret struct{ text string }

// Literal is a secret whose text has no references.
func Literal(s string) Secret { return Secret{strings.ReplaceAll(s, "${", "$${")} }

// FromFile is a secret that a file holds.
func FromFile(path string) Secret { return Secret{"${file:" + path + "}"} }

// Reference is a secret that a reference names, ${NAME} or ${file:PATH}.
func Reference(text string) Secret { return Secret{text} }

// IsZero reports whether there is none.
func (s Secret) IsZero() bool { return s.text == "" }

// Resolve reads the environment variables and files that it refers to, anew at each call, so that a
// rotated password is taken up.
func (s Secret) Resolve() (string, error) { return expand(s.text, os.LookupEnv) }

const redacted = "***"

func (s Secret) String() string { return redacted }

// Format covers every verb of fmt, %#v and %x too.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue, MarshalText and MarshalYAML cover slog, JSON and YAML.
func (s Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (s Secret) MarshalYAML() (any, error)    { return redacted, nil }

// expand replaces ${NAME}, ${NAME:-default} and ${file:PATH}; $${ stands for ${ itself. A file's
// closing line breaks are not part of it.
func expand(s string, lookup func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return "", errors.New("a reference ${… without its closing brace; write $${ for the two characters")
		}
		value, err := lookUp(s[i+2:i+end], lookup)
		if err != nil {
			return "", err
		}
		b.WriteString(s[:i] + value)
		s = s[i+end+1:]
	}
}

func lookUp(ref string, lookup func(string) (string, bool)) (string, error) {
	if path, ok := strings.CutPrefix(ref, "file:"); ok {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reference ${%s}: %w", ref, err)
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	name, fallback, has := strings.Cut(ref, ":-")
	if name == "" || strings.ContainsAny(name, " :$") {
		return "", fmt.Errorf("reference ${%s}: want ${NAME}, ${NAME:-default} or ${file:PATH}", ref)
	}
	value, ok := lookup(name)
	switch {
	case has && value == "":
		return fallback, nil
	case !ok:
		return "", fmt.Errorf("environment variable %s is not set", name)
	}
	return value, nil
}
