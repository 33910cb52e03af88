package cutover

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/applier/structure"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// LateError is a source that wrote behind what the target has.
type LateError struct {
	Changes int64
	Tables  []string
}

func (e *LateError) Error() string {
	return fmt.Sprintf("the source has %s that the target has not, of %s", status.Count(e.Changes, "change"), strings.Join(e.Tables, ", "))
}

// Late fails if the source wrote behind what the target has. It looks at what the log holds, then at what the slot
// would send next, and takes nothing from it. The heartbeat is no change; a command that changed structure is.
func (c *CutOver) Late(ctx context.Context) error {
	var slot string
	if err := c.source.QueryRow(ctx, `SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE `+slotSQL, c.job.Name).Scan(&slot); err != nil {
		return fmt.Errorf("look for the slot: %w", err)
	}
	late := &LateError{}
	from, err := c.placed(ctx, late)
	if err != nil {
		return err
	}
	var unplaced LateError
	err = c.source.QueryRow(ctx, `WITH m AS (SELECT xid::text AS xid, chr(get_byte(data, 0)) AS kind, data
			FROM pg_catalog.pg_logical_slot_peek_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', $2)),
		late AS (SELECT xid FROM m WHERE kind = 'B' AND upper(encode(substring(data FROM 2 FOR 8), 'hex')) >= $3),
		changes AS (SELECT kind, CASE kind WHEN 'T' THEN NULL ELSE ('x' || encode(substring(data FROM 2 FOR 4), 'hex'))::bit(32)::bigint::oid END AS relation
			FROM m JOIN late USING (xid) WHERE kind IN ('I', 'U', 'D', 'T'))
		SELECT count(*), coalesce(array_agg(DISTINCT coalesce(n.nspname || '.' || c.relname, 'TRUNCATE')), '{}')
		FROM changes LEFT JOIN pg_catalog.pg_class c ON c.oid = relation LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE kind = 'T' OR NOT (c.relname ~ `+catalog.Foreigners+` OR n.nspname = 'floe' AND (c.relname <> 'ddl' OR kind = 'D')) IS TRUE`,
		slot, `"`+"floe_"+c.job.Name+`"`, fmt.Sprintf("%016X", uint64(from))).Scan(&unplaced.Changes, &unplaced.Tables)
	if err != nil {
		return fmt.Errorf("look at what the slot would send: %w", err)
	}
	late.Changes += unplaced.Changes
	late.Tables = slices.Compact(slices.Sorted(slices.Values(slices.Concat(late.Tables, unplaced.Tables))))
	if late.Changes > 0 {
		return late
	}
	return nil
}

// places are where the job's appliers stand.
func (c *CutOver) places(ctx context.Context) ([]place, error) {
	rows, err := c.target.Query(ctx, "SELECT applier, ledger_offset, epoch, n, commit_lsn::text, resume_lsn::text FROM floe.checkpoint WHERE job = $1 ORDER BY 1", c.job.Name)
	if err != nil {
		return nil, fmt.Errorf("read floe.checkpoint: %w", err)
	}
	var out []place
	var p place
	var commit, resume string
	_, err = pgx.ForEachRow(rows, []any{&p.applier, &p.offset, &p.epoch, &p.n, &commit, &resume}, func() (err error) {
		if p.commit, err = event.ParseLSN(commit); err != nil {
			return err
		}
		p.resume, err = event.ParseLSN(resume)
		out = append(out, p)
		return err
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("it has no applier of job %s", c.job.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("read floe.checkpoint: %w", err)
	}
	return out, nil
}

// sequences has the target's go on where the source's are.
func (c *CutOver) sequences(ctx context.Context, tx pgx.Tx, names map[uint32]ident.Name, out *Report) error {
	rows, err := c.source.Query(ctx, `SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'S' AND c.oid = ANY($1::oid[])`, slices.Collect(maps.Keys(names)))
	if err != nil {
		return fmt.Errorf("read the source's sequences: %w", err)
	}
	at := map[uint32]string{}
	var oid uint32
	var name string
	if _, err = pgx.ForEachRow(rows, []any{&oid, &name}, func() error { at[oid] = name; return nil }); err != nil {
		return fmt.Errorf("read the source's sequences: %w", err)
	}
	for oid, name := range at {
		var last int64
		var called bool
		if err := c.source.QueryRow(ctx, "SELECT last_value, is_called FROM "+name).Scan(&last, &called); err != nil {
			return fmt.Errorf("read sequence %s: %w", name, err)
		}
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SELECT setval(to_regclass($1), $2, $3) WHERE to_regclass($1) IS NOT NULL`, names[oid].SQL(), last, called)
			return err
		})
		switch code := pg.Code(err); {
		case err == nil:
			out.Sequences++
		case code != "" && !errors.Is(err, context.Canceled):
			out.Refused = append(out.Refused, structure.Fact{Object: "sequence " + names[oid].String(), State: structure.Failed, Code: code, Reason: err.Error()})
		default:
			return fmt.Errorf("set sequence %s: %w", names[oid], err)
		}
	}
	return nil
}
