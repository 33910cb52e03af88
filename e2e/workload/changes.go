package workload

import (
	"fmt"
	"math/rand/v2"
)

// change is one transaction of the workload, as one multi-statement query.
type change func(r *rand.Rand, rows int) string

func account(r *rand.Rand, rows int) int { return 1 + r.IntN(rows) }

// changes are drawn with equal odds; what matters more stands here more often.
var changes = []change{transfer, transfer, transfer, move, swap, reopen, touchDoc, moveDoc, hotRow, hotRow, come, leave, handOver,
	bagIn, bagOne, bagMany, refill, wide, listed, listed, halfway, reused,
	reshape, reshape}

func transfer(r *rand.Rand, rows int) string {
	x, m := account(r, rows), r.IntN(90)
	return fmt.Sprintf(`WITH x AS (UPDATE a SET n = n - %d WHERE id = (SELECT id FROM a WHERE id IN (%d, -%[2]d) LIMIT 1) RETURNING id)
		UPDATE b SET n = n + %[1]d WHERE id = %[3]d AND EXISTS (SELECT FROM x)`, m, x, 1+r.IntN(100))
}

func move(r *rand.Rand, rows int) string {
	return fmt.Sprintf("UPDATE a SET id = -id WHERE id IN (%d, -%d)", account(r, rows), account(r, rows))
}

func swap(r *rand.Rand, rows int) string {
	x, y := account(r, rows), account(r, rows)
	return fmt.Sprintf("UPDATE a SET id = 0 WHERE id = %d; UPDATE a SET id = %[1]d WHERE id = %d; UPDATE a SET id = %[2]d WHERE id = 0", x, y)
}

// reopen closes an account and opens another with its money.
func reopen(r *rand.Rand, rows int) string {
	return fmt.Sprintf("WITH d AS (DELETE FROM a WHERE id = %d RETURNING n) INSERT INTO a SELECT %d, n, NULL FROM d", account(r, rows), 1_000_000_000+r.IntN(1_000_000_000))
}

func touchDoc(r *rand.Rand, _ int) string {
	return fmt.Sprintf("UPDATE doc SET n = n + 1 WHERE id IN (%d, -%[1]d)", 1+r.IntN(200))
}

func moveDoc(r *rand.Rand, _ int) string {
	return fmt.Sprintf("UPDATE doc SET id = -id, n = n + 1 WHERE id IN (%d, -%[1]d)", 1+r.IntN(200))
}

func hotRow(r *rand.Rand, _ int) string {
	return fmt.Sprintf("UPDATE hot SET n = n + 1, hist = md5(hist || '%d') WHERE id = 1", r.IntN(100))
}

func come(r *rand.Rand, _ int) string {
	return fmt.Sprintf("INSERT INTO gone VALUES (%d, 'v%d') ON CONFLICT DO NOTHING", r.IntN(30), r.IntN(40))
}

func leave(r *rand.Rand, _ int) string {
	return fmt.Sprintf("DELETE FROM gone WHERE id = %d", r.IntN(30))
}

// handOver gives one row's unique value to another row in one transaction.
func handOver(r *rand.Rand, _ int) string {
	x, y := r.IntN(30), r.IntN(30)
	return fmt.Sprintf(`CREATE TEMP TABLE IF NOT EXISTS held (v text); DELETE FROM held; INSERT INTO held SELECT v FROM gone WHERE id = %d;
		DELETE FROM gone WHERE id = %[1]d; UPDATE gone SET v = (SELECT v FROM held) WHERE id = %d`, x, y)
}

// The target reads a table without a key once a batch, whatever the batch changes in it: bag may grow.
func bagIn(r *rand.Rand, _ int) string {
	return fmt.Sprintf("INSERT INTO bag SELECT %d, 'same' FROM generate_series(1, %d) WHERE (SELECT count(*) FROM bag) < 20000", r.IntN(5), 1+r.IntN(60))
}

func bagOne(r *rand.Rand, _ int) string {
	one := fmt.Sprintf("ctid = (SELECT min(ctid) FROM bag WHERE x = %d)", r.IntN(5))
	if r.IntN(2) == 0 {
		return "DELETE FROM bag WHERE " + one
	}
	return fmt.Sprintf("UPDATE bag SET t = 't%d' WHERE %s", r.IntN(4), one)
}

func bagMany(r *rand.Rand, _ int) string {
	return fmt.Sprintf("UPDATE bag SET x = %d WHERE ctid IN (SELECT ctid FROM bag WHERE x = %d LIMIT 200)", r.IntN(5), r.IntN(5))
}

func refill(r *rand.Rand, _ int) string {
	return fmt.Sprintf("TRUNCATE short; INSERT INTO short SELECT g, 'v%d' FROM generate_series(1, %d) g", r.IntN(100), r.IntN(50))
}

// wide is a transaction of a few hundred rows.
func wide(r *rand.Rand, rows int) string {
	from := account(r, rows)
	return fmt.Sprintf("UPDATE a SET pad = 'w%d' WHERE id BETWEEN %d AND %d", r.IntN(100), from, from+300)
}

// listed appends to the list and pays for it: two tables, neither of which ever comes back to where it was.
func listed(r *rand.Rand, _ int) string {
	return fmt.Sprintf("INSERT INTO list (part, at) VALUES ('p%d', now()), ('q', NULL); UPDATE hot SET n = n + 1 WHERE id = 1", r.IntN(1000))
}

// halfway takes back half of what it did: a savepoint's changes are in the WAL and never happened.
func halfway(r *rand.Rand, rows int) string {
	x := account(r, rows)
	return fmt.Sprintf(`BEGIN; UPDATE b SET n = n - 5 WHERE id = %d; SAVEPOINT s; UPDATE a SET n = n + 1000000 WHERE id = %d; DELETE FROM gone;
		INSERT INTO list (part) VALUES ('never'); ROLLBACK TO s; SAVEPOINT s; UPDATE b SET n = n + 5 WHERE id = %d; RELEASE s; COMMIT`, 1+r.IntN(50), x, 51+r.IntN(50))
}

// reused deletes a key and gives it to another row, twice in one transaction.
func reused(r *rand.Rand, _ int) string {
	x := r.IntN(30)
	return fmt.Sprintf(`BEGIN; DELETE FROM gone WHERE id = %d; INSERT INTO gone VALUES (%[1]d, 'r%[2]d'); UPDATE gone SET v = v || '+' WHERE id = %[1]d;
		DELETE FROM gone WHERE id = %[1]d; INSERT INTO gone VALUES (%[1]d, 's%[2]d'); COMMIT`, x, r.IntN(1_000_000))
}

// Large is one transaction of that many rows, to stand among the small ones: it is longer than what is
// applied at once.
func Large(rows int) string {
	return fmt.Sprintf("BEGIN; INSERT INTO list (part, at) SELECT 'large' || g, now() FROM generate_series(1, %d) g; UPDATE hot SET n = n + 1; COMMIT", rows)
}
