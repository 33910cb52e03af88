package structure

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

// kinds is a database with an object of every kind that an operator can make in SQL alone.
const kinds = `SET check_function_bodies = off;
	CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL, price numeric(8,2) DEFAULT 0, tags text[], owner name DEFAULT current_user);
	CREATE TABLE audit (at timestamptz, what text);
	CREATE TABLE parts (id int, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (k);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
	INSERT INTO items VALUES (1, 'a', 5), (2, 'b', 7);
	CREATE SCHEMA "Odd Schema"; COMMENT ON SCHEMA "Odd Schema" IS 'it''s odd \ indeed';

	CREATE FUNCTION later() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.cheap';
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit VALUES (now(), TG_OP); RETURN NEW; END $$;
	CREATE FUNCTION ddl_note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
	CREATE PROCEDURE tidy(keep int DEFAULT 3) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.audit; END $$;
	CREATE FUNCTION add_up(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT coalesce($1, 0) + coalesce($2, 0)';
	COMMENT ON FUNCTION add_up(numeric, numeric) IS 'adds';
	CREATE AGGREGATE total(numeric) (SFUNC = add_up, STYPE = numeric, COMBINEFUNC = add_up, INITCOND = '0', PARALLEL = SAFE);
	CREATE AGGREGATE how_many(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
	CREATE AGGREGATE middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
	CREATE FUNCTION take_off(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) - coalesce($2, 0)';
	CREATE AGGREGATE moving(numeric) (SFUNC = add_up, STYPE = numeric, MSFUNC = add_up, MINVFUNC = take_off, MSTYPE = numeric, MINITCOND = '0', SSPACE = 64);
	SELECT lo_create(0);
	COMMENT ON AGGREGATE total(numeric) IS 'a total';

	CREATE VIEW cheap WITH (security_barrier) AS SELECT id, name FROM items WHERE price < 6 WITH LOCAL CHECK OPTION;
	ALTER VIEW cheap ALTER COLUMN name SET DEFAULT 'new';
	COMMENT ON VIEW cheap IS 'below six'; COMMENT ON COLUMN cheap.name IS 'a name';
	CREATE VIEW "Odd Schema"."View ""x" AS SELECT c.id, later() AS n FROM cheap c;
	CREATE MATERIALIZED VIEW sums AS SELECT total(price) AS t, count(*) AS n FROM items JOIN cheap USING (id);
	CREATE UNIQUE INDEX sums_n ON sums (n); COMMENT ON INDEX sums_n IS 'of the sums';
	CREATE MATERIALIZED VIEW sums_again AS SELECT t * 2 AS t FROM sums;
	CREATE MATERIALIZED VIEW empty AS SELECT * FROM items WITH NO DATA;

	CREATE TRIGGER items_note AFTER INSERT OR UPDATE OF name ON items FOR EACH ROW WHEN (new.id > 0) EXECUTE FUNCTION note();
	CREATE TRIGGER items_always BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE items ENABLE ALWAYS TRIGGER items_always;
	CREATE TRIGGER items_replica BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE items ENABLE REPLICA TRIGGER items_replica;
	CREATE TRIGGER items_off BEFORE DELETE ON items FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE items DISABLE TRIGGER items_off;
	CREATE CONSTRAINT TRIGGER items_late AFTER DELETE ON items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
	CREATE TRIGGER items_set AFTER DELETE ON items REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note();
	CREATE TRIGGER parts_note AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION note();
	CREATE TRIGGER cheap_instead INSTEAD OF DELETE ON cheap FOR EACH ROW EXECUTE FUNCTION note();
	COMMENT ON TRIGGER items_note ON items IS 'writes audit';

	CREATE RULE items_keep AS ON DELETE TO items WHERE old.id = 1 DO INSTEAD NOTHING;
	CREATE RULE items_log AS ON UPDATE TO items DO ALSO INSERT INTO audit VALUES (now(), 'rule');
	CREATE RULE cheap_update AS ON UPDATE TO cheap DO INSTEAD UPDATE items SET name = new.name WHERE id = old.id;
	COMMENT ON RULE items_keep ON items IS 'the first stays';
	ALTER TABLE items ENABLE ROW LEVEL SECURITY;
	CREATE POLICY mine ON items USING (owner = current_user) WITH CHECK (price >= 0);
	CREATE POLICY few ON items AS RESTRICTIVE FOR SELECT TO floe_reader, floe_writer USING (id < 100);
	COMMENT ON POLICY few ON items IS 'not many';
	ALTER TABLE audit ENABLE ROW LEVEL SECURITY; ALTER TABLE audit FORCE ROW LEVEL SECURITY;

	CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) = lower($2)';
	CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text, COMMUTATOR = ===, RESTRICT = eqsel, JOIN = eqjoinsel);
	CREATE OPERATOR "Odd Schema".!! (FUNCTION = upper, RIGHTARG = text);
	COMMENT ON OPERATOR === (text, text) IS 'the same, case apart';
	CREATE FUNCTION text_order(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT bttextcmp(lower($1), lower($2))';
	CREATE OPERATOR FAMILY loose USING btree;
	CREATE OPERATOR CLASS lower_ops FOR TYPE text USING btree FAMILY loose AS OPERATOR 3 ===, FUNCTION 1 text_order(text, text);
	ALTER OPERATOR FAMILY loose USING btree ADD OPERATOR 1 <(int, int), FUNCTION 1 (int, int) btint4cmp(int, int);
	CREATE INDEX items_lower ON items (name lower_ops);
	CREATE TYPE money_like AS (amount numeric, unit text); COMMENT ON COLUMN money_like.amount IS 'how much';
	CREATE FUNCTION to_money(int) RETURNS money_like LANGUAGE sql IMMUTABLE AS 'SELECT ($1, ''EUR'')::public.money_like';
	CREATE CAST (int AS money_like) WITH FUNCTION to_money(int) AS ASSIGNMENT;
	CREATE CAST (money_like AS text) WITH INOUT;
	COMMENT ON CAST (int AS money_like) IS 'euros';
	CREATE CONVERSION odd_latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
	CREATE TEXT SEARCH DICTIONARY stem (TEMPLATE = snowball, Language = 'english');
	CREATE TEXT SEARCH CONFIGURATION words (PARSER = pg_catalog."default");
	ALTER TEXT SEARCH CONFIGURATION words ADD MAPPING FOR asciiword, word WITH stem, simple;
	COMMENT ON TEXT SEARCH CONFIGURATION words IS 'words';
	CREATE STATISTICS items_both (dependencies, ndistinct) ON id, name FROM items; COMMENT ON STATISTICS items_both IS 'both';

	CREATE FOREIGN DATA WRAPPER away OPTIONS (debug 'true');
	CREATE SERVER far TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER away OPTIONS (host 'h', note 'it''s');
	CREATE FOREIGN TABLE distant (id int OPTIONS (column_name 'ID') NOT NULL, name text COLLATE "C" DEFAULT 'x', CONSTRAINT pos CHECK (id > 0)) SERVER far OPTIONS (table_name 'T');
	CREATE USER MAPPING FOR floe_reader SERVER far OPTIONS (password 'secret');
	CREATE PUBLICATION shown FOR TABLE items WITH (publish = 'insert, update');
	CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION ddl_note();
	ALTER EVENT TRIGGER watch ENABLE ALWAYS;
	ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO floe_reader;
	ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

	GRANT SELECT, INSERT ON items TO floe_reader, floe_writer; GRANT UPDATE (name, price) ON items TO floe_writer WITH GRANT OPTION;
	GRANT SELECT ON cheap, sums TO PUBLIC; GRANT USAGE ON SCHEMA "Odd Schema" TO floe_reader;
	REVOKE EXECUTE ON FUNCTION add_up(numeric, numeric) FROM PUBLIC; GRANT EXECUTE ON FUNCTION add_up(numeric, numeric) TO floe_writer;
	ALTER TABLE audit OWNER TO floe_writer; ALTER SCHEMA "Odd Schema" OWNER TO floe_reader; ALTER FUNCTION add_up(numeric, numeric) OWNER TO floe_reader; ALTER TYPE money_like OWNER TO floe_writer;
	GRANT EXECUTE ON PROCEDURE tidy(int) TO floe_writer; GRANT USAGE ON FOREIGN SERVER far TO floe_reader; REVOKE USAGE ON TYPE money_like FROM PUBLIC;
	COMMENT ON CONSTRAINT items_pkey ON items IS 'the key'; COMMENT ON TABLE items IS 'things'; COMMENT ON INDEX items_lower IS 'case apart';
	COMMENT ON SCHEMA public IS 'all of it'; COMMENT ON SERVER far IS 'far away'; COMMENT ON PUBLICATION shown IS 'shown'`

