package ident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
)

// maxTopic is Kafka's limit on a topic name's length.
const maxTopic = 249

// Avro maps any identifier to an Avro name, injectively: letters and digits stay, "_" stays unless
// it would read as an escape, every other UTF-16 unit becomes _xHHHH_ (ISO 9075-14, SQL/XML). A
// leading digit is escaped because Avro names may not begin with one.
func Avro(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', i > 0 && r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '_' && !strings.HasPrefix(s[i:], "_x"):
			b.WriteByte('_')
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "_x%04X_", u)
			}
		}
	}
	return b.String()
}

// Topic is the topic of a table's rows: <prefix>.<schema>.<table>, the parts escaped as Avro names,
// so that no two tables share one. A name beyond Kafka's limit is cut and ends in a hash of the whole.
func Topic(prefix string, n Name) string {
	t := prefix + "." + Avro(n.Schema) + "." + Avro(n.Name)
	if len(t) <= maxTopic {
		return t
	}
	sum := sha256.Sum256([]byte(t))
	tail := "-" + hex.EncodeToString(sum[:16]) // "-" is in no escaped name: no short topic looks like this
	return t[:maxTopic-len(tail)] + tail
}
