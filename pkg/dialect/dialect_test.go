package dialect_test

import (
	"reflect"
	"strings"
	"testing"

	"floe/pkg/dialect"
	"floe/pkg/pgtest"
	"floe/pkg/pgtest/shim"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func text(s string) *string { return &s }

// What a server is follows from what it has. The facts of PolarDB-O and IvorySQL are written from their
// makers' pages and sources: none of these servers was run.
func TestADialectFollowsFromFacts(t *testing.T) {
	t.Parallel()
	nls := "nls_date_format nls_timestamp_format nls_timestamp_tz_format"
	for _, c := range []struct {
		name         string
		facts        dialect.Facts
		want         string
		speech       dialect.Speech
		pins         string
		folds, views bool
	}{
		{"plain", dialect.Facts{}, "PostgreSQL", dialect.Plain, "", false, false},
		{"plain with a user's setting of that name", dialect.Facts{IvoryMode: text("pg"), IvoryCase: text("")}, "PostgreSQL", dialect.Plain, "", false, false},
		{"PolarDB for PostgreSQL", dialect.Facts{PolarVersion: text("2.0.14.5"), PolarMode: text("pg")}, "PolarDB for PostgreSQL", dialect.Plain, "", false, false},
		{"PolarDB-O 1.0", dialect.Facts{PolarVersion: text("1.1.9"), NLSDate: text("DD-MON-YY"), Synonyms: true, PackageHeads: true, Nested: true, RowID: true},
			"PolarDB-O", dialect.PolarO, nls, false, false},
		{"PolarDB-O 2.0 that commits DDL by itself", dialect.Facts{PolarVersion: text("2.0.14.5"), PolarMode: text("ora"), NLSDate: text("YYYY-MM-DD"),
			ImplicitCommit: text("on"), StatementRollback: text("on"), Sources: true, DictionarySynonyms: true, GetDDL: true},
			"PolarDB-O", dialect.PolarO, nls + " polar_enable_ddl_implicit_commit polar_enable_stmt_transaction_rollback", true, true},
		{"IvorySQL", dialect.Facts{IvoryMode: text("oracle"), IvoryDatabase: text("oracle"), IvoryCase: text("interchange"), NLSDate: text("YYYY-MM-DD"), Packages: true},
			"IvorySQL", dialect.Ivory, nls + " ivorysql.compatible_mode ivorysql.identifier_case_switch", true, false},
		{"settings that are off already stay", dialect.Facts{PolarVersion: text("1"), ImplicitCommit: text("off"), StatementRollback: text("off")}, "PolarDB for PostgreSQL", dialect.Plain, "", false, false},
	} {
		d := dialect.Decide(c.facts)
		var pins []string
		for _, p := range d.Pins {
			pins = append(pins, p.Name)
		}
		if d.Name != c.want || d.Speech != c.speech || strings.Join(pins, " ") != c.pins || d.FoldsNames != c.folds || d.ViewedPackages != c.views || d.ViewedSynonyms != c.views {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

func TestAPlainServerAndTheShimAreToldApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  []string
		want dialect.Dialect
	}{
		{nil, dialect.Dialect{Name: "PostgreSQL"}},
		{[]string{shim.Catalogs}, dialect.Dialect{Name: "a server with PolarDB-O's catalogs", Speech: dialect.PolarO, Nested: true, NestedType: true, Synonyms: true, Packages: true, HiddenRowID: true}},
	} {
		conn, err := pgx.Connect(t.Context(), pgtest.NewDB(t, pgtest.Shared(t), c.sql...))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		got, err := dialect.Of(t.Context(), conn)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v, %v; want %+v", got, err, c.want)
		}
	}
}
