package workload

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// reshape is a transaction of rows of shape, and now and then of commands that change its columns, the
// rows around them. What the commands did stands in altered, in the words of e2e/history.
func reshape(r *rand.Rand, _ int) string {
	switch n := r.IntN(40); {
	case n < 26:
		return shapeRows(r)
	case n == 26:
		return rewritten(r)
	case n < 30:
		return takenBack(r)
	}
	return do(shapeRows(r), command(r), shapeRows(r))
}

// do is a transaction in a block; the lock is the commands' own, taken before what they depend on is read.
func do(steps ...string) string {
	return "DO $do$ BEGIN LOCK TABLE shape; " + strings.Join(steps, "; ") + "; END $do$"
}

func shapeRows(r *rand.Rand) string {
	id := 1 + r.IntN(80)
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("INSERT INTO shape (id, n) VALUES (%d, 7) ON CONFLICT DO NOTHING", id)
	case 1:
		return fmt.Sprintf("DELETE FROM shape WHERE id = %d", id)
	}
	return fmt.Sprintf("UPDATE shape SET n = n + 1 WHERE id BETWEEN %d AND %d", id, id+r.IntN(5))
}

// command changes the columns, if they allow it.
func command(r *rand.Rand) string {
	x, y, v := fmt.Sprintf("c%d", r.IntN(4)), fmt.Sprintf("c%d", r.IntN(4)), fmt.Sprintf("v%d", r.IntN(1000))
	fill := fmt.Sprintf("UPDATE shape SET %s = '%s+' WHERE id %% 3 = 1", x, v)
	switch r.IntN(6) {
	case 0:
		return given(has(x), "ALTER TABLE shape DROP "+x, said("drop shape "+x))
	case 1:
		return given(has(x)+" AND NOT "+has(y), "ALTER TABLE shape RENAME "+x+" TO "+y, said("rename shape "+x+" "+y))
	case 2: // another column under the same name
		return given(has(x), "ALTER TABLE shape DROP "+x+", ADD "+x+" text DEFAULT '"+v+"'", said("drop shape "+x), said("add shape "+x+" "+v), fill)
	case 3: // nothing that a row shows
		return given(has(x), "ALTER TABLE shape ALTER "+x+" SET DEFAULT '"+v+"'", fill)
	}
	return given("NOT "+has(x), "ALTER TABLE shape ADD "+x+" text DEFAULT '"+v+"'", said("add shape "+x+" "+v), fill)
}

// rewritten gives every row another value by the command itself, which no row of the WAL tells.
func rewritten(r *rand.Rand) string {
	x := fmt.Sprintf("c%d", r.IntN(4))
	return do(shapeRows(r), given(has(x), "ALTER TABLE shape ALTER "+x+" TYPE text USING "+x+" || '!'", said("append shape "+x+" !")), shapeRows(r))
}

// takenBack runs commands that never happened, between rows that did.
func takenBack(r *rand.Rand) string {
	return fmt.Sprintf("BEGIN; %s; SAVEPOINT s; %s; ROLLBACK TO s; %s; COMMIT", shapeRows(r), do(command(r), shapeRows(r)), shapeRows(r))
}

func has(column string) string {
	return "EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'shape'::regclass AND attname = '" + column + "' AND NOT attisdropped)"
}

func said(text string) string { return "INSERT INTO altered (said) VALUES ('" + text + "')" }

// given runs the statements where the condition holds; EXECUTE, because they name columns that only then exist.
func given(condition string, statements ...string) string {
	var b strings.Builder
	for _, s := range statements {
		fmt.Fprintf(&b, "EXECUTE $q$%s$q$; ", s)
	}
	return "IF " + condition + " THEN " + b.String() + "END IF"
}
