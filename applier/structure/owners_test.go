package structure

import (
	"slices"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/pgtest"
)

const ownersSQL = `SELECT string_agg(c.relname || ' ' || pg_get_userbyid(c.relowner), ', ' ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v')`

// Owners follow, with their tables' sequences, also those that come later; the server's own superuser stands
// for floe's role.
func TestOwnersFollow(t *testing.T) {
	t.Parallel()
	roles(t, pgtest.Shared(t))
	p := begun(t, `CREATE TABLE t (id serial PRIMARY KEY, v text); CREATE VIEW w AS SELECT id FROM t; CREATE SEQUENCE s;
		ALTER TABLE t OWNER TO floe_writer; ALTER VIEW w OWNER TO floe_reader; ALTER SEQUENCE s OWNER TO floe_reader`, ``)
	p.same()
	want := func(sql, want string) {
		t.Helper()
		wantCodes(t, p.must(sql), "roles floe_reader, floe_writer: not-copied")
		if got := p.value(ownersSQL); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
		p.same()
	}
	want("SELECT", "s floe_reader, t floe_writer, t_id_seq floe_writer, w floe_reader")
	want("ALTER TABLE t ADD n serial", "s floe_reader, t floe_writer, t_id_seq floe_writer, t_n_seq floe_writer, w floe_reader")
	want("ALTER TABLE t OWNER TO floe_reader; ALTER VIEW w OWNER TO postgres; ALTER SEQUENCE s OWNER TO floe_writer", "s floe_writer, t floe_reader, t_id_seq floe_reader, t_n_seq floe_reader, w postgres")
	want("DROP VIEW w; CREATE VIEW w AS SELECT v FROM t; ALTER VIEW w OWNER TO floe_writer", "s floe_writer, t floe_reader, t_id_seq floe_reader, t_n_seq floe_reader, w floe_writer")
}

// An owner that the target does not know, or whose rights floe's role lacks, is reported: the object stays
// floe's, for its rows must go on.
func TestAnOwnerThatCannotBeIsReported(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	roles(t, server)
	p := newPair(t, Options{}, []string{`CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)`}, nil)
	defs := slices.Clone(p.db.Definitions)
	for i := range defs {
		switch {
		case defs[i].Kind == catalog.KindTable && defs[i].Name.Name == "t":
			defs[i].Owner = `x$floe$"'; DROP SCHEMA floe CASCADE; --`
		case defs[i].Kind == catalog.KindTable:
			defs[i].Owner = "floe_writer"
		}
	}
	p.script = Plan(catalog.NewDatabase(0, defs), p.options)
	p.exec("CREATE ROLE floe_plain; GRANT ALL ON SCHEMA public, floe TO floe_plain; SET ROLE floe_plain")
	report, err := p.install(InstallOptions{})
	p.exec("RESET ROLE; DROP OWNED BY floe_plain; DROP ROLE floe_plain")
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, report, "table public.t: 42704", "table public.u: 42501")
}
