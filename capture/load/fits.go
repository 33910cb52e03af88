package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"floe/pkg/halt"
)

// shapeSQL is a table's columns that have values of their own as one text, the same for the same
// columns, whether its name is still its own, and of what it consists if it is partitioned. Servers before 12
// have no attgenerated.
const shapeSQL = `SELECT coalesce(string_agg(attnum || ' ' || attname || ' ' || atttypid || ' ' || atttypmod, ',' ORDER BY attnum), ''), to_regclass($2)::oid IS NOT DISTINCT FROM $1::oid,
	CASE WHEN $4 THEN '' ELSE (WITH RECURSIVE t AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN t ON i.inhparent = t.oid)
		SELECT array_agg(oid)::text FROM t) END, coalesce((SELECT ` + sortsSQL + ` FROM pg_catalog.pg_index i WHERE i.indexrelid = $5), '')
	FROM pg_catalog.pg_attribute a WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND coalesce(to_jsonb(a)->>'attgenerated', '') = '' AND attname <> ALL ($3::text[])`

// shapeOf is the same text of a version.
func shapeOf(t *version) string {
	parts := make([]string, len(t.Shape.Columns))
	for i := range t.Shape.Columns {
		c := &t.Shape.Columns[i]
		parts[i] = fmt.Sprintf("%d %s %d %d", c.Attnum, c.Name, t.Types[i].OID, t.Types[i].Modifier)
	}
	return strings.Join(parts, ",")
}

// misfitFor is how long a table may differ from its version once the stream has passed where that was
// seen: what is in no message of the stream is looked for once a second.
const misfitFor = 5 * time.Second

// fits asks, under S and a lock, whether the table is what its version says, its keys in the same order: its rows would
// be read in one form and described in another. One that is not waits for the stream to bring the change, and halts
// when it does not.
func (l *Loader) fits(ctx context.Context, p *part) error {
	var now, sorts string
	var own bool
	t := p.t
	if err := p.reader.conn.QueryRow(ctx, shapeSQL, t.Shape.OID, t.Shape.Name.SQL(), append([]string{}, t.Hidden...), t.Only, t.order.index).Scan(&now, &own, &p.tree, &sorts); err != nil {
		return errors.Join(errConnection, err)
	}
	if sorts != t.order.sorts { // ranges that were read in one order do not go on in another; an index may be built anew
		o, err := orderOf(ctx, p.reader.conn, t)
		if err != nil {
			return errors.Join(errConnection, err)
		}
		own = own && o.sorts == t.order.sorts
	}
	types, err := typesOf(ctx, p.reader.conn, t)
	if err != nil {
		return err
	}
	p.types = types
	if err := l.defined(ctx, p); err != nil {
		return err
	}
	t.mu.Lock() // other readers read other ranges of it
	defer t.mu.Unlock()
	if own && (t.Types == nil || now == shapeOf(t)) {
		t.misfit = time.Time{}
		return nil
	}
	if t.misfit.IsZero() {
		t.misfit, t.misfitAt = time.Now(), p.snap.until
	}
	if l.Pending == nil && time.Since(t.misfit) > misfitFor && l.Gate.At() >= t.misfitAt {
		return halt.New(halt.StructureChanged, halt.Rebuild, "%s changed while it is loaded", t.Shape.Name)
	}
	t.later = time.Now().Add(laterWait)
	return errLater
}
