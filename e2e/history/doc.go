// Package history proves from outside that a target went through the source's history and through
// nothing else.
//
// A Recorder reads the source's commits from a replication slot of its own, with PostgreSQL's
// test_decoding and a parser of ours, and keeps after each commit a fingerprint of every table: a
// prefix of the history. A Sampler reads the target's tables again and again, each time in one
// snapshot. Judge then holds the samples against the prefixes:
//
//   - every sample equals some prefix, in all tables that are settled: nothing is lost, doubled,
//     reordered, and no transaction is torn;
//   - samples never go back, whatever was killed between them;
//   - a sample equals the prefix that floe.checkpoint names in the same snapshot;
//   - the last sample equals the last prefix.
//
// What a command does to a table's columns no row tells: the transaction that runs it says so itself, in
// a row of a table that is called altered (see [said]).
//
// Nothing of floe's pipeline is imported: a fault in it cannot hide itself here. What floe is asked is
// two tables on the target, floe.checkpoint and floe.load.
package history

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"floe/pkg/ident"
)

// LSN is a place in the source's WAL.
type LSN uint64

// ParseLSN reads PostgreSQL's form.
func ParseLSN(text string) (LSN, error) {
	var high, low uint32
	if _, err := fmt.Sscanf(text, "%X/%X", &high, &low); err != nil {
		return 0, fmt.Errorf("LSN %q: %w", text, err)
	}
	return LSN(high)<<32 | LSN(low), nil
}

func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// Table is one whose history is kept. Without a key its rows are a bag.
type Table struct {
	Name    ident.Name
	OID     uint32   // on the source
	Columns []string // when the history begins
	Key     []int    // indexes of Columns
}

// Print is the fingerprint of a table's rows as a bag: their number and the sum of their hashes, so that
// it follows from the one before by what was added and what was taken away.
type Print struct {
	Rows int64
	Sum  uint64
}

func (p Print) String() string { return fmt.Sprintf("%d rows, %016x", p.Rows, p.Sum) }

func (p *Print) add(hash uint64)  { p.Rows, p.Sum = p.Rows+1, p.Sum+hash }
func (p *Print) take(hash uint64) { p.Rows, p.Sum = p.Rows-1, p.Sum-hash }

// Value is one column of one row, as text.
type Value struct {
	Text            string
	Null, Unchanged bool
}

// byName is the order in which a print takes the columns: that of their numbers is the server's own.
func byName(columns []string) []int {
	order := make([]int, len(columns))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(columns[i], columns[j]) })
	return order
}

// hash is what printSQL makes of the same row.
func hash(columns []string, row []Value) uint64 {
	var b strings.Builder
	for _, i := range byName(columns) {
		b.WriteString(columns[i])
		if row[i].Null {
			b.WriteString("=N")
			continue
		}
		fmt.Fprintf(&b, "=%d:%s", len([]rune(row[i].Text)), row[i].Text)
	}
	sum := md5.Sum([]byte(b.String()))
	return binary.BigEndian.Uint64(sum[:8])
}

// printSQL selects a table's number and its fingerprint. The text of a row is its columns' names, lengths
// and texts, so that no two rows share one.
func printSQL(number int, name ident.Name, columns []string) string {
	var parts []string
	for _, i := range byName(columns) {
		text := ident.Quote(columns[i]) + "::text"
		parts = append(parts, ident.Literal(columns[i]+"="), "coalesce(length("+text+")::text || ':' || "+text+", 'N')")
	}
	return fmt.Sprintf(`SELECT %d, count(*), coalesce(sum(('x' || substr(md5(convert_to(concat(%s), 'UTF8')), 1, 16))::bit(64)::bigint), 0)::text FROM ONLY %s`,
		number, strings.Join(parts, ", "), name.SQL())
}

// parsePrint takes the sum, which the server gives as a number without bound, modulo 2^64.
func parsePrint(rows int64, sum string) (Print, error) {
	n, ok := new(big.Int).SetString(sum, 10)
	if !ok {
		return Print{}, fmt.Errorf("the sum of hashes is %q", sum)
	}
	return Print{rows, n.Mod(n, modulus).Uint64()}, nil
}

var modulus = new(big.Int).Lsh(big.NewInt(1), 64)
