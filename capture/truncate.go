package capture

import (
	"fmt"

	"floe/capture/decode"
	"floe/capture/route"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// truncate produces one record for each table that one TRUNCATE names. A partitioned table was
// truncated only if every leaf is named; else each named leaf is a record of its own.
func (s *session) truncate(m *decode.Message) error {
	seq := s.order.Seq()
	if s.order.Tx.Skip {
		return nil
	}
	for _, oid := range m.Relations {
		s.truncated[oid] = true
	}
	whole, leaves := truncated(m.Relations, s.leaves, s.members)
	for _, t := range whole {
		if drop, err := s.dropsAll(t); err != nil {
			return err
		} else if drop {
			continue
		}
		row := event.Row{Table: t.Shape, Op: event.Truncate, RestartIdentity: m.RestartIdentity}
		s.stamp(&row, seq)
		if err := s.produce(t, &row); err != nil {
			return err
		}
	}
	for _, oid := range leaves {
		t := s.leaves[oid]
		if drop, err := s.dropsAll(t); err != nil {
			return err
		} else if drop {
			continue
		}
		if s.parts[oid].Condition == "" { // nobody said which rows it holds
			o, err := s.loadAgain(t, true, false)
			if err == nil {
				err = s.placeWithin([]ledger.Object{o}, seq)
			}
			if err != nil {
				return err
			}
			continue
		}
		row := event.Row{Table: s.leaves[oid].Shape, Op: event.Truncate, Leaf: s.parts[oid]}
		s.stamp(&row, seq)
		if err := s.produce(s.leaves[oid], &row); err != nil {
			return err
		}
	}
	return nil
}

// dropsAll reports whether a TRUNCATE of the table is not for the log. There is none while it is read: the
// reader's lock would not let it be.
func (s *session) dropsAll(t *route.Table) (bool, error) {
	drop, _, later := s.unsettled(t)
	if later != nil && !s.dropped(t) {
		return false, fmt.Errorf("%s was truncated at %s while it was read under a lock", t.Shape.Name, s.order.Tx.Commit)
	}
	return drop || s.dropped(t), nil
}

// truncated sorts the relations of one TRUNCATE: tables that are empty now, and single leaves of
// partitioned tables. members counts the leaves of each table.
func truncated(relations []uint32, leaves map[uint32]*route.Table, members map[*route.Table]int) (whole []*route.Table, single []uint32) {
	named := map[*route.Table]int{}
	for _, oid := range relations {
		if t := leaves[oid]; t != nil {
			named[t]++
		}
	}
	for _, oid := range relations {
		t := leaves[oid]
		if t == nil || named[t] == 0 {
			continue
		}
		if named[t] < members[t] {
			single = append(single, oid)
			continue
		}
		whole = append(whole, t)
		named[t] = 0
	}
	return whole, single
}
