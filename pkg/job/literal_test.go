package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file in which a password stands is refused at its place, with what to write instead, and without the password.
func TestAJobFileHoldsNoPassword(t *testing.T) {
	t.Parallel()
	const source, target = "job.yaml:1:", "job.yaml:2:"
	for name, c := range map[string]struct{ in, at, instead string }{
		"a field":          {"source: {url: 'postgres://u@h/d', password: hunter2}\n", source + "45: source.password: ", `password: "${SOURCE_PASSWORD}" or password: "${file:/run/secrets/source}"`},
		"a block":          {"target:\n  password: hunter2 # mine\n  host: h\n  database: d\n", target + "13: target.password: ", `password: "${TARGET_PASSWORD}"`},
		"quoted":           {"source: {host: h, database: d, password: \"hunter2\"}\n", source + "42: ", "SOURCE_PASSWORD"},
		"escaped":          {"source: {host: h, database: d, password: \"h\\x75nter2\"}\n", source + "42: ", "SOURCE_PASSWORD"},
		"several lines":    {"source:\n  host: h\n  database: d\n  password: |\n    hunter2\n", "job.yaml:4:13: ", "SOURCE_PASSWORD"},
		"half a reference": {"source: {host: h, database: d, password: 'hunter2${S}'}\n", source + "42: ", "SOURCE_PASSWORD"},
		"no reference":     {"source: {host: h, database: d, password: '$${hunter2}'}\n", source + "42: ", "SOURCE_PASSWORD"},
		"an open one":      {"source: {host: h, database: d, password: '${hunter2'}\n", source + "42: ", "SOURCE_PASSWORD"},
		"a wrong one":      {"source: {host: h, database: d, password: '${S:hunter2}'}\n", source + "42: ", `want "${NAME}"`},
		"in the URL":       {"source: {url: 'postgres://u:hunter2@h:5432/d'}\n", source + "29: source.url: a password stands within the address", "leave it out there, and add password"},
		"with a slash":     {"source: {url: 'postgres://u:hun/hunter2@h:5432/d'}\n", source + "29: ", "SOURCE_PASSWORD"},
		"with an at":       {"source: {url: postgres://u:hun@hunter2@h:5432/d}\n", source + "28: ", "SOURCE_PASSWORD"},
		"as a parameter":   {"target: {url: 'postgres://u@h/d?sslmode=require&password=hunter2&application_name=x'}\n", source + "58: target.url: ", "TARGET_PASSWORD"},
		"of a key":         {"target: {url: 'postgres://u@h/d?sslpassword=hunter2'}\n", source + "45: ", "TARGET_PASSWORD"},
		"in keywords":      {"target: {url: \"host=h password = 'hunter2 x' dbname=d\"}\n", source + "34: ", "TARGET_PASSWORD"},
		"of Kafka":         {"kafka: {brokers: ['a:1'], tls: {}, sasl: {mechanism: PLAIN, user: u, password: hunter2}}\n", source + "80: kafka.sasl.password: ", `"${KAFKA_PASSWORD}"`},
		"of the registry":  {"registry: {url: 'https://u:hunter2@r:8081'}\n", source + "28: registry.url: ", "https://user:${REGISTRY_PASSWORD}@host"},
		"of a hook":        {"notify: [{url: 'https://h/x?token=hunter2'}]\n", source + "35: notify[0].url: ", `"${NOTIFY_URL}"`},
		"a hook's path":    {"notify: [{url: 'https://hooks.example/services/T0/hunter2hunter2hunter2'}]\n", source + "51: ", `"${NOTIFY_URL}"`},
		"a number":         {"source: {host: h, database: d, password: 8000000000000001}\n", source + "42: ", "SOURCE_PASSWORD"},
		"on one line":      {"source: {host: ü, database: d, password: hunter2, bogus: 1}\n", source + "51: source.bogus is not a field", "bogus: ***}"},
		"a wrong field":    {"source: {host: h, database: d, key: hunter2}\n", source + "32: source.key is not a field", "key: ***"},
		"a wrong place":    {"source: postgres://u:hunter2@h/d\n", source + "9: source: want a mapping", "source: ***"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("job.yaml", []byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.at) || !strings.Contains(err.Error(), c.instead) || !strings.Contains(err.Error(), "^") {
				t.Fatalf("%v\nwant %s… %s", err, c.at, c.instead)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "8000000000000001") {
				t.Errorf("the password is shown:\n%v", err)
			}
		})
	}
}

