package structure

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Queryer is a connection or a transaction.
type Queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// record is what floe.object says of one step.
type record struct {
	ID, Hash, State, Code string
}

// done reports whether the step is not to be run again.
func (r record) done() bool {
	switch State(r.State) {
	case "", Failed, LeftOut, Awaited:
		return false
	}
	return true
}

// EnsureTable makes floe.object and floe.definition, in schema floe, which is there. A step that creates a table or view
// records its name on the target and its oid: `floe job reset` drops no other.
func EnsureTable(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS floe.object (
		job text NOT NULL, applier text NOT NULL, id text NOT NULL, object text NOT NULL, hash text NOT NULL,
		state text NOT NULL, code text NOT NULL, detail text NOT NULL, done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		source text NOT NULL DEFAULT '', target text NOT NULL DEFAULT '', relation oid, PRIMARY KEY (job, applier, id))`)
	if err != nil {
		return fmt.Errorf("make floe.object: %w", err)
	}
	_, err = tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS floe.definition (
		job text NOT NULL, applier text NOT NULL, kind text NOT NULL, oid oid NOT NULL, hash text NOT NULL, body text NOT NULL,
		out_of_selection boolean NOT NULL DEFAULT false, PRIMARY KEY (job, applier, kind, oid))`)
	if err != nil {
		return fmt.Errorf("make floe.definition: %w", err)
	}
	return nil
}

// journal reads and writes the records of one applier.
type journal struct {
	tx           pgx.Tx
	job, applier string
	known        map[string]record
	facts        []Fact // to be written
	hashes       []string
	targets      []string // of the table that the step creates
	ended        []string // IDs of refusals that are no more
}

// open reads what is recorded of these steps.
func open(ctx context.Context, tx pgx.Tx, job, applier string, stmts []Statement) (*journal, error) {
	j := &journal{tx: tx, job: job, applier: applier, known: map[string]record{}}
	ids := make([]string, 0, len(stmts))
	for _, s := range stmts {
		if ids = append(ids, s.ID); s.Alters != "" {
			ids = append(ids, s.Alters)
		}
	}
	rows, err := tx.Query(ctx, `SELECT id, hash, state, code FROM floe.object WHERE job = $1 AND applier = $2 AND id = ANY($3::text[])`, job, applier, ids)
	if err != nil {
		return nil, fmt.Errorf("read floe.object: %w", err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[record])
	if err != nil {
		return nil, fmt.Errorf("read floe.object: %w", err)
	}
	for _, r := range got {
		j.known[r.ID] = r
	}
	return j, nil
}

// relation is the relation that a step makes, by its name on the target.
func (s *Statement) relation() string {
	switch {
	case s.Creates.Name != "":
		return s.Creates.SQL()
	case s.Makes.Name != "":
		return s.Makes.SQL()
	}
	return ""
}

func (j *journal) add(s Statement, state State, code, reason string) Fact {
	f := Fact{ID: s.ID, Object: s.Object, State: state, Code: code, Reason: reason}
	switch state {
	case Failed, Kept, LeftOut:
		f.Source = s.SQL
	}
	j.facts, j.hashes, j.targets = append(j.facts, f), append(j.hashes, hash(s.SQL)), append(j.targets, s.relation())
	j.known[s.ID] = record{s.ID, hash(s.SQL), string(state), code}
	return f
}

// close writes what was added.
func (j *journal) close(ctx context.Context) error {
	if err := j.forget(ctx, j.ended); err != nil {
		return err
	}
	if len(j.facts) == 0 {
		return nil
	}
	var b [8][]string
	for i, f := range j.facts {
		for k, v := range []string{f.ID, f.Object, j.hashes[i], string(f.State), f.Code, f.Reason, f.Source, j.targets[i]} {
			b[k] = append(b[k], v)
		}
	}
	_, err := j.tx.Exec(ctx, `INSERT INTO floe.object AS o (job, applier, id, object, hash, state, code, detail, source, target, relation)
		SELECT $1, $2, u.*, (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace -- to_regclass wants rights
			WHERE n.nspname = (pg_catalog.parse_ident(nullif(u.target, '')))[1] AND c.relname = (pg_catalog.parse_ident(nullif(u.target, '')))[2]) FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
		u(id, object, hash, state, code, detail, source, target)
		ON CONFLICT (job, applier, id) DO UPDATE SET object = excluded.object, hash = excluded.hash, state = excluded.state,
		code = excluded.code, detail = excluded.detail, source = excluded.source, target = excluded.target, relation = excluded.relation, done_at = clock_timestamp()`,
		j.job, j.applier, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7])
	if err != nil {
		return fmt.Errorf("write floe.object: %w", err)
	}
	j.facts, j.hashes, j.targets = nil, nil, nil
	return nil
}

// planned puts what a plan knows before it is run in the place of what the last plan knew. Such facts
// have IDs apart from those of steps.
func (j *journal) planned(ctx context.Context, facts []Fact) error {
	if _, err := j.tx.Exec(ctx, `DELETE FROM floe.object WHERE job = $1 AND applier = $2 AND id LIKE '%#%'`, j.job, j.applier); err != nil {
		return fmt.Errorf("write floe.object: %w", err)
	}
	seen := map[string]bool{}
	for _, f := range facts {
		for f.ID += "#" + f.Code; seen[f.ID]; {
			f.ID += "+"
		}
		seen[f.ID] = true
		j.facts, j.hashes, j.targets = append(j.facts, f), append(j.hashes, ""), append(j.targets, "")
	}
	return nil
}

func hash(sql string) string {
	sum := sha256.Sum256([]byte(sql))
	return hex.EncodeToString(sum[:8])
}

// Facts reads what of the records is worth showing: all but what was made, and what was there alike.
func Facts(ctx context.Context, q Queryer, job, applier string) ([]Fact, error) {
	rows, err := q.Query(ctx, `SELECT id, object, state, code, detail, source FROM floe.object
		WHERE job = $1 AND applier = $2 AND (code <> '' OR detail <> '') ORDER BY id`, job, applier)
	if err != nil {
		return nil, fmt.Errorf("read floe.object: %w", err)
	}
	facts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Fact])
	if err != nil {
		return nil, fmt.Errorf("read floe.object: %w", err)
	}
	return facts, nil
}
