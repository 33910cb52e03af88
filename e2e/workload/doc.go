// Package workload is what the fault tests run on the source: small transactions, seeded and mixed, each
// kind for something that goes wrong by itself.
//
//	a, b    money moves between them, the sum stays; a's rows change their key as well, and swap it
//	doc     a large value stays as it is while the row changes, or its key does
//	short   emptied and filled again
//	hot     one row, thousands of updates
//	gone    rows come and go under few keys; unique values are handed from row to row
//	bag     no key, equal rows
//	list    appended to; a row is never changed
//	shape   its columns come, go, change their names and their values by commands, between rows of the
//	        same transaction; altered says what was done, for whoever follows the rows alone
//
// Savepoints that are rolled back, and a transaction of thousands of rows among the small ones, stand
// between them.
package workload

import (
	"fmt"

	"floe/pkg/ident"
)

// Structure is the tables, empty.
const Structure = `
CREATE TABLE a (id bigint PRIMARY KEY, n bigint NOT NULL, pad text);
CREATE TABLE b (id int PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE doc (id bigint PRIMARY KEY, n int NOT NULL, body text);
ALTER TABLE doc ALTER body SET STORAGE EXTERNAL;
CREATE TABLE short (id int PRIMARY KEY, v text);
CREATE TABLE hot (id int PRIMARY KEY, n bigint NOT NULL, hist text);
CREATE TABLE gone (id int PRIMARY KEY, v text UNIQUE);
CREATE TABLE bag (x int, t text);
ALTER TABLE bag REPLICA IDENTITY FULL;
CREATE TABLE list (id bigserial PRIMARY KEY, part text, at timestamptz);
CREATE TABLE shape (id int PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE altered (id bigserial PRIMARY KEY, said text NOT NULL);
`

const filled = `
INSERT INTO hot VALUES (1, 0, '');
INSERT INTO b SELECT g, 1000 FROM generate_series(1, 100) g;
INSERT INTO doc SELECT g, 0, repeat(md5(g::text), 100) FROM generate_series(1, 200) g;
INSERT INTO shape SELECT g, 0 FROM generate_series(1, 60) g;
INSERT INTO bag SELECT g % 5, 'same' FROM generate_series(1, 50) g;
INSERT INTO a SELECT g, 100, repeat('p', 100) FROM generate_series(1, `

// Fill is what the load has to carry; rows of a, wide enough to take a while.
func Fill(rows int) string { return filled + fmt.Sprint(rows) + ") g" }

// Tables are the workload's.
func Tables() []ident.Name {
	var out []ident.Name
	for _, t := range []string{"a", "b", "doc", "short", "hot", "gone", "bag", "list", "shape", "altered"} {
		out = append(out, ident.Name{Schema: "public", Name: t})
	}
	return out
}

// SumSQL is the money in both tables; a transaction never changes it.
const SumSQL = `SELECT (SELECT sum(n) FROM public.a) + (SELECT sum(n) FROM public.b)`
