package structure

import (
	"slices"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// lacking are things that a target may lack, or have otherwise: what the source has, what the target has, who
// makes it there (empty: a superuser), and what is then said.
var lacking = []struct {
	name, source, target, role string
	object, code, fix          string
	lost                       catalog.Kind // definitions of this kind are not on the target
}{
	{name: "type", source: `CREATE TYPE e AS ENUM ('a'); CREATE VIEW v AS SELECT 'a'::e AS e`, lost: catalog.KindEnum, object: "view public.v", code: "42704", fix: "make what is missing"},
	{name: "function", source: `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT f() AS f`, lost: catalog.KindFunction, object: "view public.v", code: "42883", fix: "make what is missing"},
	{name: "schema", source: `CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1 AS x`, target: `CREATE SCHEMA s`, role: "floe_nobody", object: "view s.v", code: "42501", fix: "give floe's role the right"},
	{name: "column", source: `CREATE VIEW v AS SELECT more FROM t`, target: `CREATE TABLE t (id int PRIMARY KEY, v text)`, object: "view public.v", code: "42703", fix: "make what is missing"},
	{name: "privilege for a cast", source: `CREATE CAST (boolean AS date) WITH INOUT`, role: "floe_nobody", object: "cast (boolean AS date)", code: "42501", fix: "give floe's role the right"},
	{name: "privilege for a wrapper", source: `CREATE FOREIGN DATA WRAPPER w`, role: "floe_nobody", object: "foreign data wrapper w", code: "42501", fix: "give floe's role the right"},
	{name: "another view", source: `CREATE VIEW v AS SELECT 1 AS x`, target: `CREATE VIEW v AS SELECT 2 AS x`, object: "view public.v", code: CodeDiffers, fix: "change it by hand"},
	{name: "another function", source: `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, target: `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'`, object: "function public.f()", code: CodeDiffers, fix: "change it by hand"},
	{name: "another type", source: `CREATE TYPE e AS ENUM ('a')`, target: `CREATE TYPE e AS ENUM ('b')`, object: "enum public.e", code: CodeDiffers, fix: "change it by hand"},
	{name: "another index", source: `CREATE INDEX i ON t (v)`, target: `CREATE TABLE other (v text); CREATE INDEX i ON other (v)`, object: "index public.i", code: CodeDiffers, fix: "change it by hand"},
	{name: "rows", source: `ALTER TABLE t ADD CONSTRAINT k CHECK (id < 2)`, object: "constraint k on public.t", code: "23514", fix: "do not fit it"},
}

// Whatever the target lacks that rows do without is reported with its object, SQLSTATE and what to do, and
// everything else is made.
func TestWhatTheTargetLacksIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range lacking {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, Options{}, []string{`CREATE TABLE t (id int PRIMARY KEY, v text, more int)`, c.source, `CREATE VIEW others AS SELECT id FROM t`}, []string{"SELECT", c.target})
			without := func(s Statement) bool { return c.lost != "" && strings.HasPrefix(s.ID, string(c.lost)+"/") }
			p.script.Before = slices.DeleteFunc(p.script.Before, without)
			if c.role != "" {
				p.asOwner(c.role)
			}
			report, err := p.install(InstallOptions{Proceed: true})
			if err != nil {
				t.Fatal(err)
			}
			p.exec(`INSERT INTO public.t (id) VALUES (1), (2)`)
			more, err := p.finish(func(ident.Name) bool { return true })
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, f := range append(report.Facts, more.Facts...) {
				found = found || f.Object == c.object && f.Code == c.code && strings.Contains(f.Reason, c.fix) && (f.State == Existing || f.Source != "")
			}
			if !found {
				t.Errorf("reported %+v %+v, want %s: %s … %s", report.Facts, more.Facts, c.object, c.code, c.fix)
			}
			p.wantValue("SELECT count(*) FROM public.others", "2")
		})
	}
}

// An extension whose files the target's server does not have is reported with what to install, and its comment with it.
func TestAnExtensionThatIsNotThereIsReported(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TABLE t (id int PRIMARY KEY)`}, nil)
	defs := append(slices.Clone(p.db.Definitions), catalog.Definition{Kind: catalog.KindExtension, OID: 99999, Name: ident.Name{Name: "not_there"}, Body: &catalog.ExtensionDef{Schema: "public", Version: "1.0"}, Comments: []catalog.Comment{{Text: "says"}}})
	p.script = Plan(catalog.NewDatabase(0, defs), p.options)
	report, err := p.install(InstallOptions{})
	if err != nil || len(report.Facts) != 2 || !strings.Contains(report.Facts[0].Reason, "install its files") || report.Facts[0].Object != "extension not_there" || len(report.Facts[0].Code) != 5 || report.Facts[1].Code != "42704" {
		t.Errorf("%+v, %v", report.Facts, err)
	}
	p.wantValue("SELECT count(*) FROM public.t", "0")
}

// Who does not own an extension that is there may not say anything of it: where it has the source's comment already,
// nothing is amiss.
func TestAnExtensionOfAnothersIsReportedOnlyIfItsCommentDiffers(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string][]string{"": nil, "COMMENT ON EXTENSION citext IS 'ours'": {"extension citext: 42501"}, "COMMENT ON EXTENSION citext IS NULL": {"extension citext: 42501"}} {
		p := newPair(t, Options{}, []string{`CREATE EXTENSION citext; ` + comment}, []string{`CREATE EXTENSION citext`})
		p.asOwner("floe_no_extension")
		report, err := p.install(InstallOptions{Proceed: true})
		if err != nil {
			t.Fatal(err)
		}
		wantCodes(t, report, want...)
	}
}

// asOwner has the target belong to a role that is no superuser, and be worked on by it.
func (p *pair) asOwner(role string) {
	p.t.Helper()
	p.exec(`DO $$ BEGIN CREATE ROLE ` + role + `; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
	p.exec(`GRANT ALL ON SCHEMA public, floe TO ` + role + `; SET ROLE ` + role)
}
