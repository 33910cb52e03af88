package applier

import (
	"context"

	"github.com/jackc/pgx/v5"

	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/status"
)

// A partial update whose row is not on the target, in a table that was loaded, means that the target
// drifted, and the values that the update leaves out are nowhere in the log any more. Its key is asked
// for (A4):
//
//  1. floe.asked on the target keeps the key, from the transaction on that missed the row.
//  2. The status report bears it until its key comes back; capture takes it up (capture/asked.go): the
//     table is unsettled again, and the key is read in a replace chunk of its own.
//  3. The chunk answers, and the Loaded behind it settles the table.
//
// While a table waits, a row may be missing under its old key still: changes run as in a table that is
// not settled, and a partial one that finds nothing asks for its new key.

// watched reports whether every row that a change takes for granted should be there. A row that was set
// aside is not there to be moved, and capture may not know of it yet.
func (s *session) watched(oid uint32, moves bool) bool {
	return s.loads[oid].Loaded || moves && len(s.asked[oid]) > 0
}

// missed asks for the rows that a work did not find.
func (s *session) missed(ctx context.Context, w *work) error {
	to, err := s.table(ctx, w.shape)
	if err != nil {
		return err
	}
	keys := make([]any, len(w.shape.Key))
	for i, k := range w.shape.Key {
		texts := make([]string, w.Rows)
		for j := range texts {
			texts[j] = string(w.New(j)[k].Text)
		}
		keys[i] = texts
	}
	rows, err := s.db.Conn.Query(ctx, to.Missing(), keys...)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(missing) == 0 {
		return err
	}
	s.report.drift(w.shape, int64(len(missing)))
	for _, n := range missing {
		if err := s.db.Ask(ctx, s.owner, w.shape.OID, keyTexts(w.shape, w.New(int(n-1))), s.order.Now.Offset); err != nil {
			return err
		}
	}
	s.asks = true
	return nil
}

func keyTexts(shape *event.Table, image []event.Datum) []string {
	key := make([]string, len(shape.Key))
	for i, k := range shape.Key {
		key[i] = string(image[k].Text)
	}
	return key
}

// answered takes up a chunk of keys. A table that was settled is not until its next Loaded, whoever asked
// for them: the chunk may hold what changes behind it do.
func (s *session) answered(ctx context.Context, table uint32, keys [][][]byte) error {
	settled := s.settled(table)
	if len(s.asked[table]) == 0 && !settled {
		return nil
	}
	for _, k := range keys {
		key := make([]string, len(k))
		for i := range k {
			key[i] = string(k[i])
		}
		if err := s.db.Answer(ctx, s.owner, table, key, s.order.Now.Offset, settled); err != nil {
			return err
		}
		if settled {
			s.ask(table, target.Asked{Key: key, At: s.order.Now.Offset, Read: true})
		}
	}
	s.asks = true
	return nil
}

// ask has what follows in the open transaction know of a key that is asked for.
func (s *session) ask(table uint32, a target.Asked) {
	if s.asked == nil {
		s.asked = map[uint32][]target.Asked{}
	}
	s.asked[table] = append(s.asked[table], a)
	s.asks = true
}

// forgo drops what was answered, or with all whatever was asked for of a table.
func (s *session) forgo(ctx context.Context, table uint32, all bool) error {
	if len(s.asked[table]) == 0 {
		return nil
	}
	s.asks = true
	return s.db.Forgo(ctx, s.owner, table, all)
}

// asking are the keys that the report bears.
func (s *session) asking() (out []status.Asked) {
	for oid, list := range s.asked {
		for _, a := range list {
			if !a.Read && len(out) < status.MostAsked {
				out = append(out, status.Asked{Table: oid, Key: a.Key, At: a.At})
			}
		}
	}
	return out
}
