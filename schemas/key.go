package schemas

import (
	"bytes"
	"strconv"
	"strings"

	"floe/pkg/event"
)

// AppendKey appends a record's key: the identity columns of image as text, keys that the server holds
// for equal spelled the same, so that they share a partition.
func (c *Codec) AppendKey(dst []byte, id uint32, image []event.Datum) ([]byte, error) {
	w := writer{confluent(dst, id)}
	for _, k := range c.table.Key {
		w.bytes(canonical(c.table.Columns[k].Type.Name, image[k].Text))
	}
	return w.b, nil
}

// canonical gives one spelling to values that compare as equal. Types whose equality it does not know
// (jsonb, arrays and composites of these types) keep their text: their spellings may part.
func canonical(typ string, text []byte) []byte {
	switch typ {
	case "numeric":
		return canonicalNumeric(text)
	case "float4", "float8":
		if string(text) == "-0" {
			return []byte("0")
		}
	case "bpchar":
		return bytes.TrimRight(text, " ")
	case "citext":
		return bytes.ToLower(text)
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
	return []byte(strconv.FormatInt(days, 10) + "d" + strconv.FormatInt(micros%microsPerDay, 10))
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
