package schemas

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"floe/pkg/event"
)

// encode writes text in the column's native Avro type. It reports false, having written nothing, where
// decoding would not give back the very same text: such values travel as exceptions.
func encode(w *writer, n event.Native, text []byte) bool {
	switch n {
	case event.Text, event.UUID:
		w.bytes(text)
		return true
	case event.Bool:
		if len(text) != 1 || text[0] != 't' && text[0] != 'f' {
			return false
		}
		w.bool(text[0] == 't')
		return true
	case event.Int, event.Long:
		return encodeInt(w, n, text)
	case event.Float, event.Double:
		return encodeFloat(w, n, text)
	case event.Bytes:
		return encodeBytes(w, text)
	}
	return encodeTime(w, n, text)
}

// decode appends the text form of the next value.
func decode(r *reader, n event.Native, dst []byte) []byte {
	switch n {
	case event.Text, event.UUID:
		return append(dst, r.bytes()...)
	case event.Bool:
		if r.bool() {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case event.Int, event.Long:
		return strconv.AppendInt(dst, r.long(), 10)
	case event.Float:
		return appendFloat(dst, r.float(), 32)
	case event.Double:
		return appendFloat(dst, r.double(), 64)
	case event.Bytes:
		return hex.AppendEncode(append(dst, '\\', 'x'), r.bytes())
	}
	return decodeTime(r, n, dst)
}

func encodeInt(w *writer, n event.Native, text []byte) bool {
	v, ok := parseInt(text)
	if !ok || n == event.Int && int64(int32(v)) != v {
		return false
	}
	w.long(v)
	return true
}

// parseInt reads a decimal number in the only spelling that PostgreSQL prints.
func parseInt(text []byte) (int64, bool) {
	digits := text
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(text) > 1 {
		return 0, false
	}
	var v uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	if negative {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v < 1<<63
}

func encodeFloat(w *writer, n event.Native, text []byte) bool {
	bits := 64
	if n == event.Float {
		bits = 32
	}
	v, err := strconv.ParseFloat(string(text), bits)
	if err != nil {
		return false
	}
	var buf [40]byte
	if string(appendFloat(buf[:0], v, bits)) != string(text) {
		return false
	}
	if bits == 32 {
		w.float(float32(v))
	} else {
		w.double(v)
	}
	return true
}

// appendFloat prints as PostgreSQL 12 and later do: shortest digits that round-trip, an exponent of at
// least two digits where it is below -4 or from 15 (float8) or 6 (float4) on.
func appendFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case v != v:
		return append(dst, "NaN"...)
	case v > 0 && v*0.5 == v:
		return append(dst, "Infinity"...)
	case v < 0 && v*0.5 == v:
		return append(dst, "-Infinity"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'e', -1, bits)
	e := len(dst) - 1
	for dst[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(dst[e+1:]))
	limit := 15
	if bits == 32 {
		limit = 6
	}
	if exp < -4 || exp >= limit {
		return dst
	}
	return strconv.AppendFloat(dst[:start], v, 'f', -1, bits)
}

func encodeBytes(w *writer, text []byte) bool {
	if len(text) < 2 || text[0] != '\\' || text[1] != 'x' || len(text)%2 != 0 {
		return false
	}
	if bytes.ContainsAny(text[2:], "ABCDEF") { // the server prints lower case
		return false
	}
	mark := len(w.b)
	w.long(int64(len(text)/2 - 1))
	b, err := hex.AppendDecode(w.b, text[2:])
	if err != nil {
		w.b = w.b[:mark]
		return false
	}
	w.b = b
	return true
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// encodeTime takes the ISO forms of years 1 to 9999 under timezone UTC; all else (infinity, BC, later
// years, 24:00:00) is an exception.
func encodeTime(w *writer, n event.Native, text []byte) bool {
	var v int64
	ok := true
	switch n {
	case event.Date:
		v, ok = parseDate(text)
	case event.Time:
		v, ok = parseClock(text)
	default:
		if n == event.TimestampTZ {
			if len(text) < 3 || string(text[len(text)-3:]) != "+00" {
				return false
			}
			text = text[:len(text)-3]
		}
		if len(text) < 19 || text[10] != ' ' {
			return false
		}
		var days, clock int64
		var ok2 bool
		days, ok = parseDate(text[:10])
		clock, ok2 = parseClock(text[11:])
		ok = ok && ok2
		v = days*microsPerDay + clock
	}
	if ok {
		w.long(v)
	}
	return ok
}

func decodeTime(r *reader, n event.Native, dst []byte) []byte {
	v := r.long()
	switch n {
	case event.Date:
		return appendDate(dst, v)
	case event.Time:
		return appendClock(dst, v)
	}
	days := v / microsPerDay
	if v%microsPerDay < 0 {
		days--
	}
	dst = appendClock(append(appendDate(dst, days), ' '), v-days*microsPerDay)
	if n == event.TimestampTZ {
		dst = append(dst, "+00"...)
	}
	return dst
}

// parseDate reads YYYY-MM-DD into days since 1970-01-01.
func parseDate(t []byte) (int64, bool) {
	if len(t) != 10 || t[4] != '-' || t[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(t[:4])
	m, ok2 := digits(t[5:7])
	d, ok3 := digits(t[8:])
	if !ok1 || !ok2 || !ok3 || y == 0 || m == 0 || m > 12 || d == 0 || d > 31 {
		return 0, false
	}
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if at.Day() != d {
		return 0, false
	}
	return at.Unix() / 86400, at.Unix()%86400 == 0
}

func appendDate(dst []byte, days int64) []byte {
	return time.Unix(days*86400, 0).UTC().AppendFormat(dst, "2006-01-02")
}

// parseClock reads HH:MM:SS[.ffffff], the fraction without trailing zeros, into microseconds.
func parseClock(t []byte) (int64, bool) {
	if len(t) < 8 || t[2] != ':' || t[5] != ':' {
		return 0, false
	}
	h, ok1 := digits(t[:2])
	m, ok2 := digits(t[3:5])
	s, ok3 := digits(t[6:8])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	v := (int64(h)*3600 + int64(m)*60 + int64(s)) * 1_000_000
	frac := t[8:]
	if len(frac) == 0 {
		return v, true
	}
	if frac[0] != '.' || len(frac) < 2 || len(frac) > 7 || frac[len(frac)-1] == '0' {
		return 0, false
	}
	f, ok := digits(frac[1:])
	for i := len(frac); i < 7; i++ {
		f *= 10
	}
	return v + int64(f), ok
}

func appendClock(dst []byte, v int64) []byte {
	s, frac := v/1_000_000, v%1_000_000
	two := func(n int64) { dst = append(dst, byte('0'+n/10), byte('0'+n%10)) }
	if v < 0 || s >= 86400 { // no value that encodeTime lets pass
		return append(dst, "invalid"...)
	}
	two(s / 3600)
	dst = append(dst, ':')
	two(s / 60 % 60)
	dst = append(dst, ':')
	two(s % 60)
	if frac == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := int64(100_000); frac > 0; unit /= 10 {
		dst = append(dst, byte('0'+frac/unit))
		frac %= unit
	}
	return dst
}

func digits(t []byte) (int, bool) {
	v := 0
	for _, c := range t {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}
