package schemas

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// AppendKey appends a record's key: the identity columns of image as text, keys that the server holds
// for equal spelled the same, so that they share a partition.
func (c *Codec) AppendKey(dst []byte, id uint32, image []event.Datum) ([]byte, error) {
	w := writer{confluent(dst, id)}
	for _, k := range c.table.Key {
		w.bytes(canonical(c.table.Columns[k].Type, image[k].Text))
	}
	return w.b, nil
}

// AppendIdentity appends bytes that tell a row's key from every other key of its table: the canonical
// texts of the key columns, each behind its length. For a Foldable table two keys have the same bytes
// if, and only if, the server holds them for equal. Every key column of image must be a Value.
func AppendIdentity(dst []byte, t *event.Table, image []event.Datum) []byte {
	for _, k := range t.Key {
		text := canonical(t.Columns[k].Type, image[k].Text)
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	return dst
}

// Foldable reports whether AppendIdentity tells the table's keys apart as the server does: whether each
// key column's type gives equal values one canonical text, always. Texts of a nondeterministic collation
// do not; nil means that no column has one. Types of users are never trusted: an enum would do, but a
// column does not say that its type is one.
func Foldable(t *event.Table, nondeterministic func(column int) bool) bool {
	for _, k := range t.Key {
		typ := t.Columns[k].Type
		if typ.Schema != "pg_catalog" {
			return false
		}
		switch oneText[typ.Name] {
		case always:
		case byCollation:
			if nondeterministic != nil && nondeterministic(k) {
				return false
			}
		default:
			return false
		}
	}
	return len(t.Key) > 0
}

type trust uint8

const (
	never trust = iota
	always
	byCollation
)

// oneText are the types whose equal values have one canonical text. timetz compares its zone too, money
// is an integer under lc_monetary C, inet and cidr compare family, mask and every bit. Left out: interval
// (1 day is 24:00:00; its canonical form follows the server's arithmetic, which is nothing to stake a
// row on), jsonb, arrays, ranges and composites (1.0 is 1.00 inside them), reg… types (renames change
// their text), citext (its folding is the server's locale's).
var oneText = map[string]trust{
	"bool": always, "int2": always, "int4": always, "int8": always, "oid": always, "uuid": always, "bytea": always,
	"numeric": always, "float4": always, "float8": always, "money": always,
	"date": always, "time": always, "timetz": always, "timestamp": always, "timestamptz": always,
	"inet": always, "cidr": always, "macaddr": always, "macaddr8": always, "bit": always, "varbit": always,
	"pg_lsn": always, "xid8": always, "char": always,
	"text": byCollation, "varchar": byCollation, "bpchar": byCollation, "name": byCollation,
}

// canonical gives one spelling to values that compare as equal. Types whose equality it does not know
// (jsonb, arrays and composites of these types) keep their text: their spellings may part. A user's
// type may bear the name of one of ours; citext alone lives in a schema of the user's choice.
func canonical(typ ident.Name, text []byte) []byte {
	if typ.Name == "citext" {
		return bytes.ToLower(text)
	}
	if typ.Schema != "pg_catalog" {
		return text
	}
	switch typ.Name {
	case "numeric":
		return canonicalNumeric(text)
	case "float4", "float8":
		if string(text) == "-0" {
			return []byte("0")
		}
	case "bpchar":
		return bytes.TrimRight(text, " ")
	case "interval":
		return canonicalInterval(text)
	}
	return text
}

func canonicalNumeric(text []byte) []byte {
	if bytes.IndexByte(text, '.') >= 0 {
		text = bytes.TrimRight(bytes.TrimRight(text, "0"), ".")
	}
	if s := string(text); s == "-0" || s == "" || s == "-" {
		return []byte("0")
	}
	return text
}

// canonicalInterval counts as interval_cmp does: a month is 30 days, a day 24 hours. It reads the form
// of intervalstyle postgres, e.g. "1 year 2 mons -3 days 04:05:06.7".
func canonicalInterval(text []byte) []byte {
	fields := strings.Fields(string(text))
	var days, micros int64
	for i := 0; i < len(fields); i++ {
		if strings.Contains(fields[i], ":") {
			v, ok := clockSpan(fields[i])
			if !ok {
				return text
			}
			micros += v
			continue
		}
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil || i+1 == len(fields) {
			return text
		}
		i++
		switch strings.TrimSuffix(fields[i], "s") {
		case "year":
			days += n * 360
		case "mon":
			days += n * 30
		case "day":
			days += n
		default:
			return text
		}
	}
	days += micros / microsPerDay
	if micros %= microsPerDay; micros < 0 { // 1 day -00:00:01 is 23:59:59
		days, micros = days-1, micros+microsPerDay
	}
	return []byte(strconv.FormatInt(days, 10) + "d" + strconv.FormatInt(micros, 10))
}

// clockSpan reads [-+]HH…:MM:SS[.ffffff] into microseconds.
func clockSpan(s string) (int64, bool) {
	sign := int64(1)
	if s[0] == '-' || s[0] == '+' {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	p := strings.Split(s, ":")
	if len(p) != 3 {
		return 0, false
	}
	h, err1 := strconv.ParseInt(p[0], 10, 64)
	m, err2 := strconv.ParseInt(p[1], 10, 64)
	sec, frac, _ := strings.Cut(p[2], ".")
	n, err3 := strconv.ParseInt(sec, 10, 64)
	f, err4 := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		return 0, false
	}
	return sign * (((h*60+m)*60+n)*1_000_000 + f), true
}
