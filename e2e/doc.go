// Package e2e tests floe as a black box: real servers, the real binary, behaviour scenarios.
//
//	make e2e                                        every scenario, settling and rushing
//	go test ./e2e                                   a handful of them
//	go test ./e2e -run 'TestScenarios/rushing/key'  some; the slash chooses from all
//	FLOE_E2E_PEER=native go test ./e2e …            PostgreSQL's own replication in floe's place
//
// FLOE_SCENARIOS names another folder, FLOE_BIN a binary that is built already, FLOE_E2E=all
// chooses all. scenarios/README.md says what a file means; scenario/ reads it; attempt_test.go
// goes through it; expect_test.go judges. A file with one live step is the same in both modes, and of
// scenarios/ run once. known-failing.txt lists what floe cannot do yet.
package e2e
