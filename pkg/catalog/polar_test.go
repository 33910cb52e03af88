package catalog

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"floe/pkg/dialect"
	"floe/pkg/ident"
	"floe/pkg/pgtest/shim"
)

// The row id that the server hides is in rows of the stream and nowhere else: not among the columns, not as
// a key, and its index and sequence are no objects. A user's own column of that name is data.
func TestHiddenRowIDIsNoColumn(t *testing.T) {
	t.Parallel()
	conn := source(t, "CREATE SCHEMA app", shim.Catalogs, shim.RowID("app.keyless", "name text"), shim.RowID("app.keyed", "id int PRIMARY KEY, name text"),
		"CREATE TABLE app.own (rowid bigint PRIMARY KEY, name text)",
		shim.RowID("app.part", "id int")+"CREATE TABLE app.parted (rowid bigint NOT NULL, id int) PARTITION BY LIST (id); ALTER TABLE app.parted ATTACH PARTITION app.part FOR VALUES IN (1)")
	d, err := dialect.Of(t.Context(), conn)
	if err != nil || d.Speech != dialect.PolarO || !d.HiddenRowID || !d.Nested {
		t.Fatalf("the shim is taken for %+v, %v", d, err)
	}
	db := mustRead(t, conn, Selection{Everything: true})
	for table, want := range map[string]string{"keyless": "name", "keyed": "id name", "own": "rowid name", "parted": "id", "part": "id"} {
		def := db.Table(in("app", table))
		var columns []string
		for _, c := range def.Columns {
			columns = append(columns, c.Name)
		}
		if got := strings.Join(columns, " "); got != want {
			t.Errorf("%s has columns %s, want %s", table, got, want)
		}
		if hidden := strings.Join(def.Hidden, " "); hidden != map[bool]string{true: "rowid"}[table != "own"] {
			t.Errorf("%s hides %q", table, hidden)
		}
	}
	if id := db.Table(in("app", "keyless")).Identity(); len(id.Columns) > 0 || id.Want != ReplicaFull {
		t.Errorf("the row id is taken for a key: %+v", id)
	}
	if id := db.Table(in("app", "own")).Identity(); !slices.Equal(id.Columns, []string{"rowid"}) {
		t.Errorf("a user's own key is not taken: %+v", id)
	}
	for _, o := range listed(db) {
		if strings.HasPrefix(o, "index polar_rowid") || strings.HasSuffix(o, "_rowid_seq") {
			t.Errorf("%s was read", o)
		}
	}
}

// texts are the objects of kinds that only Oracle-mode servers have.
func texts(db *Database) map[string]*TextDef {
	out := map[string]*TextDef{}
	for _, d := range db.Definitions {
		switch d.Kind {
		case KindSynonym, KindPackage, KindPackageBody, KindObjectType:
			out[string(d.Kind)+" "+d.Name.String()] = d.Body.(*TextDef)
		}
	}
	return out
}

