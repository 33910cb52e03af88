package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// sequence is a sampled value, set with the batch that it came behind.
type sequence struct {
	oid   uint32
	name  ident.Name
	value ledger.SequenceValue
	at    int64 // ledger offset
}

// Sequences keeps sampled values for the next commit.
func (s *session) Sequences(e *assemble.Entry) error {
	for i := range e.Defs.Objects {
		o := &e.Defs.Objects[i]
		v := sequence{oid: o.OID, name: ident.Name{Schema: o.Schema, Name: o.Name}, at: e.Offset}
		if err := json.Unmarshal([]byte(o.Body), &v.value); err != nil {
			return &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("a sequence's value that ledger offset %d points at", e.Offset), Fix: fixReset, Err: err}
		}
		s.sampled = append(s.sampled, v)
	}
	return nil
}

// setSequences sets the target's sequences to what the batch holds through a ledger offset. It looks whether each is there: structure may have been
// left out on purpose.
func (s *session) setSequences(ctx context.Context, through int64) error {
	for _, v := range s.sampled {
		if v.at > through {
			break
		}
		name, ok := s.names[v.oid]
		if !ok {
			name = s.Mapping.Table(v.name)
		}
		var there bool
		if err := s.db.Conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'S')",
			name.Schema, name.Name).Scan(&there); err != nil {
			return err
		}
		if !there {
			continue
		}
		if err := s.db.Exec(ctx, "SELECT setval("+ident.Literal(name.SQL())+"::regclass, "+strconv.FormatInt(v.value.Last, 10)+", "+strconv.FormatBool(v.value.IsCalled)+")"); err != nil {
			if target.Refused(err) {
				return &halt.Error{Code: halt.ConstraintViolation, Err: err, Detail: fmt.Sprintf("the target's sequence %s does not take the source's value %d", name, v.value.Last),
					Fix: "give it the source's bounds (ALTER SEQUENCE … MINVALUE … MAXVALUE …), and floe's role the right to set it; floe then goes on by itself"}
			}
			return fmt.Errorf("set sequence %s: %w", name, err)
		}
	}
	return nil
}
