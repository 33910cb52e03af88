package precheck

import (
	"strings"
	"testing"

	"floe/pkg/pgtest"
	"floe/pkg/pgtest/shim"
)

// What both servers are is said, also when it is nothing special; that one takes ” for NULL is a warning
// on the target and keeps floe from a source.
func TestDialectsAreSaid(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	polar := map[string]string{"nls_date_format": "DD-MON-YY", "nls_timestamp_format": "x", "nls_timestamp_tz_format": "x", "polar_version": "1.1.9"}
	plain, dressed := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)"), pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)", shim.Catalogs)
	source := shim.Dress(t, dressed, &shim.Dressed{Defaults: polar})
	r := check(t, source, pgtest.NewDB(t, s), "")
	for _, c := range []provoked{{code: "S-VERSION", severity: OK, says: "PolarDB-O, server version"}, {code: "T-VERSION", severity: OK, says: "PostgreSQL, server version"}} {
		if at(r, c) == nil {
			t.Errorf("%s is not said: %+v", c.says, r.Checks)
		}
	}
	empty := &shim.Dressed{EmptyIsNull: true}
	r = check(t, plain, shim.Dress(t, pgtest.NewDB(t, s), empty), "")
	if c := at(r, provoked{code: "T-VERSION", severity: Warn, says: "takes '' for NULL"}); c == nil || !strings.Contains(c.Fix, "setting") {
		t.Errorf("a target that takes '' for NULL: %+v", c)
	}
	r = check(t, shim.Dress(t, plain, &shim.Dressed{EmptyIsNull: true}), pgtest.NewDB(t, s), "")
	if at(r, provoked{code: "S-VERSION", severity: Fail, says: "takes '' for NULL"}) == nil {
		t.Error("a source that takes '' for NULL passes")
	}
}

// What becomes of synonyms and packages on a plain target is said before the start, as the job file has it.
func TestWhatThePlainTargetLacksIsSaid(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, "CREATE SCHEMA app; CREATE SCHEMA pay", shim.Catalogs, "CREATE TABLE app.emp (id int PRIMARY KEY)", shim.Nest("pay", "app", "  x NUMBER;", "  y NUMBER;"),
		shim.Synonym("90001", "app", "staff", "app", "emp", ""), shim.Synonym("90002", "app", "far", "hr", "emp", "there"))
	target := pgtest.NewDB(t, s)
	const stays = "package app.pay, package body app.pay"
	for policy, want := range map[string][]provoked{
		"":           {{code: "O-KIND-UNSUPPORTED", severity: Warn, says: "synonym app.staff"}},
		"report":     {{code: "O-KIND-UNSUPPORTED", severity: Warn, says: stays}},
		"fail":       {{code: "O-KIND-UNSUPPORTED", severity: Fail, says: stays}},
		"substitute": {{code: "O-KIND-UNSUPPORTED", severity: Notice, says: "views of their names stand for them: synonym app.staff"}, {code: "O-KIND-UNSUPPORTED", severity: Warn, says: "no such kinds: synonym app.far, " + stays}},
	} {
		yaml := ""
		if policy != "" {
			yaml = "init: {structure: {unsupported: " + policy + "}}\n"
		}
		r := check(t, source, target, yaml)
		for _, c := range want {
			if at(r, c) == nil {
				t.Errorf("%q: %+v is not said: %+v", policy, c, r.Checks)
			}
		}
	}
}