// newerKinds is what came with a version.
var newerKinds = map[int]string{
	14: `CREATE STATISTICS items_expr ON (lower(name)), (items.price * 2) FROM items;
		CREATE FUNCTION body(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + count(*)::int FROM cheap; END`,
	15: `CREATE PUBLICATION filtered FOR TABLE items (id, name) WHERE (id > 1); CREATE PUBLICATION odd FOR TABLES IN SCHEMA "Odd Schema";
		CREATE VIEW asked WITH (security_invoker = true) AS SELECT * FROM items`,
	17: `GRANT MAINTAIN ON items TO floe_writer`,
}

func kindsSchema(version int) []string {
	out := []string{kinds}
	for v := range version + 1 {
		if sql := newerKinds[v]; sql != "" {
			out = append(out, sql)
		}
	}
	return out
}

// roles makes the roles that the kinds name: a server's, not a database's.
func roles(t *testing.T, server *pgtest.Server) {
	t.Helper()
	conn := connect(t, server.URL("postgres"), pg.Admin)
	for _, role := range []string{"floe_reader", "floe_writer"} {
		if _, err := conn.Exec(t.Context(), "CREATE ROLE "+role); err != nil && pg.Code(err) != "42710" && pg.Code(err) != "23505" {
			t.Fatal(err)
		}
	}
}

