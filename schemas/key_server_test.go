package schemas

import (
	"testing"

	"floe/pkg/event"
	"floe/pkg/pg"
	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// samples are values of each foldable type that come near to each other: equal ones that are spelled
// differently, unequal ones that differ by little.
var samples = map[string][]string{
	"bool": {"t", "f"}, "int2": {"0", "-0", "1", "-1"}, "int4": {"0", "1", "10"}, "int8": {"0", "1", "-9223372036854775808"}, "oid": {"0", "4294967295"},
	"uuid":  {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC999C0B4EF8BB6D6BB9BD380A11", "00000000-0000-0000-0000-000000000000"},
	"bytea": {"", `\x00`, `\x0000`, `\xff`}, "char": {"", "a", "b", " "}, "name": {"", "a", "A", "a "},
	"text": {"", "a", "A", "a ", "é", "e\u0301", "\u200b"}, "varchar": {"", "a", "A", "a ", " a"}, "bpchar": {"", " ", "a", "a ", "a  ", " a", "a\t", "A", "aa"},
	"numeric":     {"0", "-0", "0.0", "0.00", "-0.000", "1", "1.0", "1.00", "10", "10.0", "100", "1e2", "0.1", "0.10", "0.01", "-1.50", "-1.5", "1e-20", "1.0e-20", "123456789012345678901234567890.10", "123456789012345678901234567890.1", "NaN", "Infinity", "-Infinity"},
	"float4":      {"0", "-0", "1", "1.0000001", "1.00000001", "NaN", "Infinity", "-Infinity", "1e-45", "16777216", "16777217"},
	"float8":      {"0", "-0", "1", "1.0000000000000002", "1.00000000000000001", "NaN", "Infinity", "-Infinity", "5e-324", "0.1", "0.30000000000000004"},
	"money":       {"0", "-0", "1", "1.00", "1.001", "1000", "1,000.00", "-1", "-92233720368547758.08"},
	"date":        {"2024-02-29", "infinity", "-infinity", "0044-03-15 BC", "0044-03-15"},
	"time":        {"00:00", "24:00", "23:59:60", "12:00", "12:00:00.000001", "12:00:00.0000001"},
	"timetz":      {"12:00+02", "10:00+00", "11:00+01", "12:00+02:00", "12:00+02:00:01", "11:59:59+02", "24:00+00", "00:00+00", "01:00+01"},
	"timestamp":   {"2024-01-01 00:00", "2023-12-31 24:00", "2024-01-01 00:00:00.000001", "infinity", "-infinity", "0001-01-01 BC"},
	"timestamptz": {"2024-01-01 00:00+00", "2024-01-01 02:00+02", "2023-12-31 24:00+00", "2024-01-01 00:00+02", "infinity", "-infinity"},
	"inet":        {"10.0.0.1", "10.0.0.1/32", "10.0.0.1/8", "10.0.0.2/8", "10.0.0.0/8", "::ffff:10.0.0.1", "::1", "::1/128", "::1/64", "0:0:0:0:0:0:0:1", "::10.0.0.1"},
	"cidr":        {"10", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32", "::/0", "::/128", "0.0.0.0/0"},
	"macaddr":     {"08:00:2b:01:02:03", "08-00-2B-01-02-03", "08:00:2b:01:02:04"}, "macaddr8": {"08:00:2b:01:02:03", "08:00:2b:ff:fe:01:02:03", "08:00:2b:01:02:03:04:05"},
	"bit": {"0", "00", "1", "10", "01", ""}, "varbit": {"0", "00", "1", "10", "01", ""}, "pg_lsn": {"0/0", "1/0", "0/1", "00/001"}, "xid8": {"0", "1", "4294967297"},
}

// What the server holds for equal has one identity, and nothing else has: folding stands on it.
func TestIdentityIsTheServersEquality(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	if server.Version() < 14 {
		t.Skip("the server lacks some of the types and values")
	}
	conn, err := pg.Connect(t.Context(), pg.Config{URL: pgtest.NewDB(t, server)}, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for name := range oneText {
		typ := builtin(name)
		table := &event.Table{Columns: []event.Column{{Name: "k", Type: typ}}, Key: []int{0}}
		if len(samples[name]) < 2 || !Foldable(table, nil) {
			t.Errorf("%s: %d samples, foldable %v", name, len(samples[name]), Foldable(table, nil))
		}
		// format writes a value as its column would be sent; a cast to text does not.
		rows, err := conn.Query(t.Context(), `with s as (select v::`+typ.SQL()+` as v from unnest($1::text[]) v)
			select format('%s', a.v), format('%s', b.v), a.v = b.v from s a, s b`, samples[name])
		if err != nil {
			t.Fatal(name, err)
		}
		var a, b string
		var equal bool
		_, err = pgx.ForEachRow(rows, []any{&a, &b, &equal}, func() error {
			one := AppendIdentity(nil, table, []event.Datum{value(a)})
			two := AppendIdentity(nil, table, []event.Datum{value(b)})
			if equal != (string(one) == string(two)) {
				t.Errorf("%s: %q = %q is %v, their identities are %q and %q", name, a, b, equal, one, two)
			}
			return nil
		})
		if err != nil {
			t.Error(name, err)
		}
	}
}
