package source

import (
	"slices"
	"testing"

	"floe/pkg/catalog"
)

// Every way to alter a table tells which version of a column it wrote over which one; what a session without event
// triggers wrote is told by nobody, whatever a command that tells writes over it.
func TestRewritesAreTheVersionsOfColumnsThatNobodyTold(t *testing.T) {
	t.Parallel()
	for v, server := range servers(t) {
		r := record(t, server, DDL{Everything: true}, catalog.Selection{Everything: true}, `CREATE TABLE t (id int, n int)`, `INSERT INTO t VALUES (1, 1)`,
			`CREATE TABLE p (id int, n int) PARTITION BY RANGE (id)`, `CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)`,
			`CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE public.t ADD inf int; ALTER TABLE public.t ALTER inf SET DEFAULT 5; END'`,
			`CREATE PROCEDURE pr() LANGUAGE plpgsql AS 'BEGIN ALTER TABLE public.t ADD inp int; COMMIT; ALTER TABLE public.t ALTER inp SET DEFAULT 5; ALTER TABLE public.t ADD inp2 int; END'`)
		var since uint64
		var tables []uint32
		if err := r.watch.QueryRow(t.Context(), `SELECT txid_current(), ARRAY['public.t'::regclass::oid, 'public.p1'::regclass::oid]`).Scan(&since, &tables); err != nil {
			t.Fatal(err)
		}
		rewrites := func() []uint32 {
			unseen, err := Rewrites(t.Context(), r.watch, map[uint32]uint64{tables[0]: since, tables[1]: since})
			if err != nil {
				t.Fatal(err)
			}
			return unseen
		}
		for _, told := range []string{
			`ALTER TABLE t ADD a int DEFAULT 1`, `ALTER TABLE t ALTER a SET NOT NULL, ADD b int`, `ALTER TABLE t RENAME a TO aa`,
			`BEGIN; TRUNCATE t; ALTER TABLE t ADD c int; ALTER TABLE t ALTER c SET STATISTICS 7; COMMIT`,
			`BEGIN; SAVEPOINT s; ALTER TABLE t ADD gone int; ROLLBACK TO s; ALTER TABLE t ADD d int; COMMIT`,
			`BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT FROM t; ALTER TABLE t ADD e int; COMMIT`,
			`DO $$ BEGIN ALTER TABLE public.t ADD ind int; EXECUTE 'ALTER TABLE public.t ALTER ind SET DEFAULT 5'; BEGIN ALTER TABLE public.t DROP ind2; EXCEPTION WHEN OTHERS THEN ALTER TABLE public.t ADD ind2 int; END; END $$`,
			`SELECT public.f()`, `CALL public.pr()`, `ALTER TABLE t ALTER n TYPE bigint USING n + 1`, `ALTER TABLE t ALTER n SET DEFAULT 5`,
			`ALTER TABLE p ADD a int`, `ALTER TABLE p ALTER a SET NOT NULL`, `ALTER TABLE p ALTER n TYPE bigint`,
			`ALTER TABLE p DETACH PARTITION p1`,
		} {
			r.exec(r.conn, told)
			if got := rewrites(); got != nil {
				t.Errorf("%d: %s: %d are told by nobody", v, told, got)
			}
		}
		r.exec(r.conn, `SET floe.recording = on; ALTER TABLE p1 ALTER n TYPE bigint USING n + 1; RESET floe.recording; ALTER TABLE p1 ALTER n SET DEFAULT 5; ALTER TABLE p1 ALTER n SET NOT NULL`)
		if got := rewrites(); !slices.Equal(got, tables[1:]) {
			t.Errorf("%d: %d are told by nobody, want %d", v, got, tables[1:])
		}
	}
}
