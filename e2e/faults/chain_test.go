package faults

import (
	"context"
	"fmt"
	"testing"

	"floe/e2e/rig"
)

// A target is another job's source: rows and structure come through both, what the one job keeps in schema floe
// is no matter of the other, and the second goes on when the first is deleted.
func TestATargetIsAnotherJobsSource(t *testing.T) {
	t.Parallel()
	second := newBench(t, servers(t), "chain_b", nil)
	first := newBench(t, servers(t), "chain_a", func(j *rig.Job) { j.Target.URL = second.pair.SourceURL() })
	tables := []string{marker, `CREATE TABLE t (id int PRIMARY KEY, v text, n int DEFAULT 0)`, `CREATE TABLE bag (a int, b text)`, `CREATE VIEW seen AS SELECT id FROM t`}
	first.source(t, append(tables, `INSERT INTO t SELECT g, repeat(md5(g::text), 100) FROM generate_series(1, 2000) g`, `INSERT INTO bag SELECT g % 7, 'x' FROM generate_series(1, 50) g`)...)
	first.must(t, first.Start())
	first.must(t, first.Synced(t.Context(), patience))
	n := 0
	through := func(from, to string, write func(sql ...string)) {
		t.Helper()
		n++
		write(fmt.Sprintf(`INSERT INTO public.marker VALUES (%d)`, n))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		c, err := rig.ConnectPinned(ctx, to)
		first.must(t, err)
		defer c.Close(ctx) //nolint:errcheck
		first.must(t, rig.Until(ctx, func() (bool, error) {
			there, err := rig.Text(ctx, c, `SELECT to_regclass('public.marker') IS NOT NULL`)
			if err != nil || there != "t" {
				return false, err
			}
			got, err := rig.Text(ctx, c, fmt.Sprintf(`SELECT count(*) FROM public.marker WHERE n = %d`, n))
			return got == "1", err
		}))
		for _, sql := range []string{`SELECT count(*), sum(hashtext(t::text)) FROM public.t`, `SELECT count(*), sum(hashtext(b::text)) FROM public.bag b`,
			`SELECT string_agg(attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod), ',' ORDER BY attrelid::regclass::text, attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
				WHERE relnamespace = 'public'::regnamespace AND relname !~ '^dts_' AND attnum > 0 AND NOT attisdropped`} {
			if a, b := ask(t, from, sql), ask(t, to, sql); a != b {
				t.Errorf("%s: %s, at the end %s", sql, a, b)
			}
		}
	}
	begin, middle, end := first.pair.SourceURL(), second.pair.SourceURL(), second.pair.TargetURL()
	through(begin, middle, func(sql ...string) { first.source(t, sql...) })
	second.must(t, second.Start())
	second.must(t, second.Synced(t.Context(), patience))
	through(begin, end, func(sql ...string) { first.source(t, sql...) })
	first.source(t, `BEGIN; UPDATE t SET n = n + 1; ALTER TABLE t ADD w int DEFAULT 5; UPDATE t SET w = id WHERE id % 2 = 0; ALTER TABLE t RENAME v TO vv; COMMIT`,
		`CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late VALUES (1); DROP VIEW seen; DELETE FROM bag WHERE a < 3; TRUNCATE late`)
	through(begin, end, func(sql ...string) { first.source(t, sql...) })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first.must(t, first.Stop(ctx))
	if r, err := first.Client(ctx, "delete", "--yes", first.name); err != nil || r.Code != 0 {
		t.Fatalf("floe delete ended with code %d, %v: %s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	second.source(t, `ALTER TABLE t ADD own int DEFAULT 7; UPDATE t SET own = id WHERE id < 100; DROP TABLE late`)
	through(middle, end, func(sql ...string) { second.source(t, sql...) })
}
