// Package shapes makes random changes of structure and of data on a source while a job copies it, several in a
// transaction, some of them taken back. Rows must be the same again and again, and at the end, once the target
// has taken over, what pg_dump says of both sides.
//
//	go test ./e2e/shapes      one seed, always the same
//	make shapes SHAPES=50     so many seeds that are new; FLOE_SEED is the first
package shapes
