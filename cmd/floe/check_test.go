package main

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"floe/pkg/pgtest"
)

// Warnings end a check by 4 if they are to, unless somebody knows of them and says why; what keeps the job from starting
// ends it by 3 whatever is said of it, and its SQL passes it.
func TestAStrictCheckEndsByItsWarnings(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source, target := pgtest.NewDB(t, s, "create unlogged table u (id int primary key)"), pgtest.NewDB(t, s, "create table u (id int primary key)")
	at := file(t, "job.yaml", fmt.Sprintf("name: strict\nsource: {url: %q}\ntarget: {url: %q}\n", source, target))
	warns := []string{"check", "-f", at, "--only", "O-UNLOGGED"}
	both := []string{"check", "-f", at, "--only", "O-UNLOGGED,O-TARGET-EXISTS", "--strict", "--ignore", "O-UNLOGGED=a cache", "--ignore", "O-TARGET-EXISTS=never mind"}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{warns, codeOK, `sql: ALTER TABLE "public"."u" SET LOGGED;`},
		{append(warns, "--strict"), codeWarned, "1 warning"},
		{append(warns, "--strict", "--ignore", "O-UNLOGGED=a cache"), codeOK, "(ignored: a cache)"},
		{append(warns, "--strict", "-o", "json"), codeWarned, `"result":"warnings"`},
		{append(warns, "--fix-sql", "-"), codeOK, "-- on the source, as its superuser or the objects' owner"},
		{both, codePrecheck, "(cannot be ignored)"},
	} {
		if code, out, errOut := floe(t, c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%v ended with %d, want %d and %q: %s%s", c.args, code, c.code, c.says, out, errOut)
		}
	}
	code, out, _ := floe(t, "check", "-f", at, "--only", "O-UNLOGGED,O-TARGET-EXISTS", "-o", "junit")
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal([]byte(out), &suite); err != nil || code != codePrecheck || suite.Tests != 2 || suite.Failures != 1 {
		t.Errorf("as junit: %v, code %d, %+v: %s", err, code, suite, out)
	}
	query(t, source, "alter table u set logged")
	query(t, target, "alter table u rename to theirs")
	if code, out, errOut := floe(t, "check", "-f", at, "--only", "O-UNLOGGED,O-TARGET-EXISTS", "--strict"); code != codeOK {
		t.Errorf("once mended it ends with %d: %s%s", code, out, errOut)
	}
}
