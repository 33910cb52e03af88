// Package sweep ends floe at every step: one run counts how often each failpoint is passed, then one run
// per hit ends the process there as kill -9 does. Every run must converge without a manual step, and what
// was seen of the target must be the source's history.
//
//	go test ./e2e/sweep           the first hit of each failpoint and some others, for twenty seconds
//	FLOE_E2E=all                  the same for a minute: make e2e
//	FLOE_SWEEP=12                 up to so many hits of each, without a bound in time: make sweep
//	FLOE_SWEEP_ONLY=name:nth:action,…  these
package sweep
