package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/ident"
)

// owned is a source whose rows its own triggers and foreign keys write to: a copy on which they fired again
// would be another one.
var owned = []string{
	marker,
	`CREATE SCHEMA app`,
	`CREATE TABLE app.audit (id bigserial PRIMARY KEY, what text)`,
	`CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.audit (what) VALUES (tg_table_name || ' ' || tg_op); RETURN NULL; END $$`,
	`CREATE FUNCTION app.louder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.v := coalesce(new.v, '') || '!'; RETURN new; END $$`,
	`CREATE TABLE app.parent (id int PRIMARY KEY, v text, up int REFERENCES app.parent ON DELETE SET NULL)`,
	`CREATE TABLE app.kid (id int PRIMARY KEY, p int REFERENCES app.parent ON DELETE CASCADE ON UPDATE CASCADE, v text)`,
	`CREATE TABLE app.part (id int, r int, p int REFERENCES app.parent, PRIMARY KEY (id, r)) PARTITION BY LIST (r)`,
	`CREATE TABLE app.part_1 PARTITION OF app.part FOR VALUES IN (1)`,
	`CREATE TRIGGER louder BEFORE INSERT OR UPDATE ON app.kid FOR EACH ROW EXECUTE FUNCTION app.louder()`,
	`CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON app.parent FOR EACH ROW EXECUTE FUNCTION app.note()`,
	`CREATE TRIGGER note AFTER INSERT ON app.part FOR EACH ROW EXECUTE FUNCTION app.note()`,
	`CREATE TRIGGER off BEFORE INSERT ON app.parent FOR EACH ROW EXECUTE FUNCTION app.louder()`,
	`ALTER TABLE app.parent DISABLE TRIGGER off`,
	`CREATE RULE never AS ON DELETE TO app.parent WHERE old.id = 1 DO INSTEAD NOTHING`,
	`INSERT INTO app.parent SELECT g, 'v' || g, nullif(g / 2, 0) FROM generate_series(1, 2000) g`,
	`INSERT INTO app.kid SELECT g, 1 + g % 2000, 'k' FROM generate_series(1, 4000) g`,
	`INSERT INTO app.part SELECT g, 1, 1 FROM generate_series(1, 500) g`,
}

// An account that owns the target's database and nothing else: triggers of the source must not fire there
// before the cut-over, nor may foreign keys refuse rows of two moments or pass a cascade on; then both hold.
func TestTheDatabasesOwnerSufficesUntilItTakesOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "plain_owner", func(j *rig.Job) { user(&j.Target.URL, "plain_owner")() })
	for _, sql := range []string{`CREATE ROLE plain_owner LOGIN`, `ALTER DATABASE plain_owner OWNER TO plain_owner`} {
		b.must(t, b.pair.Target.Exec(t.Context(), b.name, sql))
	}
	b.source(t, owned...)
	b.must(t, b.Start())
	b.streaming(t)
	b.source(t,
		`DELETE FROM app.parent WHERE id % 7 = 0`,
		`BEGIN; UPDATE app.parent SET id = id + 100000 WHERE id % 11 = 0 AND id NOT IN (SELECT up FROM app.parent WHERE up IS NOT NULL UNION SELECT p FROM app.part); INSERT INTO app.parent VALUES (-1, 'x', -1), (-2, 'y', -1); COMMIT`,
		`UPDATE app.kid SET v = 'changed' WHERE id % 5 = 0`,
		`CREATE TABLE app.late (id int PRIMARY KEY, k int REFERENCES app.kid ON DELETE CASCADE, v text); CREATE TRIGGER louder BEFORE INSERT ON app.late FOR EACH ROW EXECUTE FUNCTION app.louder()`,
		`INSERT INTO app.late SELECT id, id, 'late' FROM app.kid WHERE id < 500`,
		`CREATE TABLE app.part_2 PARTITION OF app.part FOR VALUES IN (2); INSERT INTO app.part VALUES (1, 2, 1)`,
		`DELETE FROM app.kid WHERE id % 13 = 0`,
		`TRUNCATE app.kid CASCADE`,
		`INSERT INTO app.kid SELECT g, NULL, 'again' FROM generate_series(1, 50) g`,
		`ALTER TABLE app.kid ADD n int REFERENCES app.parent; UPDATE app.kid SET n = 1`,
	)
	b.caughtUp(t, patience)
	b.sameRows(t, "audit", "parent", "kid", "part", "late")

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := b.Client(ctx, "cutover", "--yes", b.name)
	if err != nil || r.Code != 0 {
		t.Fatalf("floe cutover ended with code %d, %v: %s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	b.sameRows(t, "audit", "parent", "kid", "part", "late")
	for what, sql := range map[string]string{
		"foreign keys": `SELECT string_agg(conrelid::regclass || ' ' || conname || ' ' || convalidated::text || ' ' || pg_get_constraintdef(oid), E'\n' ORDER BY conrelid::regclass::text, conname) FROM pg_constraint WHERE contype = 'f'`,
		"triggers":     `SELECT string_agg(tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text, E'\n' ORDER BY tgrelid::regclass::text, tgname) FROM pg_trigger WHERE NOT tgisinternal`,
		"rules":        `SELECT string_agg(pg_get_ruledef(oid), E'\n' ORDER BY rulename) FROM pg_rewrite WHERE rulename <> '_RETURN' AND ev_class::regclass::text LIKE 'app.%'`,
	} {
		if got, want := ask(t, b.pair.TargetURL(), sql), ask(t, b.pair.SourceURL(), sql); got != want {
			t.Errorf("%s on the target\n%s\nwant\n%s", what, got, want)
		}
	}
	write := []string{`INSERT INTO app.kid VALUES (9999, 1, 'taken over')`, `DELETE FROM app.parent WHERE id IN (1, 2)`, `INSERT INTO app.part VALUES (3, 2, 3)`}
	b.must(t, b.pair.Target.Exec(t.Context(), b.name, write...))
	b.source(t, write...)
	b.sameRows(t, "audit", "parent", "kid", "part", "late")
}

// sameRows compares tables of schema app.
func (b *bench) sameRows(t *testing.T, tables ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	source, err := rig.ConnectPinned(ctx, b.pair.SourceURL())
	b.must(t, err)
	defer source.Close(ctx) //nolint:errcheck
	target, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer target.Close(ctx) //nolint:errcheck
	var differ []string
	for _, name := range tables {
		table := ident.Name{Schema: "app", Name: name}
		if err := rig.Compare(ctx, source, target, rig.Compared{Source: table, Target: table}); err != nil {
			differ = append(differ, fmt.Sprint(err))
		}
	}
	if len(differ) > 0 {
		t.Fatalf("the target differs: %s", strings.Join(differ, "; "))
	}
}
