// Package failpoint marks the places where a process may end at the worst moment: on each side of what
// another process or server sees. Without the build tag failpoint, Here is nothing and costs nothing.
//
// With it, the environment says what happens:
//
//	FLOE_FAILPOINT=name:nth:kill9   the nth hit of the name ends the process as kill -9 does
//	FLOE_FAILPOINT=name:nth:error   it returns an error
//	FLOE_FAILPOINT=name:nth:hold    it waits until the file `released` is in FLOE_FAILPOINT_DIR
//	FLOE_FAILPOINT=count            every hit adds a byte to the file FLOE_FAILPOINT_DIR/name
//
// In FLOE_FAILPOINT_DIR the first process to reach the place leaves the file `fired`; where that is,
// nothing happens again: the process that is started anew lives.
//
// sites_test.go lists what must have a failpoint on each side, and fails on a call that has none.
package failpoint
