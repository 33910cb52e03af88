package capture_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// waitTable waits until the log knows a table with these columns.
func (j *job) waitTable(name, columns string) {
	j.t.Helper()
	deadline := time.After(patience)
	for {
		for _, t := range j.tap().replay().tables {
			var has []string
			for _, c := range t.Columns {
				has = append(has, c.Name)
			}
			if t.Name.Name == name && strings.Join(has, " ") == columns {
				return
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			j.t.Fatalf("the log has no %s with %s", name, columns)
		}
	}
}

// A table that comes while nobody tells joins when who has it lets it go, and is loaded then. Until that all else goes
// on: other structure that nobody told of, changes, a new start.
func TestATableThatOthersHoldJoinsWhenItIsLetGo(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id int primary key, v text)`, `insert into a select g, 'v' from generate_series(1, 100) g`)
	j.start()
	j.settled()
	j.untold()
	j.exec(`create table b (id int, v text)`, `insert into b select g, 'before' from generate_series(1, 100) g`) // gets another replica identity
	holder, err := pgx.Connect(t.Context(), j.url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.Background()) //nolint:errcheck
	if _, err := holder.Exec(t.Context(), `begin; insert into b values (101, 'within'); delete from b where id = 5`); err != nil {
		t.Fatal(err)
	}
	j.waitTable("b", "id v")
	j.exec(`alter table a add n int default 7`, `insert into a values (101, 'n', 8)`, `create table c (id int primary key)`, `insert into c values (1)`)
	j.waitTable("a", "id v n")
	j.halt()
	j.exec(`insert into a values (102, 'n', 8)`)
	j.start()
	j.waitPlaced(j.end())
	if _, err := holder.Exec(t.Context(), `insert into b values (102, 'late'); commit`); err != nil {
		t.Fatal(err)
	}
	j.exec(`insert into b values (103, 'behind')`, `delete from b where id = 6`)
	j.settled().same(j)
}
