package faults

import (
	"context"
	"errors"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/ident"
)

// An account that owns the source's database and may not make event triggers: what changes columns, what renames and
// changes at once, what comes and what goes is found in the catalog and by what the stream says of relations, whoever
// writes meanwhile.
func TestStructureFollowsWithoutTheRightToMakeEventTriggers(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "polled", func(j *rig.Job) { user(&j.Source.URL, "polled_owner")() })
	const become = `SET ROLE polled_owner`
	b.source(t, `CREATE ROLE polled_owner LOGIN REPLICATION`, `ALTER DATABASE polled OWNER TO polled_owner`, `GRANT CREATE, USAGE ON SCHEMA public TO polled_owner`, become, marker,
		`CREATE TABLE a (id int PRIMARY KEY, v text, d date)`, `INSERT INTO a SELECT g, 'a', '2026-01-01' FROM generate_series(1, 500) g`,
		`CREATE TABLE b (id int PRIMARY KEY, v text)`, `INSERT INTO b SELECT g, g::text FROM generate_series(1, 500) g`,
		`CREATE TABLE c (id int PRIMARY KEY)`, `INSERT INTO c SELECT generate_series(1, 10)`)
	b.must(t, b.Start())
	b.streaming(t)
	status, err := b.Client(t.Context(), "status")
	b.must(t, err)
	if !strings.Contains(status.Stdout, "S-EVENT-TRIGGER") {
		t.Errorf("status does not say what is not covered: %s%s", status.Stdout, status.Stderr)
	}
	b.source(t, become,
		`ALTER TABLE a ADD n int DEFAULT 5`, `UPDATE a SET n = id WHERE id < 10`, `DELETE FROM a WHERE id > 490`,
		`CREATE TABLE fresh (id int PRIMARY KEY, v text)`, `INSERT INTO fresh SELECT g, 'f' FROM generate_series(1, 300) g`,
		`BEGIN; ALTER TABLE b RENAME TO b2; ALTER TABLE b2 ALTER v TYPE numeric USING v::numeric * 2; ALTER TABLE b2 RENAME v TO w; UPDATE b2 SET w = w + 1 WHERE id % 2 = 0; COMMIT`,
		`INSERT INTO b2 VALUES (1001, 7.50)`, `DELETE FROM b2 WHERE id = 3`,
		`ALTER TABLE a DROP d`, `ALTER TABLE a RENAME v TO text`, `INSERT INTO a VALUES (2000, 'after', 1)`,
		`UPDATE fresh SET v = 'g' WHERE id % 3 = 0`, `DROP TABLE c`)
	b.caughtUp(t, patience)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	source, err := rig.ConnectPinned(ctx, b.pair.SourceURL())
	b.must(t, err)
	defer source.Close(t.Context()) //nolint:errcheck
	target, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer target.Close(t.Context()) //nolint:errcheck
	var last error
	err = rig.Until(ctx, func() (bool, error) {
		last = nil
		for _, name := range []string{"a", "b2", "fresh"} {
			n := ident.Name{Schema: "public", Name: name}
			last = errors.Join(last, rig.Compare(ctx, source, target, rig.Compared{Source: n, Target: n}))
		}
		gone, err := rig.Text(ctx, target, `SELECT to_regclass('public.c') IS NULL AND to_regclass('public.b') IS NULL`)
		return last == nil && gone == "t", errors.Join(err, b.Ended())
	})
	if err != nil {
		t.Fatal(errors.Join(err, last))
	}
}
