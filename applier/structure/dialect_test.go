package structure

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/pgtest/shim"
)

// polar is a source with objects of the kinds that only PolarDB-O has, and a table with its hidden row id.
func polar() []string {
	return []string{"CREATE SCHEMA app; CREATE SCHEMA pay; CREATE SCHEMA addr", shim.GetDDL, shim.Catalogs, shim.RowID("app.emp", "id int PRIMARY KEY, name text"), "CREATE VIEW app.names AS SELECT name FROM app.emp",
		shim.Nest("pay", "app", "  x NUMBER;", "  y NUMBER;"), shim.Synonym("90001", "app", "staff", "app", "emp", ""),
		shim.ObjectType("addr", "app", "CREATE OR REPLACE TYPE addr AS OBJECT (street VARCHAR2(9))")}
}

// What a plain target has no kind for is reported with its source; all else is made, the table without
// its row id.
func TestAPlainTargetReportsKindsThatItLacks(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, polar(), nil)
	report := p.all()
	wantCodes(t, report, "object type app.addr: not-copied", "package app.pay: not-copied", "package body app.pay: not-copied", "synonym app.staff: not-copied")
	p.wantValue("SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'app.emp'::regclass AND attnum > 0", "id name")
	p.wantValue("SELECT count(*)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'app'", "3") // with its key and the view
	for _, f := range p.script.Facts {
		if f.Object == "package app.pay" && (!strings.Contains(f.Source, "PACKAGE app.pay IS\n  x NUMBER;\nEND") || !strings.Contains(f.Reason, "the target is PostgreSQL")) {
			t.Errorf("%+v", f)
		}
	}
}

// A target of the same dialect is given the statements. The shim has the catalogs and not the parser: it
// refuses each, which shows what was sent, and is reported.
func TestATargetOfTheSameDialectIsAsked(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{Target: dialect.Dialect{Name: "PolarDB-O", Speech: dialect.PolarO}}, polar(), nil)
	wantCodes(t, p.all(), "object type app.addr: 42601", "package app.pay: 42601", "package body app.pay: 42601", "synonym app.staff: 42601")
	var made []string
	for _, s := range p.script.Before {
		if strings.Contains(s.SQL, "PACKAGE") || strings.Contains(s.SQL, "OBJECT") || strings.Contains(s.SQL, "SYNONYM") {
			made = append(made, s.SQL)
		}
	}
	want := []string{"CREATE OR REPLACE TYPE app.addr AS OBJECT (street VARCHAR2(9))", "CREATE OR REPLACE SYNONYM app.staff FOR app.emp", "CREATE OR REPLACE PACKAGE app.pay IS\n  x NUMBER;\nEND", "CREATE OR REPLACE PACKAGE BODY app.pay IS\n  y NUMBER;\nEND"}
	if !slices.Equal(made, want) {
		t.Errorf("sent %q", made)
	}
}

// IvorySQL does not run what PolarDB-O wrote.
func TestAnotherDialectIsNotAsked(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{Target: dialect.Dialect{Name: "IvorySQL", Speech: dialect.Ivory}}, polar(), nil)
	wantCodes(t, p.all(), "object type app.addr: not-copied", "package app.pay: not-copied", "package body app.pay: not-copied", "synonym app.staff: not-copied")
}

func TestAKindThatIsToFailStopsTheJob(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{Unsupported: Failing}, polar(), nil)
	_, err := p.install(InstallOptions{})
	var h *halt.Error
	if !errors.As(err, &h) || !strings.Contains(h.Fix, "init.structure.unsupported") || !strings.Contains(err.Error(), "object type app.addr") {
		t.Errorf("%v", err)
	}
}

