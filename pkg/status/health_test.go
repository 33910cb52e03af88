package status

import "testing"

// A service is ready while it does its part or stands by for it, and in no other state.
func TestWhoDoesItsPartIsReady(t *testing.T) {
	t.Parallel()
	none := &Health{}
	if state, _, goes := none.Says(); state != "STARTING" || goes {
		t.Errorf("one that said nothing is %s, %t", state, goes)
	}
	(*Health)(nil).Take(&Report{}, false)
	ready := map[string]bool{"INIT_STRUCTURE": true, "INIT_DATA": true, "CATCHING_UP": true, "SYNCING": true}
	for _, state := range States {
		for epoch := range uint32(2) {
			for _, standby := range []bool{false, true} {
				h := &Health{}
				h.Take(&Report{State: state, Epoch: epoch, Reason: "because", Detail: "of it"}, standby)
				want := ready[state] && epoch > 0 || standby && state == "WAITING"
				if _, why, goes := h.Says(); goes != want || why != "because of it" {
					t.Errorf("%s, epoch %d, standby %t: %t %s", state, epoch, standby, goes, why)
				}
			}
		}
	}
}
