package capture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Ranges follow the server's own order of each type; a literal that reads back as another value, or an
// operator of another type, would lose or repeat rows between two chunks.
func TestRangesOfEveryKindOfKey(t *testing.T) {
	t.Parallel()
	const n = 4500 // more than two first chunks
	tables := map[string]string{
		"ints":     `create table %s (k int primary key, v text); insert into %[1]s select i * 7 - 9000, i from generate_series(1, %d) i`,
		"quotes":   `create table %s (k text primary key, v int); insert into %[1]s select chr(32 + i %% 90) || '''\' || i || chr(9) || 'é"', i from generate_series(1, %d) i`,
		"empty":    `create table %s (a text, b text, primary key (a, b)); insert into %[1]s select case when i %% 2 = 0 then '' else 'x' end, case i when 1 then '' else i::text end from generate_series(1, %d) i`,
		"uuids":    `create table %s (k uuid primary key, v int); insert into %[1]s select md5(i::text)::uuid, i from generate_series(1, %d) i`,
		"nums":     `create table %s (k numeric primary key, v int); insert into %[1]s select (i - 2000) / 7.0, i from generate_series(1, %d) i; insert into %[1]s select v::numeric, 0 from unnest(case when current_setting('server_version_num')::int < 140000 then '{NaN}' else '{NaN,Infinity,-Infinity}' end::text[]) v`,
		"floats":   `create table %s (k float8 primary key, v int); insert into %[1]s select (i - 2000) / 7.0, i from generate_series(1, %d) i; insert into %[1]s values ('NaN', 0), ('Infinity', 1)`,
		"bytes":    `create table %s (k bytea primary key, v int); insert into %[1]s select decode(md5(i::text), 'hex'), i from generate_series(1, %d) i`,
		"times":    `create table %s (k timestamptz primary key, v int); insert into %[1]s select '2020-01-01'::timestamptz + i * interval '1.000001 s', i from generate_series(1, %d) i; insert into %[1]s values ('infinity', 0), ('0044-03-15 BC', 1)`,
		"many":     `create table %s (b text, a int, c date, primary key (b, a, c)); insert into %[1]s select chr(65 + i %% 3), i / 3, '2020-01-01'::date + i %% 7 from generate_series(1, %d) i`,
		"chars":    `create table %s (k char(9) primary key, v int); insert into %[1]s select i, i from generate_series(1, %d) i`,
		"enums":    `create type mood as enum ('z', 'a', 'M', 'quo''te'); create table %s (k mood, i int, primary key (k, i)); insert into %[1]s select (array['z','a','M','quo''te']::mood[])[1 + i %% 4], i from generate_series(1, %d) i`,
		"rows":     `create type pair as (a int, b text); create table %s (k pair primary key, v int); insert into %[1]s select row(i %% 50, 'a,"(' || i)::pair, i from generate_series(1, %d) i`,
		"domains":  `create domain "Dom x" as text check (length(value) > 2); create table %s (k "Dom x" primary key, v int); insert into %[1]s select 'dom' || i, i from generate_series(1, %d) i`,
		"ranges":   `create table %s (k int4range primary key, v int); insert into %[1]s select int4range(i, i + i %% 5 + 1), i from generate_series(1, %d) i`,
		"arrays":   `create table %s (k text[] primary key, v int); insert into %[1]s select array['a,b' || i %% 9, null, i::text], i from generate_series(1, %d) i`,
		"reversed": `create table %s (k text not null, v int); create unique index on %[1]s (k text_pattern_ops desc); insert into %[1]s select chr(40 + i %% 80) || i, i from generate_series(1, %d) i`,
		"Ci x":     `create extension citext; create table %s (k citext primary key, v int); insert into %[1]s select case i %% 2 when 0 then chr(65 + i %% 26) else chr(97 + i %% 26) end || i, i from generate_series(1, %d) i`,
		"trees":    `create extension ltree; create table %s (k ltree, k2 int, v int, primary key (k, k2)); insert into %[1]s select ('a' || i %% 9 || '.B' || i)::ltree, i, i from generate_series(1, %d) i`,
	}
	var sql []string
	for name, s := range tables {
		sql = append(sql, fmt.Sprintf(s, `"`+name+`"`, n))
	}
	j := newJob(t, sql...)
	j.config.LoadReaders = 3
	j.start()
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// The claim of held chunks: whatever runs beside the load, the log is the source.
func TestLoadUnderWriters(t *testing.T) {
	t.Parallel()
	j := newJob(t,
		`create table a (id int primary key, v text, big text); alter table a alter big set storage external`,
		`insert into a select i, 'v' || i, repeat('x', 3000) from generate_series(1, 6000) i`,
		`create table b (p int, q text, n int, primary key (p, q)); insert into b select i % 10, i, i from generate_series(1, 6000) i`,
		`create table bag (x int, y text); insert into bag select i % 100, 'y' from generate_series(1, 3000) i`,
		`alter table bag replica identity full`)
	j.config.LoadReaders, j.config.Partitions = 2, 3
	j.config.ChunkHold = time.Millisecond // many chunks
	ctx, cancel := context.WithTimeout(t.Context(), writing)
	defer cancel()
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() { j.write(ctx, uint64(w)) })
	}
	j.start()
	j.waitLog(j.end())
	cancel()
	writers.Wait()
	j.waitLog(j.end())
	r := j.tap().replay()
	r.same(j)
	t.Log(len(r.events), "changes,", r.moved, "listed moves,", r.chunks, "chunks")
	if r.chunks < 10 || r.moved == 0 {
		t.Errorf("%d chunks and %d moves: the load was over before the writers began", r.chunks, r.moved)
	}
}

// writing is how long writers may go on beside a load: on a slow machine they move keys faster than capture
// reads them again, and then the load does not end before they do.
const writing = time.Minute

// write changes rows at random, key moves and unchanged large values among them.
func (j *job) write(ctx context.Context, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	conn, err := pgx.Connect(context.Background(), j.url)
	if err != nil {
		j.t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	id := func() int { return 1 + r.IntN(8000) }
	for ctx.Err() == nil {
		var sql string
		switch r.IntN(9) {
		case 0:
			sql = fmt.Sprintf(`insert into a values (%d, 'new', repeat('n', 3000)) on conflict do nothing`, id())
		case 1:
			sql = fmt.Sprintf(`delete from a where id = %d`, id())
		case 2:
			sql = fmt.Sprintf(`update a set v = v || '+' where id = %d`, id())
		case 3, 4: // a partial move of the key
			sql = fmt.Sprintf(`update a set id = %d where id = %d and not exists (select from a where id = %[1]d)`, id(), id())
		case 5:
			sql = fmt.Sprintf(`update b set q = q || 'm', n = n + 1 where p = %d and q < '3' and n %% 50 = %d`, r.IntN(10), r.IntN(50))
		case 6:
			sql = fmt.Sprintf(`insert into bag values (%d, 'b'); delete from bag where ctid = (select ctid from bag where x = %d limit 1)`, id(), r.IntN(100))
		case 7:
			sql = fmt.Sprintf(`update bag set y = y || 'u' where ctid = (select ctid from bag where x = %d limit 1)`, r.IntN(100))
		case 8:
			sql = fmt.Sprintf(`begin; update a set v = 'two' where id = %d; savepoint s; delete from b where n = %d; rollback to s; insert into b values (%d, 'w%d', 0) on conflict do nothing; commit`,
				id(), id(), r.IntN(10), id())
		}
		if _, err := conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
			if _, err := conn.PgConn().Exec(context.Background(), "rollback").ReadAll(); err != nil {
				j.t.Error(err)
				return
			}
		}
	}
}
