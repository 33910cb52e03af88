// Package simulation runs the decisions of both services in one goroutine: the writer of the log
// (capture/publish, group), the reading of it (capture/readback, past, trim), the applier's reader and loop
// (applier/assemble, batch), as they are. What they reach the world by is memory here: a broker, a source with
// its slot, a target with its checkpoint. A seed says who does its next step when, what is delayed, doubled,
// refused and lost, and who dies; the same seed is the same run.
//
// A run is judged at each commit of the target (judge.go): what is settled must be the source as it was behind
// the very transaction that the checkpoint names. At the end, when nothing goes wrong any more, all must have
// arrived, or, if something was broken for good, somebody must have halted.
package simulation
