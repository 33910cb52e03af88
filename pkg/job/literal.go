package job

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A job file is copied, shown and committed, so no password stands in it: a secret is references and nothing
// else, an address holds references where it has a password. What a reference falls back to may be one all the
// same (${ENV:-default} is how a trial is set up); Exposed names those.

var (
	scheme = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9+.-]*://`)
	// references are those of a text; $${ stands for the two characters themselves.
	references = regexp.MustCompile(`\$\$\{|\$\{[^}]*\}`)
	wellFormed = regexp.MustCompile(`^\$\{(?:file:[^}]+|[^} :$]+(?::-[^}]*)?)\}$`)
	fallback   = regexp.MustCompile(`^\$\{[^:}]+:-([^}]+)\}$`)
	// keys are parameters of an address that are secrets: libpq's, and those that web services take.
	keys = []string{"password", "sslpassword", "passwd", "token", "access_token", "secret", "api_key", "apikey", "sig", "signature"}
)

// blanked is a text with letters in the place of its references: what is looked for lies where it did.
func blanked(s string) string {
	return references.ReplaceAllStringFunc(s, func(ref string) string {
		if ref == "$${" {
			return ref
		}
		return strings.Repeat("x", len(ref))
	})
}

// literal reports whether a text is more than references.
func literal(s string) bool {
	rest := references.ReplaceAllStringFunc(s, func(ref string) string {
		if ref == "$${" {
			return ref
		}
		return ""
	})
	return strings.TrimSpace(rest) != ""
}

// hole is where a text has a password, in bytes.
type hole struct{ from, to int }

// holes are where passwords are in a URL or a keyword/value connection string.
func holes(text string) (out []hole) {
	s := blanked(text)
	at := scheme.FindStringIndex(s)
	switch {
	case at == nil && !strings.Contains(s, "="): // a URL that was mistyped
		for _, m := range userinfo.FindAllStringSubmatchIndex(s, -1) {
			out = append(out, hole{m[2], m[3]})
		}
		return out
	case at == nil:
		for _, m := range keywordPassword.FindAllStringSubmatchIndex(s, -1) {
			out = append(out, hole{m[2], m[3]})
		}
		return out
	}
	place, query, asked := strings.Cut(s[at[1]:], "?")
	authority := place
	if i := strings.IndexAny(place, "/#"); i >= 0 && (strings.Contains(place[:i], "@") || sound(s)) {
		authority = place[:i]
	}
	if end := strings.LastIndexByte(authority, '@'); end >= 0 {
		if colon := strings.IndexByte(authority[:end], ':'); colon >= 0 {
			out = append(out, hole{at[1] + colon + 1, at[1] + end})
		}
	}
	if !asked {
		return out
	}
	from := at[1] + len(place) + 1
	for p := range strings.SplitSeq(query, "&") {
		name, value, has := strings.Cut(p, "=")
		if key, err := url.QueryUnescape(name); err == nil && has && slices.Contains(keys, strings.ToLower(key)) {
			out = append(out, hole{from + len(name) + 1, from + len(name) + 1 + len(value)})
		}
		from += len(p) + 1
	}
	return out
}

// sound reports whether a URL can be read; one that cannot may have a / within its password.
func sound(s string) bool {
	_, err := url.Parse(s)
	return err == nil
}

// literals are the holes that hold more than references.
func literals(text string) []hole {
	return slices.DeleteFunc(holes(text), func(h hole) bool { return !literal(strings.Trim(text[h.from:h.to], "'")) })
}

// capability is a part of a web address that nobody guesses: who has it may write there. One of this machine
// leads nobody else anywhere.
var (
	capability = regexp.MustCompile(`/([A-Za-z0-9_:.-]{20,})`)
	here       = regexp.MustCompile(`^https?://(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)`)
)

// capabilities are the literals of a web address that is a secret itself.
func capabilities(text string) []hole {
	out := literals(text)
	s := blanked(text)
	if here.MatchString(s) {
		return out
	}
	for _, m := range capability.FindAllStringSubmatchIndex(s, -1) {
		if part := text[m[2]:m[3]]; m[0] > len("https:/") && literal(part) && strings.ContainsAny(part, "0123456789") {
			out = append(out, hole{m[2], m[3]})
		}
	}
	return out
}