// cutOver runs what waits for the target to take over.
func (p *pair) cutOver() Report {
	p.t.Helper()
	report, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		return Finish(ctx, tx, "job", "main", p.script.CutOver, func(ident.Name) bool { return true })
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

// left is what of the kinds is not made before the cut-over.
func left(version int) []string {
	out := []string{
		"event trigger watch: until-cut-over", "large objects of the database: not-copied", "publication shown: until-cut-over", "roles floe_reader, floe_writer: not-copied", `rule "items_keep" on public.items: until-cut-over`,
		`rule "items_log" on public.items: until-cut-over`, "table public.audit: until-cut-over", `trigger "items_always" on public.items: until-cut-over`,
		`trigger "items_replica" on public.items: until-cut-over`, "user mapping floe_reader on far: not-copied",
	}
	if version >= 15 {
		out = append(out, "publication filtered: until-cut-over", "publication odd: until-cut-over")
	}
	slices.Sort(out)
	return out
}

// FLOE_PG_VERSION and FLOE_PG_TARGET_VERSION name the two servers' versions.
func TestAnotherVersionHoldsEveryKindThatBothKnow(t *testing.T) {
	t.Parallel()
	version, err := strconv.Atoi(os.Getenv("FLOE_PG_TARGET_VERSION"))
	if err != nil {
		t.Skip("FLOE_PG_TARGET_VERSION names no version for the target")
	}
	server, other := pgtest.Shared(t), pgtest.New(t, pgtest.Options{Version: version})
	roles(t, server)
	roles(t, other)
	p := &pair{t: t, options: Options{TargetVersion: version * 10000}}
	p.source = connect(t, pgtest.NewDB(t, server, kindsSchema(min(version, server.Version()))...), pg.Read)
	p.target = connect(t, pgtest.NewDB(t, other, "CREATE SCHEMA floe"), pg.Apply)
	p.plan(catalog.Selection{Everything: true})
	wantCodes(t, p.all(), left(min(version, server.Version()))...)
	if r := p.cutOver(); len(r.Facts) > 0 {
		t.Errorf("at the cut-over: %+v", r.Facts)
	}
	got, want := listing(read(t, p.target, catalog.Selection{Everything: true})), listing(p.db)
	want = slices.DeleteFunc(want, func(s string) bool {
		return strings.HasPrefix(s, "user-mapping") || strings.HasPrefix(s, "large-objects")
	})
	if !slices.Equal(got, want) {
		t.Errorf("the target has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// listing names definitions with what is said of them.
func listing(db *catalog.Database) []string {
	var out []string
	for _, d := range db.Definitions {
		out = append(out, fmt.Sprint(d.Kind, " ", d.Name, " ", d.Owner, " ", d.Comments, " ", d.Grants))
	}
	slices.Sort(out)
	return out
}

func TestEveryKindIsTheSameOnTheTarget(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	roles(t, server)
	p := newPair(t, Options{}, kindsSchema(server.Version()), nil)
	report, err := p.install(InstallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, report, left(server.Version())...)

	p.exec("INSERT INTO public.items VALUES (1, 'a', 5), (2, 'b', 7)")
	if report, err = p.finish(func(ident.Name) bool { return true }); err != nil || len(report.Facts) > 0 {
		t.Fatalf("%+v, %v", report.Facts, err)
	}
	p.wantValue("SELECT t FROM public.sums_again", "10.00") // filled from what was loaded, in their order
	if r := p.cutOver(); len(r.Facts) > 0 {
		t.Errorf("at the cut-over: %+v", r.Facts)
	}
	p.same(`user-mapping`, `large-objects`)
	p.sameDump()
	if again := p.all(); again.Created != 0 {
		t.Errorf("run again it made %d objects", again.Created)
	}
}

// dumped is what pg_dump says of a database, statement by statement.
func dumped(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	program := "/usr/lib/postgresql/15/bin/pg_dump"
	if _, err := os.Stat(program); err != nil {
		t.Skip("no pg_dump on this machine")
	}
	c := conn.Config()
	cmd := exec.CommandContext(t.Context(), program, "-s", "--no-owner", "--exclude-schema=floe", "-h", c.Host, "-p", strconv.Itoa(int(c.Port)), "-U", c.User, c.Database)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, errs.String())
	}
	var got []string
	for _, s := range regexp.MustCompile(`(?m)^--.*\n`).Split(string(out), -1) {
		s = regexp.MustCompile(`(?m)^SET default_.*$`).ReplaceAllString(s, "") // stands before whatever is the first table
		if s = strings.TrimSpace(s); s != "" && !strings.HasPrefix(s, "\\") {
			got = append(got, s)
		}
	}
	slices.Sort(got)
	return got
}

func (p *pair) sameDump() {
	p.t.Helper()
	if pgtest.Shared(p.t).Version() > 15 {
		return // pg_dump of 15 reads no newer server
	}
	want, got := dumped(p.t, p.source), dumped(p.t, p.target)
	for _, s := range want {
		if !slices.Contains(got, s) && !strings.Contains(s, "USER MAPPING") {
			p.t.Errorf("pg_dump of the source only:\n%s", s)
		}
	}
	for _, s := range got {
		if !slices.Contains(want, s) {
			p.t.Errorf("pg_dump of the target only:\n%s", s)
		}
	}
}
