package job

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floe/pkg/ident"
)

const minimal = "source: {url: postgres://a@s/app}\ntarget: {url: postgres://b@t/app}\n"

func parse(t *testing.T, text string) *Job {
	t.Helper()
	j, err := Parse("job.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Every fault is shown with its line and a caret, and all of them at once.
func TestFaultsAreShownWhereTheyStand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"unknown field": {minimal + "objects:\n  inclde: [a]\n", `job.yaml:4:3: objects.inclde is not a field; did you mean include?
    4 |   inclde: [a]
      |   ^`},
		"two faults": {"name: Orders-1\n" + minimal + "on_existing: maybe\n", `job.yaml:1:7: name: "Orders-1" cannot be a job's name: want 1 to 40 of a-z, 0-9 and _; for example orders_1
    1 | name: Orders-1
      |       ^
job.yaml:4:14: on_existing: want block or proceed, not "maybe"
    4 | on_existing: maybe
      |              ^`},
		"broken yaml": {"source: {url: x\ntarget: [", `job.yaml:2:1: this is not YAML: `},
		"filters": {minimal + "objects:\n  filters:\n  - {table: public.rf, where: a > 1}\n  - {table: public.rf, where: b}\n",
			`job.yaml:6:5: objects.filters[1]: public.rf has a filter already; join conditions with AND or OR`},
		"half a filter":     {minimal + "objects:\n  filters: [{table: public.rf}]\n", `objects.filters[0]: want table, and where or columns`},
		"a filter's column": {minimal + "objects:\n  filters: [{table: public.rf, where: a, columns: [a.b]}]\n", `objects.filters[0].columns[0]: "a.b" is not a column's name`},
		"a column twice":    {minimal + "objects:\n  filters: [{table: public.rf, columns: [a, '\"B\"', A]}]\n", `objects.filters[0].columns[2]: column "a" stands twice`},
		"two lists":         {minimal + "objects:\n  filters:\n  - {table: public.rf, columns: [a]}\n  - {table: public.rf, where: b}\n", `objects.filters[1]: public.rf has a filter already`},
		"registry":          {minimal + "registry: {uri: http://x}\n", `registry.uri is not a field; did you mean url?`},
		"throttle":          {minimal + "throttle: {apply_rows: -5}\n", `throttle.apply_rows: want a number from 0 to 2147483647, not "-5"`},
		"heartbeat":         {minimal + "heartbeat: {table: public.beats}\n", `heartbeat.table: want a table named dts_postgres_heartbeat`},
		"notify":            {minimal + "notify: [{url: 'http://h', states: [ILL]}]\n", `want CREATED or`},
		"kinds":             {minimal + "init: {structure: {kinds: [tables]}}\n", `init.structure.kinds: want a value, not a list`},
		"key twice":         {"name: a\nname: b\n" + minimal, `mapping key "name" already defined`},
		"scalar job":        {"hello", `job.yaml:1:1: the job file: want a mapping (key: value), not one value`},
		"empty":             {"# nothing\n", `job.yaml:1:1: the job file is empty`},
		"two documents":     {minimal + "---\nname: b\n", `a second document`},
		"anchor":            {"name: &x a\n" + minimal, `name: want a value, not an anchor`},
		"both forms":        {"source: {url: x, host: y, database: z}\n", `source: want url, or host, port, database and user, not both`},
		"neither form":      {"source: {user: y}\n", `source: want url, or host and database`},
		"encoding":          {"source: {url: x, encoding: EBCDIC}\n", `source.encoding: "EBCDIC" is no encoding: want one of BIG5, EUC_CN`},
		"target's encoding": {"target: {url: x, encoding: UTF8}\n", `target.encoding is not a field`},
		"port":              {"source: {host: a, database: b, port: 70000}\n", `source.port: want a number from 1 to 65535, not "70000"`},
		"nothing":           {minimal + "objects: {database: false}\n", `false and no include select nothing`},
		"all and some":      {minimal + "objects: {database: true, include: [a]}\n", `objects.include: the whole database is selected already`},
		"bad name":          {minimal + "objects: {include: ['a.b.c']}\n", `objects.include[0]: name "a.b.c": want schema or schema.table`},
		"mapping kind":      {minimal + "objects: {mapping: [{from: a.b, to: 'c.*'}]}\n", `a.b is one table, so it maps to one table`},
		"mapping half":      {minimal + "objects: {mapping: [{from: a.b}]}\n", `objects.mapping[0]: want from and to`},
		"columns meet":      {minimal + "objects: {mapping: [{from: a.b, to: a.c, columns: {x: z, y: z}}]}\n", `two columns become z`},
		"no brokers":        {minimal + "kafka: {prefix: p}\n", `kafka.brokers: want at least one host:port`},
		"sasl for all":      {minimal + "kafka: {brokers: ['127.0.0.1:1', 'a:1'], sasl: {mechanism: PLAIN, user: u, password: '${P}'}}\n", `kafka.sasl: PLAIN sends the password for all to read: add kafka.tls, or take SCRAM-SHA-512`},
		"sasl":              {minimal + "kafka: {brokers: [a:1], sasl: {mechanism: MD5}}\n", `want PLAIN or SCRAM-SHA-256 or SCRAM-SHA-512, not "MD5"`},
		"variable":          {minimal + "apply: {batch_rows: '${FLOE_TEST_NO_SUCH}'}\n", `apply.batch_rows: environment variable FLOE_TEST_NO_SUCH is not set`},
		"on_error":          {minimal + "apply: {on_error: skip}\n", `apply.on_error: "skip" would lose rows unseen; the one choice is block: a row that the target refuses stops the job, floe errors shows it, and floe errors skip --reason WHY leaves out that one transaction`},
		"open reference":    {minimal + "name: '${X'\n", `without its closing brace`},
		"duration":          {minimal + "apply: {batch_wait: 5}\n", `apply.batch_wait: want a time from 0s to 1m0s, like 5ms, not "5"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("job.yaml", []byte(c.in))
			var faults Faults
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

func TestEveryFieldOfTheDocumentedFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	j := parse(t, string(text))
	if j.Name != "orders" || !j.Proceed || !j.Objects.KeepIdentity || j.Everything() || !j.Init.SkipStructure || !j.Init.SkipData {
		t.Errorf("got %+v", j)
	}
	if j.Throttle != (Throttle{20000, 30, 4000, 5, HoldLoad{30 * time.Second, 10 << 30, 50, 10 * time.Minute}}) || j.Apply.BatchRows != 100 || j.Apply.BatchWait.String() != "1ms" || j.Init.ChunkHold.String() != "50ms" || j.Init.Readers != 4 {
		t.Errorf("got %+v", j)
	}
	if k := j.Kafka; j.Prefix() != "pre" || len(k.Brokers) != 2 || k.Partitions != 4 || k.Replication != 3 || k.RowsKept != 7*24*time.Hour || k.TLS == nil || k.SASL.Mechanism != "SCRAM-SHA-512" {
		t.Errorf("got %+v", k)
	}
	if got := j.Mapping().Column(ident.Name{Schema: "public", Name: "orders"}, "ts"); got != "Created At" {
		t.Errorf("column ts becomes %q", got)
	}
	if rf := (ident.Name{Schema: "public", Name: "rf"}); j.Filter(rf) != "a > 1000" || strings.Join(j.Columns(rf), "|") != "a|b" || j.Columns(ident.Name{Schema: "public", Name: "orders"}) != nil {
		t.Errorf("filters %v, columns %v", j.Objects.Filters, j.Objects.Columns)
	}
	for n, want := range map[ident.Name]bool{{Schema: "sales", Name: "a"}: true, {Schema: "sales", Name: "tmp_a"}: false,
		{Schema: "public", Name: "orders"}: true, {Schema: "public", Name: "item_1"}: true, {Schema: "public", Name: "other"}: false} {
		if j.Includes(n) != want {
			t.Errorf("%s is included: %v", n, !want)
		}
	}
}

// Without objects a job is the whole database, with exclude alone the rest of it.
func TestSelectionDefaultsToTheWholeDatabase(t *testing.T) {
	t.Parallel()
	for text, everything := range map[string]bool{minimal: true, minimal + "objects: {exclude: [tmp]}\n": true, minimal + "objects: {include: [a]}\n": false} {
		if got := parse(t, text).Everything(); got != everything {
			t.Errorf("%q: %v", text, got)
		}
	}
	if parse(t, minimal+"objects: {exclude: [tmp]}\n").Includes(ident.Name{Schema: "tmp", Name: "x"}) {
		t.Error("an excluded table is included")
	}
	if !FromURLs("s", "t").Includes(ident.Name{Schema: "a", Name: "b"}) {
		t.Error("a job from URLs leaves out a table")
	}
}

func TestProposedNamesAreValid(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"Orders-1": "orders_1", "": "job", "数据": "job", "a--b": "a_b", strings.Repeat("x", 50): strings.Repeat("x", 40)} {
		if got := ProposeName(in); got != want || CheckName(got) != nil {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Whatever a file holds, reading it ends in a job or in faults with a place, never in a panic.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, s := range []string{minimal, "a: &x [*x]", "- ? :", "name: |\n  x", "<<: {a: b}", "? [a]: b", "\"", "{", "a:\n\t- b", "!!binary x", "objects: {mapping: [{columns: {1: 2}}]}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := Parse("f", data)
		var faults Faults
		switch {
		case err == nil && j == nil:
			t.Error("neither a job nor an error")
		case err != nil && (!errors.As(err, &faults) || len(faults) == 0 || faults[0].Line < 1):
			t.Errorf("an error without a place: %v", err)
		}
	})
}