// HoldsPassword reports whether a password stands in an address itself.
func HoldsPassword(text string) bool { return len(literals(text)) > 0 }

// Referred is the reference that stands for the password in an address, "" if there is none or a password
// stands there itself.
func Referred(text string) string {
	for _, h := range holes(text) {
		if ref := withoutDefaults(text[h.from:h.to]); ref != "" && !literal(ref) {
			return ref
		}
	}
	return ""
}

// Exposed are the fields in which a reference falls back to a password that stands in the file.
func (j *Job) Exposed() (fields []string) {
	falls := func(text string) (to []string) {
		for _, ref := range references.FindAllString(text, -1) {
			if m := fallback.FindStringSubmatch(ref); m != nil {
				to = append(to, m[1])
			}
		}
		return to
	}
	password := func(field string, s Secret) {
		if len(falls(s.text)) > 0 {
			fields = append(fields, field)
		}
	}
	address := func(field string, s Secret) {
		within := slices.ContainsFunc(holes(s.text), func(h hole) bool { return len(falls(s.text[h.from:h.to])) > 0 })
		if within || slices.ContainsFunc(falls(s.text), func(to string) bool { return len(literals(to)) > 0 }) {
			fields = append(fields, field)
		}
	}
	address("source.url", j.Source.URL)
	password("source.password", j.Source.Password)
	address("target.url", j.Target.URL)
	password("target.password", j.Target.Password)
	address("registry.url", j.Registry)
	if j.Kafka != nil && j.Kafka.SASL != nil {
		password("kafka.sasl.password", j.Kafka.SASL.Password)
	}
	return fields
}

// password is a secret and nothing but one; instead says what to write.
func (r *reader) password(to *Secret, instead string) field {
	f := r.intoSecret(to)
	f.read = func(path string, n ast.Node) {
		s, ok := r.secret(path, n)
		if !ok {
			return
		}
		if *to = (Secret{s}); literal(s) {
			r.hide(n, s, nil)
			r.fault(n, "%s: a password stands here itself: put it into a variable or a file of its own, and refer to that: %s", path, instead)
		}
	}
	s := *f.schema
	s.AnyOf, s.Types, s.Type, s.Pattern = nil, nil, "string", `^\s*(\$\{[^}]+\}\s*)*$`
	f.schema = &s
	return f
}

// address is a connection string or a URL; find finds what is secret of it, instead says what to write.
func (r *reader) address(to *Secret, find func(text string) []hole, instead string) field {
	f := r.intoSecret(to)
	f.read = func(path string, n ast.Node) {
		s, ok := r.secret(path, n)
		if !ok {
			return
		}
		*to = Secret{s}
		switch found := find(s); {
		case len(found) > 0:
			if last := &found[len(found)-1]; !strings.HasPrefix(s[last.to:], "@") {
				last.to = len(s) // a sign that ends it may be one of its own
			}
			r.fault(n, "%s: a password stands within the address: %s", path, instead).Column = r.hide(n, s, found)
		case literal(s) && !plainURL.MatchString(blanked(s)): // one letter may be missing to a password
			r.hide(n, s, nil)
		}
	}
	return f
}

// passwordInstead are the two ways to say a password.
func passwordInstead(side string) string {
	return `password: "${` + strings.ToUpper(side) + `_PASSWORD}" or password: "${file:/run/secrets/` + side + `}"`
}

// secret is a secret's text; a reference that cannot be followed is refused here, for it may be a password.
func (r *reader) secret(path string, n ast.Node) (string, bool) {
	s, ok := r.raw(path, n)
	if !ok {
		r.hide(n, "", nil)
		return "", false
	}
	for _, ref := range references.FindAllString(s, -1) {
		if ref != "$${" && !wellFormed.MatchString(ref) {
			r.hide(n, s, nil)
			r.fault(n, `%s: a reference of no known form: want "${NAME}", "${NAME:-default}" or "${file:PATH}"`, path)
			return "", false
		}
	}
	return s, true
}