func wantTexts(t *testing.T, db *Database, speech dialect.Speech, want map[string]string) {
	t.Helper()
	got := texts(db)
	for name, sql := range want {
		if d := got[name]; d == nil || d.SQL != sql || d.Speech != speech && sql != "" {
			t.Errorf("%s is %+v, want %s", name, d, sql)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s was read", name)
	}
	if len(db.Definitions) == 0 {
		t.Error("nothing was read")
	}
	for _, d := range db.Definitions {
		text, err := Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Decode(d.Kind, text); err != nil || !reflect.DeepEqual(d, back) {
			t.Errorf("%s does not come back: %v", d.Name, err)
		}
	}
}

// A package is a row of pg_namespace: it is no schema, what it holds is its own, and its text is what the
// server gives, whole or from IS to END.
func TestEPASCatalogsAreRead(t *testing.T) {
	t.Parallel()
	conn := source(t, `CREATE SCHEMA app; CREATE SCHEMA pay; CREATE SCHEMA bare; CREATE SCHEMA "Odd"; CREATE SCHEMA addr;
		CREATE FUNCTION pay.member() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION app.free() RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE TYPE pay.inner_type AS ENUM ('x'); CREATE TABLE app.emp (id int PRIMARY KEY)`, shim.Catalogs,
		shim.Nest("pay", "app", "CREATE OR REPLACE PACKAGE app.pay IS\n  FUNCTION member RETURN NUMBER;\nEND", "CREATE OR REPLACE PACKAGE BODY app.pay IS\n  FUNCTION member RETURN NUMBER IS BEGIN RETURN 1; END;\nEND"),
		shim.Nest("bare", "app", "  x NUMBER;", ""), shim.Nest("Odd", "app", "package \"Odd\" is end;", ""), shim.Nest("addr", "app", "", ""),
		"SET allow_system_table_mods = on; UPDATE pg_namespace SET nspobjecttype = 1 WHERE nspname = 'addr'",
		shim.Synonym("90001", "app", "staff", "app", "emp", ""), shim.Synonym("90002", "", "Everybody", "app", "emp", ""),
		shim.Synonym("90003", "app", "far", "hr", "emp", "there"), shim.Synonym("90004", "app", "dangling", "app", "nothing", ""), shim.Synonym("700", "app", "servers_own", "sys", "dual", ""))
	db := mustRead(t, conn, Selection{Everything: true})
	wantTexts(t, db, dialect.PolarO, map[string]string{
		"synonym app.staff":      "CREATE OR REPLACE SYNONYM app.staff FOR app.emp",
		`synonym ""."Everybody"`: `CREATE OR REPLACE PUBLIC SYNONYM "Everybody" FOR app.emp`,
		"synonym app.far":        "CREATE OR REPLACE SYNONYM app.far FOR hr.emp@there",
		"synonym app.dangling":   "CREATE OR REPLACE SYNONYM app.dangling FOR app.nothing",
		"package app.pay":        "CREATE OR REPLACE PACKAGE app.pay IS\n  FUNCTION member RETURN NUMBER;\nEND",
		"package-body app.pay":   "CREATE OR REPLACE PACKAGE BODY app.pay IS\n  FUNCTION member RETURN NUMBER IS BEGIN RETURN 1; END;\nEND",
		"package app.bare":       "CREATE OR REPLACE PACKAGE app.bare IS\n  x NUMBER;\nEND",
		`package app."Odd"`:      `CREATE OR REPLACE PACKAGE app."Odd" is end;`,
		"object-type app.addr":   "",
	})
	all := listed(db)
	for _, o := range []string{"schema pay", "schema bare", "function member", "enum inner_type"} {
		if slices.Contains(all, o) {
			t.Errorf("%s was read: it is a package's", o)
		}
	}
	for _, o := range []string{"schema app", "function free", "table emp"} {
		if !slices.Contains(all, o) {
			t.Errorf("%s was not read", o)
		}
	}
	got := texts(db)
	if f := got["synonym app.staff"].For; f == nil || *f != in("app", "emp") {
		t.Errorf("the synonym stands for %v", f)
	}
	if got["synonym app.far"].For != nil || got["synonym app.dangling"].For != nil {
		t.Error("a synonym of what is not here stands for something")
	}
	schema := mustRead(t, conn, Selection{Tables: func(n ident.Name) bool { return n.Schema == "app" }, Schema: func(s string) bool { return s == "app" }})
	if n := len(texts(schema)); n != 8 { // the public synonym lies in no schema
		t.Errorf("the schema brings %d of them", n)
	}
	if n := len(texts(mustRead(t, conn, Selection{Tables: func(n ident.Name) bool { return n.Name == "emp" }}))); n != 0 {
		t.Errorf("the table alone brings %d of them", n)
	}
}

// The server describes an object type when it is asked; one that it does not is left out with its reason, and costs
// nothing else.
func TestObjectTypesAreDescribed(t *testing.T) {
	t.Parallel()
	conn := source(t, `CREATE SCHEMA app; CREATE SCHEMA addr; CREATE SCHEMA "List"; CREATE SCHEMA named; CREATE SCHEMA odd; CREATE SCHEMA unsaid; CREATE TABLE app.emp (id int PRIMARY KEY)`, shim.GetDDL, shim.Catalogs,
		shim.ObjectType("addr", "app", "\n  CREATE OR REPLACE TYPE addr AS OBJECT (\n  street VARCHAR2(9),\n  type NUMBER,\n  MEMBER FUNCTION whole RETURN VARCHAR2)\n\nCREATE OR REPLACE TYPE BODY addr AS\n  MEMBER FUNCTION whole RETURN VARCHAR2 IS BEGIN RETURN street; END;\nEND;\n"),
		shim.ObjectType("List", "app", `type "List" as table of number`), shim.ObjectType("named", "app", "CREATE TYPE app.named AS VARRAY(3) OF NUMBER"),
		shim.ObjectType("odd", "app", "-- not a word"), shim.ObjectType("unsaid", "app", ""))
	db := mustRead(t, conn, Selection{Everything: true})
	wantTexts(t, db, dialect.PolarO, map[string]string{
		"object-type app.addr":   "CREATE OR REPLACE TYPE app.addr AS OBJECT (\n  street VARCHAR2(9),\n  type NUMBER,\n  MEMBER FUNCTION whole RETURN VARCHAR2)\n\nCREATE OR REPLACE TYPE BODY app.addr AS\n  MEMBER FUNCTION whole RETURN VARCHAR2 IS BEGIN RETURN street; END;\nEND;",
		`object-type app."List"`: `CREATE OR REPLACE TYPE app."List" as table of number`,
		"object-type app.named":  "CREATE OR REPLACE TYPE app.named AS VARRAY(3) OF NUMBER",
		"object-type app.odd":    "", "object-type app.unsaid": "",
	})
	got := texts(db)
	if d := got["object-type app.unsaid"]; !strings.Contains(d.Absent, `object "unsaid" of type TYPE not found`) {
		t.Errorf("left out, because %q", d.Absent)
	}
	if d := got["object-type app.odd"]; !strings.Contains(d.Absent, "make it on the target by hand") {
		t.Errorf("left out, because %q", d.Absent)
	}
	if d := got["object-type app.addr"]; d.Address != "TYPE app.addr" || d.Absent != "" {
		t.Errorf("%+v", d)
	}
}

func TestIvoryCatalogsAreRead(t *testing.T) {
	t.Parallel()
	conn := source(t, "CREATE SCHEMA app", shim.Ivory, `SET allow_system_table_mods = on;
		INSERT INTO pg_package SELECT 80001, 'pay', oid, false, '  FUNCTION member RETURN NUMBER; END;' FROM pg_namespace WHERE nspname = 'app';
		INSERT INTO pg_package SELECT 900, 'dbms_output', oid, false, 'x' FROM pg_namespace WHERE nspname = 'app';
		INSERT INTO pg_package_body VALUES (80002, 80001, '  x NUMBER;')`)
	d, err := dialect.Of(t.Context(), conn)
	if err != nil || d.Speech != dialect.Ivory {
		t.Fatalf("%+v, %v", d, err)
	}
	wantTexts(t, mustRead(t, conn, Selection{Everything: true}), dialect.Ivory, map[string]string{
		"package app.pay": "CREATE OR REPLACE PACKAGE app.pay IS\n  FUNCTION member RETURN NUMBER; END;", "package-body app.pay": "CREATE OR REPLACE PACKAGE BODY app.pay IS\n  x NUMBER;\nEND",
	})
}

func TestDictionaryViewsAreRead(t *testing.T) {
	t.Parallel()
	conn := source(t, "CREATE SCHEMA app; CREATE TABLE app.emp (id int)", shim.Dictionary, `INSERT INTO sys.dba_source VALUES
		('ME', 'APP', 'PAY', 'PACKAGE', 2, '  x NUMBER;' || chr(10)), ('ME', 'APP', 'PAY', 'PACKAGE', 1, 'PACKAGE pay IS' || chr(10)), ('ME', 'APP', 'PAY', 'PACKAGE', 10, 'END;'),
		('ME', 'APP', 'PAY', 'PACKAGE BODY', 1, 'CREATE PACKAGE BODY pay IS END;'), ('SYS', 'SYS', 'STANDARD', 'PACKAGE', 1, 'x');
		INSERT INTO sys.dba_synonyms VALUES ('ME', 'APP', 'STAFF', 'ME', 'APP', 'EMP', NULL), ('PUBLIC', NULL, 'ALL_STAFF', 'ME', 'APP', 'EMP', NULL)`,
		"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$")
	db := mustRead(t, conn, Selection{Tables: func(n ident.Name) bool { return n.Schema == "app" }, Everything: true})
	got := texts(db)
	for name, sql := range map[string]string{
		"package app.pay": "CREATE OR REPLACE PACKAGE app.pay IS\n  x NUMBER;\nEND;", "package-body app.pay": "CREATE OR REPLACE PACKAGE BODY app.pay IS END;",
		"synonym app.staff": "CREATE OR REPLACE SYNONYM app.staff FOR app.emp", `synonym "".all_staff`: "CREATE OR REPLACE PUBLIC SYNONYM all_staff FOR app.emp",
	} {
		if d := got[name]; d == nil || d.SQL != sql || d.Speech != dialect.PolarO {
			t.Errorf("%s is %+v", name, d)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("also read: %v", got)
	}
}