// What refers to a password, and what has none, is taken; a password that a reference falls back to is told of.
func TestAddressesWithoutPasswordsAreTaken(t *testing.T) {
	t.Parallel()
	for in, exposed := range map[string]string{
		"source: {url: 'postgres://u@h/d', password: '${S}'}\ntarget: {url: 'postgres://u:${T}@h/d'}\n":                                                                                                                                           "",
		"source: {url: 'postgres://u@h/d', password: '${file:/run/s}'}\ntarget: {url: 'host=h user=u password=${T} dbname=d'}\n":                                                                                                                  "",
		"source: {url: 'postgres://u:@h/d', password: ''}\ntarget: {url: 'postgres://u@h1:1,h2:2/d?sslpassword=${K}'}\nregistry: {url: 'http://u:${R}@r:1'}\n":                                                                                    "",
		"source: {url: '${S}'}\ntarget: {url: '${file:/run/t}', password: '${A}${B}'}\nregistry: {url: 'http://r:8081/a@b'}\n":                                                                                                                    "",
		"source: {url: 'postgres:///d?host=/tmp&user=u'}\ntarget: {url: 'postgres://h:5432/d@x'}\nnotify: [{url: 'http://127.0.0.1:1/hook'}, {url: 'https://chat.example/${HOOK}'}, {url: 'http://localhost/hook/0123456789abcdef0123456789'}]\n": "",
		"source: {url: 'postgres://u@h/d', password: '${S:-p}'}\ntarget: {url: 'postgres://u:${T:-p}@h/d'}\n":                                                                                                                                     "source.password target.url",
		"source: {url: '${S:-postgres://u:p@h/d}', password: '${S:-}'}\ntarget: {url: '${S:-postgres://u@h/d}'}\nkafka: {brokers: ['a:1'], sasl: {mechanism: SCRAM-SHA-256, user: u, password: '${K:-p}'}}\n":                                     "source.url kafka.sasl.password",
	} {
		j, err := Parse("job.yaml", []byte(in))
		if err != nil {
			t.Errorf("%s%v", in, err)
			continue
		}
		if got := strings.Join(j.Exposed(), " "); got != exposed {
			t.Errorf("%s: %q, want %q", in, got, exposed)
		}
	}
}

// However a file is broken, what its faults show has no password: every sign is left out in turn, and some
// others are put before it.
func TestNoFaultShowsAPassword(t *testing.T) {
	t.Parallel()
	const secret = "QQQQQQQQQQQQ"
	for _, file := range []string{
		"name: orders\nsource:\n  url: postgres://u@h:5432/d\n  password: " + secret + "\n  tls: {mode: require}\ntarget:\n  host: h\n  password: \"" + secret + "\"\n",
		"source: {url: \"postgres://u:" + secret + "@h:5432/d\", password: '" + secret + "', port: x}\nkafka: {brokers: [a], sasl: {user: u, password: " + secret + ", mechanism: MD5}}\n",
		"target: {url: postgres://h/d?password=" + secret + "&sslmode=x}\nregistry:\n  url: https://u:" + secret + "@r\nobjects:\n- x\n",
		"source:\n  password:\n    " + secret + "\n  url: \"host=h password=" + secret + " x\"\n  bogus: y\n",
	} {
		try := func(text string) {
			if strings.Contains(text, "//uQ") { // that is a user's name
				return
			}
			if _, err := Parse("f", []byte(text)); err != nil && strings.Contains(err.Error(), "QQQQ") {
				t.Fatalf("%s\n\nshows %v", text, err)
			}
		}
		for i := range len(file) {
			try(file[:i] + file[i+1:])
			signs := []string{"{", "\n", ": ", "}", "\"", ", ", "[", "'", ":", "#", "- ", "\t", "&a ", "!!x ", "| "}
			for k := i % 3; k < len(signs); k += 3 {
				try(file[:i] + signs[k] + file[i:])
			}
		}
	}
}

// A password that an address refers to is read anew at each connect, as one of its own field is.
func TestPasswordWithinTheAddressIsReadAtEachConnect(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	for in, form := range map[string]string{"postgres://a:${file:" + file + "}@s/app": "%", "${file:" + file + "}": "postgres://a:%@s/app", "host=s password=${file:" + file + "}": "%"} {
		e := Endpoint{URL: Reference(in), TLS: TLS{Mode: "require"}}
		for _, want := range []string{"one", "two"} {
			if err := os.WriteFile(file, []byte(strings.Replace(form, "%", want, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := e.Config()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.Replace(form, "%", want+"!", 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := c.Password(); err != nil || got != want+"!" {
				t.Errorf("%s: got %q, %v", in, got, err)
			}
		}
	}
}
