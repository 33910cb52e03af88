package load

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"floe/pkg/ledger"
)

// Record is the state as an Epoch's object; Restore takes it back.
func (st *State) Record() (string, error) {
	r := ledger.LoadState{Load: st.Load, Open: st.Open, Complete: st.Complete, Loaded: st.Loaded, Rows: st.Rows, Until: st.Until, Snapshot: st.Snapshot,
		Replace: st.Replace, Asked: st.Asked, Heeded: st.Heeded, Filed: st.Filed}
	for _, k := range slices.Sorted(maps.Keys(st.Waiting)) {
		r.Waiting = append(r.Waiting, st.Waiting[k])
	}
	b, err := json.Marshal(r)
	return string(b), err
}

// Restore puts the state that Record wrote in the place of the table's.
func (s States) Restore(table uint32, body string) error {
	var r ledger.LoadState
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return fmt.Errorf("the load of table %d: %w", table, err)
	}
	st := s.Begin(table, r.Load)
	st.Open, st.Complete, st.Loaded, st.Rows, st.Until, st.Snapshot = r.Open, r.Complete, r.Loaded, r.Rows, r.Until, r.Snapshot
	st.Replace, st.Asked, st.Heeded, st.Filed = r.Replace, r.Asked, r.Heeded, r.Filed
	for _, k := range r.Waiting {
		st.Waiting[keyText(k)] = Moved(k)
	}
	return nil
}
