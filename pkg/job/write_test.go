package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"floe/pkg/ident"
)

// A job that was written and read again is the same, but for secrets that stood in the file: they become
// references.
func TestAJobAsTextIsTheSameJob(t *testing.T) {
	t.Parallel()
	full, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{string(full), minimal, minimal + "ddl: off\nobjects:\n  include: ['\"Odd: #1\"', \"a\\\\b\"]\n  filters: [{table: a.b, where: \"v = '${x}' AND \\n w > 1 # no\"}]\n",
		"source: {url: 'postgres://h/d', encoding: win-1252}\ntarget: {url: 'postgres://h/e'}\n",
		minimal + "objects: {filters: [{table: a.b, where: x > 1, columns: [x, '\"Y z\"', 'true']}, {table: a.c, columns: [a]}, {table: a.d, where: y}]}\n",
		minimal + "kafka: {brokers: ['a:1'], tls: {}}\nregistry: {url: '${REG}', tls: {ca: /x}}\n",
		minimal + "notify:\n  - {url: '${HOOK}', states: [BLOCKED, NOT RUNNING]}\n  - {url: '${file:/run/hook}'}\n",
		minimal + "objects: {mapping: [{from: a.b, to: 'c.\"D e\"', columns: {'\"X y\"': z}}, {from: 'q.*', to: '\"R s\".*'}]}\n"} {
		was := parse(t, in)
		out := was.Text()
		now, err := Parse("written", out)
		if err != nil {
			t.Errorf("%v in:\n%s", err, out)
			continue
		}
		if diff := cmp.Diff(was, now, cmp.AllowUnexported(Secret{}), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b ident.Pattern) bool { return a.String() == b.String() })); diff != "" {
			t.Errorf("%s\n%s", diff, out)
		}
	}
}

func TestAJobAsTextHoldsNoPassword(t *testing.T) {
	t.Parallel()
	j := parse(t, `target: {url: "${DST:-postgres://u:hunter2@h/d}", password: "${P:-hunter2}"}
kafka: {brokers: ["a:1"], sasl: {mechanism: SCRAM-SHA-256, user: u, password: "${K}"}}
registry: {url: "http://u:${R:-hunter2}@r"}
notify: [{url: "https://chat/hunter2"}]
`)
	j.Source = Endpoint{URL: Literal("postgres://u:hunter2@h/d")} // of a command line
	j.Kafka.SASL.Password = Literal("hunter2")
	out := string(j.Text())
	if strings.Contains(out, "hunter2") {
		t.Errorf("a password is in:\n%s", out)
	}
	for _, want := range []string{`url: "postgres://u@h/d"`, `"${SOURCE_PASSWORD}"`, `"${DST}"`, `"${P}"`, `"${KAFKA_PASSWORD}"`, `"${REGISTRY_URL}"`, `"${NOTIFY_URL}"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in:\n%s", want, out)
		}
	}
}
