package precheck

import (
	"strings"
	"testing"

	"floe/pkg/pgtest"
)

// What a job can live with is named with its object, and keeps nothing from starting; a database
// with none of it is warned of nothing.
func TestWarningsNameTheirObjects(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, `CREATE TABLE keyless (a int)`, `CREATE TABLE full_already (a int)`, `ALTER TABLE full_already REPLICA IDENTITY FULL`,
		`CREATE TABLE uniq (a int NOT NULL UNIQUE)`, `CREATE TABLE nothing (a int PRIMARY KEY)`, `ALTER TABLE nothing REPLICA IDENTITY NOTHING`,
		`CREATE UNLOGGED TABLE un (a int PRIMARY KEY)`, `CREATE SCHEMA other`, `CREATE TABLE other.parent (a int PRIMARY KEY)`,
		`CREATE TABLE child (a int PRIMARY KEY, p int REFERENCES other.parent)`, `SELECT lo_from_bytea(0, '\x01')`,
		`CREATE TABLE part (a int) PARTITION BY RANGE (a)`, `CREATE TABLE part_1 PARTITION OF part DEFAULT`)
	latin := pgtest.NewDB(t, s)
	found := map[string]string{}
	r := check(t, source, latin, "objects: {include: [public]}\n")
	for _, c := range r.Checks {
		if c.Severity == Warn {
			found[c.Code] += c.Text + "\n"
			if c.Fix == "" {
				t.Errorf("%s has no remedy", c.Code)
			}
		}
	}
	for code, names := range map[string][]string{
		"O-KEY": {"public.keyless", "public.part"}, "O-REPLICA-IDENTITY": {"public.uniq", "public.nothing"}, "O-UNLOGGED": {"public.un"},
		"O-FK-OUTSIDE": {"public.child -> other.parent"}, "O-LARGE-OBJECT": {"large objects"},
	} {
		for _, n := range names {
			if !strings.Contains(found[code], n) {
				t.Errorf("%s says %q, not %s", code, found[code], n)
			}
		}
	}
	if strings.Contains(found["O-KEY"], "full_already") || strings.Contains(found["O-KEY"], "part_1") || strings.Contains(found["O-KEY"], "uniq") {
		t.Errorf("O-KEY says too much: %s", found["O-KEY"])
	}
	if r.Failed() {
		t.Error("warnings keep the job from starting")
	}
	clean := check(t, pgtest.NewDB(t, s, `CREATE TABLE a (id int PRIMARY KEY)`), latin, "")
	for _, c := range clean.Checks {
		if c.Severity == Warn {
			t.Errorf("warned of nothing with %s %s", c.Code, c.Text)
		}
	}
}

// Row security counts only for a user whom it would hide rows from.
func TestRowSecurityAndEncodings(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	source := pgtest.NewDB(t, s, `CREATE ROLE reader LOGIN REPLICATION`, `CREATE TABLE hidden (id int PRIMARY KEY)`, `ALTER TABLE hidden ENABLE ROW LEVEL SECURITY`,
		`GRANT SELECT ON hidden TO reader`)
	if err := s.CreateDatabase(t.Context(), "latin", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	texts := func(r *Report) string {
		var out []string
		for _, c := range r.Checks {
			if c.Severity == Warn {
				out = append(out, c.Code+" "+c.Text)
			}
		}
		return strings.Join(out, "\n")
	}
	owner := texts(check(t, source, s.URL("latin"), ""))
	if strings.Contains(owner, "O-ROW-SECURITY") || !strings.Contains(owner, "T-ENCODING the source's encoding is UTF8, the target's LATIN1") {
		t.Errorf("as a superuser: %s", owner)
	}
	reader := texts(check(t, strings.Replace(source, "postgres@", "reader@", 1), s.URL("latin"), ""))
	if !strings.Contains(reader, "O-ROW-SECURITY") || !strings.Contains(reader, "public.hidden") {
		t.Errorf("as a reader: %s", reader)
	}
}
