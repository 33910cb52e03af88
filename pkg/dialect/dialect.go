// Package dialect says what a server is by what it has and what it does, never by the name of its version.
// Facts are what it answered to one query; Decide makes of them what floe does differently there. Both the
// readers of catalogs and the sessions' settings follow from it.
//
// PolarDB-O cannot be run by floe's tests: what is not seen on a real server stands in docs/support.md.
package dialect

// Speech is the language that a server's own kinds of objects are defined in. What one server wrote in it
// another runs that has the same one.
type Speech string

// The speeches. Plain servers have no kinds beside PostgreSQL's.
const (
	Plain  Speech = ""
	PolarO Speech = "polardb-o"
	Ivory  Speech = "ivorysql"
)

// Facts are a server's answers. A setting that it does not have is nil.
type Facts struct {
	PolarVersion, PolarMode, NLSDate           *string
	ImplicitCommit, StatementRollback          *string
	IvoryMode, IvoryDatabase, IvoryCase        *string
	Synonyms, PackageHeads, Nested, NestedType bool // pg_synonym; edb_get_package…def; pg_namespace.nspparent, nspobjecttype
	Packages                                   bool // pg_package and pg_package_body
	Sources, DictionarySynonyms, GetDDL        bool // sys.dba_source, sys.dba_synonyms, dbms_metadata.get_ddl
	RowID                                      bool // polar_is_sys_rowid
	Languages                                  []string
	EmptyIsNull                                bool // '' IS NULL
}

// Setting is one that floe's sessions need another value of than the server's.
type Setting struct{ Name, Value string }

// Dialect is what floe does differently on a server. The zero value is a plain one.
//
//   - Of the three ways to read definitions (EPAS-like catalogs, IvorySQL's, dictionary views) at most one
//     is on for a kind.
type Dialect struct {
	Name   string // for people
	Speech Speech
	// Nested: rows of pg_namespace with an nspparent are packages, not schemas. NestedType tells them from
	// other nested ones.
	Nested, NestedType bool
	// Synonyms and Packages are in EPAS-like catalogs, IvoryPackages in IvorySQL's. The other three are
	// dictionary views, and the function that describes types.
	Synonyms, Packages, IvoryPackages         bool
	ViewedSynonyms, ViewedPackages, Described bool
	// HiddenRowID: tables may have a column that SELECT * hides and rows of the stream bear.
	HiddenRowID bool
	// EmptyIsNull: the server takes '' for NULL, and no setting of floe's sessions keeps it from that.
	EmptyIsNull bool
	// FoldsNames: names that differ only in case may be one.
	FoldsNames bool
	// Pins are what floe's sessions are started with.
	Pins []Setting
}

// formats show DATE with its time: by default an Oracle-mode server cuts it off in all that it sends.
var formats = []Setting{
	{"nls_date_format", "YYYY-MM-DD HH24:MI:SS"},
	{"nls_timestamp_format", "YYYY-MM-DD HH24:MI:SS.FF6"},
	{"nls_timestamp_tz_format", "YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM"},
}

// Decide makes a Dialect of a server's answers.
func Decide(f Facts) Dialect {
	d := Dialect{
		Nested: f.Nested, NestedType: f.Nested && f.NestedType, Synonyms: f.Synonyms, Packages: f.PackageHeads && f.Nested,
		IvoryPackages: f.Packages, HiddenRowID: f.RowID, EmptyIsNull: f.EmptyIsNull,
		FoldsNames: has(f.IvoryCase) && *f.IvoryCase != "normal" || value(f.PolarMode) == "ora",
	}
	d.ViewedSynonyms = f.DictionarySynonyms && !d.Synonyms
	d.ViewedPackages = f.Sources && !d.Packages && !d.IvoryPackages
	d.Described = f.GetDDL && !d.IvoryPackages
	d.Name, d.Speech = named(f, d)
	d.Pins = pins(f)
	return d
}

func named(f Facts, d Dialect) (string, Speech) {
	own := d.Synonyms || d.Packages || d.ViewedSynonyms || d.ViewedPackages
	switch {
	case has(f.IvoryDatabase) && f.Packages:
		return "IvorySQL", Ivory
	case has(f.PolarVersion) && (own || f.NLSDate != nil || value(f.PolarMode) == "ora"):
		return "PolarDB-O", PolarO
	case has(f.PolarVersion):
		return "PolarDB for PostgreSQL", Plain
	case own:
		return "a server with PolarDB-O's catalogs", PolarO
	}
	return "PostgreSQL", Plain
}

// pins are set only where the server has them: a plain one ends a session that is started with a setting
// without a dot that it does not know.
//
// Implicit commits would tear a change of structure from the checkpoint that stands in its transaction;
// a rollback of the failed statement alone would let a transaction commit without it.
func pins(f Facts) []Setting {
	var out []Setting
	if f.NLSDate != nil {
		out = append(out, formats...)
	}
	if on(f.ImplicitCommit) {
		out = append(out, Setting{"polar_enable_ddl_implicit_commit", "off"})
	}
	if on(f.StatementRollback) {
		out = append(out, Setting{"polar_enable_stmt_transaction_rollback", "off"})
	}
	if has(f.IvoryDatabase) { // its own parser would take '' for NULL and quoted names for upper case
		out = append(out, Setting{"ivorysql.compatible_mode", "pg"}, Setting{"ivorysql.identifier_case_switch", "normal"})
	}
	return out
}

func on(s *string) bool  { return s != nil && *s != "off" }
func has(s *string) bool { return s != nil && *s != "" }

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
