package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/jackc/pgx/v5"
)

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	j := FromURLs("postgres://u:hunter2@h/d", "postgres://h/d")
	j.Source.Password = Literal("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "job", j, "secret", j.Source.Password)
	asJSON, err1 := json.Marshal(j.Source)
	asYAML, err2 := yaml.Marshal(j.Source.Password)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, s := range []string{log.String(), string(asJSON), string(asYAML), fmt.Sprintf("%v %+v %#v %s %q %x", j.Source, j.Source, j.Source, j.Source.Password, j.Source.Password, j.Source.Password)} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("a secret is in %s", s)
		}
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) {
		v, ok := map[string]string{"A": "1", "EMPTY": ""}[name]
		return v, ok
	}
	for in, want := range map[string]string{"plain": "plain", "a${A}b${A}": "a1b1", "${B:-x:y}": "x:y", "${EMPTY:-d}": "d", "${EMPTY}": "",
		"${A:-d}": "1", "$${A}": "${A}", "$A$": "$A$", "${file:" + file + "}": "from file"} {
		if got, err := expand(in, lookup); err != nil || got != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{"${B}": "environment variable B is not set", "${": "closing brace", "${}": "want ${NAME}", "${file:/no/such}": "no such file"} {
		if _, err := expand(in, lookup); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
	if got, err := Literal("pa${ss}$").Resolve(); err != nil || got != "pa${ss}$" {
		t.Errorf("a literal became %q, %v", got, err)
	}
}

// A rotated password is taken up at the next connect; nothing else is read anew.
func TestPasswordIsReadAtEachConnect(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	j := parse(t, "source: {url: postgres://a@s/app, password: '${file:"+file+"}'}\n")
	c, err := j.Source.Config()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two"} {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Password(); err != nil || got != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestEndpointFormsMeanTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"source: {url: 'postgres://o%27x@h:1521/my%20db', tls: {mode: require}}",
		"source: {url: 'postgres://o%27x@h:1521/my%20db?connect_timeout=5', tls: {mode: require}}",
		`source: {host: h, port: 1521, database: my db, user: "o'x", tls: {mode: require}}`,
		`source: {url: "host=h port=1521 dbname='my db' user='o\\'x'", tls: {mode: require}}`,
	} {
		c, err := parse(t, text).Source.Config()
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.ParseConfig(c.URL)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got.Host != "h" || got.Port != 1521 || got.Database != "my db" || got.User != "o'x" || got.TLSConfig == nil {
			t.Errorf("%s: %s %d %s %s", text, got.Host, got.Port, got.Database, got.User)
		}
		if p := Place(c); p != "h:1521/my db" {
			t.Errorf("place %s", p)
		}
	}
}
