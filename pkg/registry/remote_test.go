package registry

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"floe/pkg/halt"
)

// elsewhere is a registry of its own, and a Remote that uses it for the scene's job.
func (s *scene) elsewhere(opts ...srfake.Option) (*srfake.Registry, *Remote) {
	s.t.Helper()
	fake := srfake.New(opts...)
	s.t.Cleanup(fake.Close)
	return fake, s.remote(fake.URL())
}

func (s *scene) remote(url string) *Remote {
	s.t.Helper()
	r, err := NewRemote(url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := r.Remember(s.t.Context(), s.options(), "j"); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// The ids are the registry's, one for each schema, and the same after a restart.
func TestARegistryElsewhereGivesTheIDs(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	s.begin()
	fake, r := s.elsewhere()
	fake.SeedSchema("theirs", 1, 41, sr.Schema{Schema: `"string"`})
	a, b := table(t, "a", "id"), table(t, "b", "id")
	first := must(r.Register(ctx, "j.public.a-value", a.ValueSchema()))(t)
	second := must(r.Register(ctx, "j.public.a-key", a.KeySchema()))(t)
	third := must(r.Register(ctx, "j.public.b-value", b.ValueSchema()))(t)
	if first <= 41 || second <= 41 || third <= 41 || first == second || second == third || first == third {
		t.Fatalf("ids %d, %d, %d", first, second, third)
	}
	s.place(value(a, first), key(a, second), value(b, third))
	again := s.remote(fake.URL())
	if id := must(again.Register(ctx, "j.public.a-key", a.KeySchema()))(t); id != second {
		t.Errorf("after a restart it is %d, it was %d", id, second)
	}
	got, ok := fake.GetSchema("j.public.a-key", 1)
	if !ok || got.ID != int(second) || got.Schema.Schema != a.KeySchema() {
		t.Errorf("the registry has %v", got)
	}
}

// A registry that was reset counts from 1 again; rows in the log that bear those ids are of other schemas.
func TestAnIDThatTheLogKnowsAsAnotherSchemaHalts(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	s.begin()
	fake, r := s.elsewhere()
	a, b := table(t, "a", "id"), table(t, "b", "id")
	id := must(r.Register(ctx, "j.public.a-value", a.ValueSchema()))(t)
	s.place(value(a, id))
	fake.Reset()
	again := s.remote(fake.URL())
	_, err := again.Register(ctx, "j.public.b-value", b.ValueSchema())
	if h := halt.As(err); h == nil || h.Code != halt.SchemaMismatch || !strings.Contains(h.Detail, "j.public.b-value") || !strings.Contains(h.Detail, fake.URL()) {
		t.Errorf("%v", err)
	}
	if got := must(s.remote(fake.URL()).Register(ctx, "j.public.a-value", a.ValueSchema()))(t); got == id {
		t.Errorf("schema %d is there although the registry was reset", got)
	}
}

// What the operator must mend is a halt that names registry and subject; what passes is none.
func TestRefusalsAreHaltsAndAbsenceIsNot(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.begin()
	schema := table(t, "a", "id").ValueSchema()
	const subject = "j.public.a-value"
	for status, fix := range map[int]string{409: "set the compatibility of subject " + subject, 401: "user and password", 422: "see what the registry says", 500: "", 503: "", 429: "", 408: ""} {
		answer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error_code":1,"message":"because"}`))
		}))
		u, _ := url.Parse(answer.URL)
		u.User = url.UserPassword("me", "secret")
		_, err := s.remote(u.String()).Register(t.Context(), subject, schema)
		answer.Close()
		h, away := halt.As(err), (*UnreachableError)(nil)
		switch {
		case fix == "" && !errors.As(err, &away):
			t.Errorf("%d: %v", status, err)
		case fix != "" && (h == nil || h.Code != halt.RegistryRefused || !strings.Contains(h.Fix, fix)):
			t.Errorf("%d: %v", status, err)
		}
		if text := err.Error(); !strings.Contains(text, subject) || !strings.Contains(text, answer.URL) || !strings.Contains(text, "because") || strings.Contains(text, "secret") {
			t.Errorf("%d: %s", status, text)
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	var away *UnreachableError
	if _, err := s.remote(gone.URL).Register(t.Context(), subject, schema); !errors.As(err, &away) || halt.As(err) != nil {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestCredentialsComeFromTheURL(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.begin()
	fake, _ := s.elsewhere(srfake.WithAuth("Basic bWU6czNjcmV0")) // me:s3cret
	u, _ := url.Parse(fake.URL())
	u.User = url.UserPassword("me", "s3cret")
	must(s.remote(u.String()).Register(t.Context(), "j.public.a-value", table(t, "a", "id").ValueSchema()))(t)
	for _, bad := range []string{"", "sr:8081", "ftp://sr", "http://", "http://me:pa%zz@sr"} {
		if _, err := NewRemote(bad, nil); err == nil || strings.Contains(err.Error(), "pa%zz") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A password that was changed is taken up by the next request.
func TestPasswordIsReadAtEachRequest(t *testing.T) {
	t.Parallel()
	right := "first"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != right {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("[]"))
	}))
	defer server.Close()
	with := func(password string) string { return strings.Replace(server.URL, "//", "//u:"+password+"@", 1) }
	r, err := NewRemote(with("first"), nil)
	if err != nil {
		t.Fatal(err)
	}
	known := with("first")
	r.Anew(func() (string, error) { return known, nil })
	for _, step := range []struct {
		right, known string
		ok           bool
	}{{"first", "first", true}, {"second", "first", false}, {"second", "second", true}} {
		right, known = step.right, with(step.known)
		if err := r.Ping(t.Context()); (err == nil) != step.ok || err != nil && strings.Contains(err.Error(), step.known) {
			t.Errorf("%+v: %v", step, err)
		}
	}
}