// Types that only the source's dialect has become plain ones on a plain target, and stay on one of its own;
// a user's own type of such a name stays too.
func TestTypesOfADialectBecomePlainOnes(t *testing.T) {
	t.Parallel()
	table := func() *catalog.Database {
		def := &catalog.TableDef{Name: ident.Name{Schema: "app", Name: "t"}, OID: 7, ReplicaIdentity: "d", Columns: []catalog.TableColumn{
			{Attnum: 1, Name: "a", Type: ident.Name{Schema: "sys", Name: "number"}, SQL: "sys.number(9,2)"},
			{Attnum: 2, Name: "b", Type: ident.Name{Schema: "sys", Name: "date"}, SQL: "sys.date"},
			{Attnum: 3, Name: "c", Type: ident.Name{Schema: "pg_catalog", Name: "date"}, SQL: "date"}}}
		return catalog.NewDatabase(0, []catalog.Definition{{Kind: catalog.KindTable, OID: 7, Name: def.Name, Body: def}})
	}
	for _, c := range []struct {
		o    Options
		more []catalog.Definition
		want string
	}{
		{Options{}, nil, "\"a\" pg_catalog.numeric(9,2),\n\t\"b\" pg_catalog.timestamp(0),\n\t\"c\" date"},
		{Options{Target: dialect.Dialect{Speech: dialect.PolarO}}, nil, "\"a\" sys.number(9,2),\n\t\"b\" sys.date,\n\t\"c\" date"},
		{Options{}, []catalog.Definition{{Kind: catalog.KindDomain, OID: 8, Name: ident.Name{Schema: "sys", Name: "number"}, Body: &catalog.DomainDef{Base: "integer"}}},
			"\"a\" sys.number(9,2),\n\t\"b\" pg_catalog.timestamp(0),\n\t\"c\" date"},
	} {
		db := table()
		plan := printed(Plan(catalog.NewDatabase(0, append(c.more, db.Definitions...)), c.o))
		if want := strings.ReplaceAll(c.want, "\n", "\n    "); !strings.Contains(strings.ReplaceAll(plan, `"`, ""), strings.ReplaceAll(want, `"`, "")) {
			t.Errorf("%+v:\n%s", c.o.Target, plan)
		}
		// Followed, too: a column that is added has the plain type.
		was := table()
		was.Tables()[0].Columns = was.Tables()[0].Columns[1:]
		if diff := printed(Diff(was, table(), nil, Options{})); !strings.Contains(diff, "pg_catalog.numeric(9,2)") {
			t.Errorf("a new column is added as\n%s", diff)
		}
	}
}

// A view stands for a synonym, takes rows, and is in the way of no later change of what it stands for:
// columns that go, come and are retyped, the table dropped and made anew, or gone.
func TestAViewStandsForASynonym(t *testing.T) {
	t.Parallel()
	setup := append(polar(), shim.Synonym("90002", "", "everybody", "app", "names", ""), shim.Synonym("90003", "app", "far", "hr", "emp", "there"), shim.Synonym("90004", "app", "nothing", "app", "gone", ""))
	p := newPair(t, Options{Unsupported: Substituted}, setup, nil)
	p.db = nil
	wantCodes(t, p.must("SELECT"), "object type app.addr: not-copied", "package app.pay: not-copied", "package body app.pay: not-copied", "synonym app.far: not-copied", "synonym app.nothing: not-copied",
		"synonym app.staff: substituted", "synonym everybody: substituted")
	p.exec("INSERT INTO app.staff VALUES (1, 'a') ON CONFLICT (id) DO NOTHING")
	p.wantValue("SELECT string_agg(name, ' ') FROM public.everybody", "a")
	const columns = "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attname <> 'rowid' AND attrelid = "
	for _, change := range []string{
		"ALTER TABLE app.emp ADD COLUMN wage int", "DROP VIEW app.names; ALTER TABLE app.emp DROP COLUMN name", "ALTER TABLE app.emp ALTER COLUMN wage TYPE bigint",
		"ALTER TABLE app.emp RENAME COLUMN wage TO pay", "ALTER TABLE app.emp RENAME TO gone", "ALTER TABLE app.gone RENAME TO emp",
		"DROP TABLE app.emp; " + shim.RowID("app.emp", "id int PRIMARY KEY, pay bigint"),
	} {
		p.must(change)
		if strings.HasSuffix(change, "TO gone") {
			p.wantValue("SELECT to_regclass('app.staff') IS NULL", "true")
			p.wantValue("SELECT to_regclass('app.nothing') IS NOT NULL", "true") // it names something now
			continue
		}
		var want string
		if err := p.source.QueryRow(t.Context(), columns+"'app.emp'::regclass").Scan(&want); err != nil {
			t.Fatal(err)
		}
		p.wantValue(columns+"'app.staff'::regclass", want)
		p.wantValue("SELECT to_regclass('app.nothing') IS NULL", "true")
	}
	if again := p.must("SELECT"); again.Created != 0 {
		t.Errorf("%d steps were run again", again.Created)
	}
	p.must("DROP TABLE app.emp")
	p.wantValue("SELECT count(*)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('app', 'public')", "0")
}

// What an application of the target has built upon such a view is not dropped with it: the change stops, by
// name.
func TestAViewUponASubstituteStopsItsChange(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{Unsupported: Substituted}, polar(), nil)
	p.db = nil
	p.must("SELECT")
	p.exec("CREATE VIEW public.report AS SELECT name FROM app.staff")
	p.must("ALTER TABLE app.emp ADD COLUMN wage int")
	p.wantValue("SELECT count(*)::text FROM public.report", "0")
	p.wantValue("SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'app.emp'::regclass AND attnum > 0", "id name wage")
}
