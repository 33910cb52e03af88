package capture_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/charset"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/status"
)

// asciiJob is a job whose source does not say what its texts are in.
func asciiJob(t *testing.T, encoding string, sql ...string) *job {
	t.Helper()
	server := pgtest.Shared(t)
	j := newJobOn(t, server)
	name := "ascii_" + jobName(t)
	if err := server.CreateDatabase(t.Context(), name, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.DropDatabase(t.Context(), name); err != nil {
			t.Log(err)
		}
	})
	j.url = server.URL(name)
	j.config.Source = pg.Config{URL: j.url}
	c, err := charset.Find(encoding)
	if err != nil {
		t.Fatal(err)
	}
	j.config.Charset = c
	u, err := url.Parse(j.url)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("client_encoding", "SQL_ASCII") // what a test writes are bytes
	u.RawQuery = q.Encode()
	for _, conn := range []*pgx.Conn{j.conn, j.user} {
		_ = conn.Close(t.Context())
	}
	j.connect()
	_ = j.user.Close(t.Context())
	if j.user, err = pgx.Connect(t.Context(), u.String()); err != nil {
		t.Fatal(err)
	}
	j.exec(sql...)
	return j
}

// texts are a column's values in the log, by key.
func (r *replica) texts(table string) map[string]string {
	out := map[string]string{}
	for _, t := range r.tables {
		if t.Name.Name != table {
			continue
		}
		for _, row := range t.rows {
			out[row[0]] = strings.Join(row[1:], "|")
		}
	}
	return out
}

// Bytes of a database that does not say what they are become the text that source.encoding means: in the load, in
// changes, in keys that ranges end at, in large values that stay.
func TestTextsOfADatabaseThatDoesNotSayWhatTheyAreIn(t *testing.T) {
	t.Parallel()
	for encoding, c := range map[string]struct{ bytes, text string }{
		"LATIN1": {"caf\xe9", "café"}, "GBK": {"\xd6\xd0\xce\xc4\x81\x5c", "中文乗"}, "UTF8": {"né", "né"}, "EUC_JP": {"\xc6\xfc", "日"},
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			j := asciiJob(t, encoding, `create table t (k text primary key, v varchar(100), big text)`, `alter table t alter big set storage external`,
				`insert into t select '`+c.bytes+`' || g, '`+c.bytes+`', repeat('`+c.bytes+`', 2000) from generate_series(1, 3000) g`)
			j.start()
			j.exec(`update t set v = '` + c.bytes + `!' where k = '` + c.bytes + `7'`)
			j.waitLog(j.end())
			j.exec(`update t set k = 'new`+c.bytes+`' where k = '`+c.bytes+`8'`, `delete from t where k = '`+c.bytes+`9'`, `insert into t values ('x', '`+c.bytes+`', null)`)
			j.waitLog(j.end())
			got := j.tap().replay().texts("t")
			big := strings.Repeat(c.text, 2000)
			for k, want := range map[string]string{c.text + "1": c.text + "|" + big, c.text + "7": c.text + "!|" + big, "new" + c.text: c.text + "|" + big, "x": c.text + "|" + null} {
				if got[k] != want {
					t.Errorf("%s is %.80q, want %.80q", k, got[k], want)
				}
			}
			if _, gone := got[c.text+"9"]; gone || len(got) != 3000 {
				t.Errorf("%d rows", len(got))
			}
		})
	}
}

// What is no text of the encoding halts with table and key, in the load as in a change.
func TestBytesThatAreNoTextHalt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ encoding, before, after string }{
		"in a change":     {"UTF8", `select 1`, "insert into t values (77, 'a\xff')"},
		"in the load":     {"UTF8", "insert into t values (77, 'a\xff')", `select 1`},
		"in a load, GBK":  {"GBK", "insert into t values (77, '\xff\xff')", `select 1`},
		"within an array": {"GBK", `select 1`, "insert into t (id, list) values (77, array['\x81\x5c'])"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := asciiJob(t, c.encoding, `create table t (id int primary key, v text, list text[])`, `insert into t values (1, 'a')`, c.before)
			j.start()
			if c.before == `select 1` {
				j.waitLog(j.end())
			}
			j.exec(c.after)
			r := j.waitStatus(func(r *status.Report) bool { return r.State == "FAILED" })
			if r.Reason != string(halt.TextUndecodable) || !strings.Contains(r.Detail, "public.t") || !strings.Contains(r.Detail, "id = 77") || r.Fix == "" {
				t.Errorf("%s: %s (%s)", r.Reason, r.Detail, r.Fix)
			}
		})
	}
}

// A filter would be asked of a server that does not know the encoding: it is refused.
func TestAFilterOverTextsOfAnotherEncodingHalts(t *testing.T) {
	t.Parallel()
	j := asciiJob(t, "LATIN1", `create table t (id int primary key, v text)`)
	j.config.Filter = func(ident.Name) string { return "v > 'a'" }
	j.start()
	j.waitHalt(halt.FilterRefused)
}
