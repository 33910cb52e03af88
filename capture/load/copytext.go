package load

import (
	"fmt"

	"floe/pkg/event"
)

// splitCopy reads one line of COPY … TO STDOUT (text format, PostgreSQL documentation "COPY", File
// Formats) into dst. It unescapes in place: dst aliases line.
func splitCopy(dst []event.Datum, line []byte, columns int) ([]event.Datum, error) {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	dst = dst[:0]
	if columns == 0 {
		return dst, nil
	}
	for start := 0; ; {
		end, text, null, err := field(line, start)
		if err != nil {
			return dst, err
		}
		if null {
			dst = append(dst, event.Datum{})
		} else {
			dst = append(dst, event.Datum{Kind: event.Value, Text: text})
		}
		if end == len(line) {
			break
		}
		start = end + 1
	}
	if len(dst) != columns {
		return dst, fmt.Errorf("read a copied row: %d columns instead of %d", len(dst), columns)
	}
	return dst, nil
}

// field reads from start to the next tab, which it returns with the text between.
func field(line []byte, start int) (end int, text []byte, null bool, err error) {
	i := start
	for i < len(line) && line[i] != '\t' && line[i] != '\\' {
		i++
	}
	if i == len(line) || line[i] == '\t' {
		return i, line[start:i:i], false, nil
	}
	if i == start && i+1 < len(line) && line[i+1] == 'N' && (i+2 == len(line) || line[i+2] == '\t') {
		return i + 2, nil, true, nil
	}
	out := i
	for i < len(line) && line[i] != '\t' {
		c := line[i]
		if c == '\\' {
			if i++; i == len(line) {
				return 0, nil, false, fmt.Errorf("read a copied row: it ends in a backslash")
			}
			c = unescape(line[i])
		}
		line[out] = c
		out++
		i++
	}
	return i, line[start:out:out], false, nil
}

// unescape gives the byte that a backslash and c stand for; the server writes no octal or hex forms.
func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	}
	return c
}
