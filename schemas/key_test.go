package schemas

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ident"
)

func builtin(name string) ident.Name { return ident.Name{Schema: "pg_catalog", Name: name} }

func TestEqualKeysShareASpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typ, a, b string }{
		{"numeric", "1.0", "1.00"}, {"numeric", "0", "-0.00"}, {"numeric", "0.000", "0"}, {"numeric", "100", "100.0"}, {"numeric", "-1.50", "-1.5"},
		{"float8", "0", "-0"}, {"float4", "-0", "0"}, {"bpchar", "ab", "ab   "}, {"bpchar", "", "   "}, {"citext", "Ab", "aB"},
		{"interval", "1 day", "24:00:00"}, {"interval", "1 mon", "30 days"}, {"interval", "1 day -00:00:01", "23:59:59"},
		{"interval", "-1 days +24:00:00", "00:00:00"}, {"interval", "-1 years -2 mons", "-420 days"}, {"interval", "-00:00:01", "-1 days +23:59:59"},
	} {
		if a, b := string(canonical(builtin(c.typ), []byte(c.a))), string(canonical(builtin(c.typ), []byte(c.b))); a != b {
			t.Errorf("%s: %q and %q become %q and %q", c.typ, c.a, c.b, a, b)
		}
	}
}

func TestDifferentKeysDoNotShareASpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ  ident.Name
		a, b string
	}{
		{builtin("numeric"), "10", "1"}, {builtin("numeric"), "100", "1"}, {builtin("numeric"), "0.10", "0.01"}, {builtin("numeric"), "NaN", "Infinity"},
		{builtin("numeric"), "-1", "1"}, {builtin("bpchar"), " a", "a"}, {builtin("bpchar"), "a\t", "a"}, {builtin("varchar"), "a ", "a"},
		{builtin("interval"), "00:00:01", "-00:00:01"}, {builtin("interval"), "infinity", "-infinity"},
		{ident.Name{Schema: "public", Name: "numeric"}, "1.0", "1.00"}, {ident.Name{Schema: "public", Name: "bpchar"}, "a ", "a"},
	} {
		if a, b := string(canonical(c.typ, []byte(c.a))), string(canonical(c.typ, []byte(c.b))); a == b {
			t.Errorf("%s: %q and %q both become %q", c.typ, c.a, c.b, a)
		}
	}
}

// Borders between columns are part of a key's identity.
func TestIdentitiesKeepColumnsApart(t *testing.T) {
	t.Parallel()
	table := &event.Table{Key: []int{1, 0}, Columns: []event.Column{{Name: "a", Type: builtin("text")}, {Name: "b", Type: builtin("text")}, {Name: "c", Type: builtin("text")}}}
	seen := map[string]string{}
	for _, a := range []string{"", "x", "xx", "\x01x", "\x00", strings.Repeat("x", 200)} {
		for _, b := range []string{"", "x", "xx", "\x01x", "\x00", strings.Repeat("x", 200)} {
			id := string(AppendIdentity(nil, table, []event.Datum{value(a), value(b), value("not in the key")}))
			if was, ok := seen[id]; ok {
				t.Errorf("%q has the identity of %q", a+"|"+b, was)
			}
			seen[id] = a + "|" + b
		}
	}
}

func TestOnlyKeysOfKnownEqualityAreFoldable(t *testing.T) {
	t.Parallel()
	table := func(types ...ident.Name) *event.Table {
		out := &event.Table{}
		for i, typ := range types {
			out.Columns = append(out.Columns, event.Column{Type: typ})
			out.Key = append(out.Key, i)
		}
		return out
	}
	for _, name := range []string{"int4", "text", "bpchar", "numeric", "float8", "uuid", "timestamptz", "timetz", "inet", "varbit", "char"} {
		if !Foldable(table(builtin("int4"), builtin(name)), nil) {
			t.Errorf("a key of %s is not foldable", name)
		}
	}
	for _, typ := range []ident.Name{builtin("interval"), builtin("jsonb"), builtin("_text"), builtin("int4range"), builtin("record"), builtin("regclass"), {Schema: "public", Name: "citext"}, {Schema: "public", Name: "text"}} {
		if Foldable(table(builtin("int4"), typ), nil) {
			t.Errorf("a key of %s is foldable", typ)
		}
	}
	second := func(column int) bool { return column == 1 }
	if Foldable(table(builtin("int4"), builtin("text")), second) {
		t.Error("a text key under a nondeterministic collation is foldable")
	}
	if !Foldable(table(builtin("text"), builtin("int4")), second) {
		t.Error("a collation that does not matter makes the key unfoldable")
	}
	if Foldable(table(), nil) {
		t.Error("a table without a key is foldable")
	}
}

// Two numerics have one spelling exactly if they are the same number.
func FuzzCanonicalNumeric(f *testing.F) {
	f.Add(int64(1), uint8(1), int64(100), uint8(3))
	f.Add(int64(0), uint8(2), int64(0), uint8(0))
	f.Add(int64(-1500), uint8(3), int64(-15), uint8(1))
	f.Fuzz(func(t *testing.T, a int64, aScale uint8, b int64, bScale uint8) {
		x, xText := decimal(a, aScale%20)
		y, yText := decimal(b, bScale%20)
		same := string(canonicalNumeric([]byte(xText))) == string(canonicalNumeric([]byte(yText)))
		if same != (x.Cmp(y) == 0) {
			t.Errorf("%s and %s: one spelling is %v", xText, yText, same)
		}
	})
}

// decimal is n / 10^scale, and its text as PostgreSQL writes it.
func decimal(n int64, scale uint8) (*big.Rat, string) {
	r := new(big.Rat).SetFrac(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	return r, r.FloatString(int(scale))
}

// Two intervals have one spelling exactly if interval_cmp holds them for equal.
func FuzzCanonicalInterval(f *testing.F) {
	f.Add(int32(0), int32(1), int64(-1), int32(0), int32(0), int64(86_399_999_999))
	f.Add(int32(1), int32(0), int64(0), int32(0), int32(30), int64(0))
	f.Add(int32(-13), int32(3), int64(-5), int32(7), int32(-9), int64(86_400_000_000))
	f.Fuzz(func(t *testing.T, aMonths, aDays int32, aMicros int64, bMonths, bDays int32, bMicros int64) {
		a, aText := interval(aMonths, aDays, aMicros)
		b, bText := interval(bMonths, bDays, bMicros)
		same := string(canonicalInterval([]byte(aText))) == string(canonicalInterval([]byte(bText)))
		if same != (a.Cmp(b) == 0) {
			t.Errorf("%q and %q: one spelling is %v", aText, bText, same)
		}
		// The same span in other units.
		shifted, text := interval(aMonths/2, aDays, aMicros)
		back := new(big.Int).Sub(a, shifted)
		days, micros := new(big.Int).QuoRem(back, big.NewInt(microsPerDay), new(big.Int))
		if d := days.Int64() + int64(aDays); int64(int32(d)) == d && micros.Sign() == 0 {
			other, otherText := interval(aMonths/2, int32(d), aMicros)
			if other.Cmp(a) == 0 && string(canonicalInterval([]byte(otherText))) != string(canonicalInterval([]byte(aText))) {
				t.Errorf("%q and %q (by way of %q) are equal", aText, otherText, text)
			}
		}
	})
}

// interval is the span that interval_cmp compares, and the text under intervalstyle postgres.
func interval(months, days int32, micros int64) (*big.Int, string) {
	span := new(big.Int).Mul(big.NewInt(int64(months)*30+int64(days)), big.NewInt(microsPerDay))
	span.Add(span, big.NewInt(micros))
	var parts []string
	for _, p := range []struct {
		n    int32
		unit string
	}{{months / 12, "year"}, {months % 12, "mon"}, {days, "day"}} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.unit))
		}
	}
	if micros != 0 || len(parts) == 0 {
		sign, abs := "", new(big.Int).Abs(big.NewInt(micros)).Uint64()
		if micros < 0 {
			sign = "-"
		}
		parts = append(parts, fmt.Sprintf("%s%02d:%02d:%02d.%06d", sign, abs/3_600_000_000, abs/60_000_000%60, abs/1_000_000%60, abs%1_000_000))
	}
	return span, strings.Join(parts, " ")
}
