package target

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"floe/applier/render"
	"floe/pkg/event"
)

// MisreadError is a value that the target would take for another one without a word.
type MisreadError struct{ Text, Remedy string }

func (e *MisreadError) Error() string { return e.Text }

// Fix is what the operator can do.
func (e *MisreadError) Fix() string { return e.Remedy }

// misread looks whether the target reads the work's values as they are meant.
func (w *Work) misread() error {
	if w.Doubtful == nil {
		return nil
	}
	doubtful := w.Doubtful.Doubtful()
	if len(doubtful) == 0 {
		return nil
	}
	for _, of := range []func(int) []event.Datum{w.Old, w.New} {
		for i := 0; of != nil && i < w.Rows; i++ {
			if err := misread(w.Doubtful, doubtful, of(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func misread(t *render.Table, doubtful []int, image []event.Datum) error {
	for _, c := range doubtful {
		if c < len(image) && image[c].Kind == event.Value {
			if err := t.Columns[c].Misread(image[c].Text); err != nil {
				return err
			}
		}
	}
	return nil
}

// oldChar refuses the spelling of a "char" above 127 (a backslash and three octal digits) on a target before
// 15, which takes it for a backslash; as it stands alone and within arrays and composites, where backslashes
// are doubled.
func oldChar(text []byte) error {
	digit := func(c byte) bool { return c >= '0' && c <= '7' }
	for i := 0; i+3 < len(text); i++ {
		if text[i] == '\\' && (text[i+1] == '2' || text[i+1] == '3') && digit(text[i+2]) && digit(text[i+3]) {
			return &MisreadError{fmt.Sprintf(`a "char" above 127, spelled %s, would become a backslash: this target is older than 15 and does not know the spelling`, text[i:i+4]),
				"change the column's type on the target to text, where the value stays as it is spelled, and floe goes on by itself; or copy to a target of version 15 or later"}
		}
	}
	return nil
}

// narrow is render.Column's Misread of a column that was not made by floe and has another type than the
// source's, or the same one with less room: where the server rounds, cuts off or leaves out instead of
// refusing. A text that such a column does not take at all is left to the server, which says so.
func narrow(from event.Column, f *found) func([]byte) error {
	if f.Schema == from.Type.Schema && f.Type == from.Type.Name && f.Typmod == from.Typmod {
		return nil
	}
	base, isArray := f.Under, false
	if f.Element != "" {
		base, isArray = f.Element, true
	}
	source := ""
	if from.Type.Schema == "pg_catalog" {
		source = strings.TrimPrefix(from.Type.Name, "_")
	}
	alters := alterations(source, from.Typmod, base, f.UnderTypmod)
	if alters == nil || isArray && !plainElements[base] {
		return nil
	}
	return func(text []byte) error {
		elements := [][]byte{text}
		if isArray {
			elements = bytes.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(`{},"`, r) })
		}
		for _, e := range elements {
			if alters(string(e)) {
				return &MisreadError{fmt.Sprintf("column %s on the target is %s and would change %.100q", f.Name, f.SQL, e),
					fmt.Sprintf("give the column room (ALTER COLUMN %s TYPE %s on the target), or exclude the table; floe then goes on by itself", f.Name, from.SQL)}
			}
		}
		return nil
	}
}

// plainElements are the types whose text holds nothing that an array's text is made of.
var plainElements = map[string]bool{"numeric": true, "money": false, "float4": true, "float8": true, "date": true, "time": true, "timetz": true, "timestamp": true, "timestamptz": true, "interval": true}

// alterations says for a column of a base type with a modifier which texts of the source's type it would
// not keep; nil if it keeps all or refuses. Texts are under the pinned settings (design.md §5). from is empty
// for a type that is not the server's own.
func alterations(from string, fromTypmod int32, to string, typmod int32) func(text string) bool {
	exact := func(sources ...string) bool { return slices.Contains(sources, from) }
	switch to {
	case "numeric":
		if typmod < 0 {
			return nil
		}
		scale := numericScale(typmod)
		if exact("numeric") && fromTypmod >= 0 && numericScale(fromTypmod) <= scale || exact("int2", "int4", "int8") && scale >= 0 {
			return nil
		}
		return func(text string) bool { return fraction(text, scale) }
	case "money":
		if exact("money") {
			return nil
		}
		return func(text string) bool { return fraction(text, 2) }
	case "float4":
		if exact("float4", "int2") {
			return nil
		}
		return func(text string) bool { return !floats(text, 32) }
	case "float8":
		if exact("float8", "float4", "int2", "int4") {
			return nil
		}
		return func(text string) bool { return !floats(text, 64) }
	case "timestamp", "timestamptz", "time", "timetz", "interval":
		digits := int(typmod & 0xffff)
		if typmod < 0 || digits > 6 {
			digits = 6
		}
		day := (to == "time" || to == "timetz") && strings.HasPrefix(from, "timestamp")
		zone := to == "time" && from == "timetz"
		if digits == 6 && !day && !zone {
			return nil
		}
		return func(text string) bool {
			return day && strings.Contains(text, "-") || zone && !strings.HasSuffix(text, "+00") || seconds(text) > digits
		}
	case "date":
		if exact("date") {
			return nil
		}
		return func(text string) bool {
			_, time, _ := strings.Cut(text, " ")
			return strings.Contains(time, ":") && !strings.HasPrefix(time, "00:00:00") || seconds(text) > 0
		}
	case "name":
		if exact("name") {
			return nil
		}
		return func(text string) bool { return len(text) > 63 }
	case "char":
		if exact("char") {
			return nil
		}
		return func(text string) bool { return len(text) > 1 && oldChar([]byte(text)) == nil }
	case "varchar":
		if typmod < 0 {
			return nil
		}
		length := int(typmod - 4)
		return func(text string) bool { // what is longer by spaces alone is cut, else it is refused
			return strings.HasSuffix(text, " ") && len([]rune(text)) > length && len([]rune(strings.TrimRight(text, " "))) <= length
		}
	}
	return nil
}

// numericScale is a modifier's, as the server packs it (numeric.c, make_numeric_typmod).
func numericScale(typmod int32) int { return int((typmod-4)&0x7ff^1024) - 1024 }

// fraction reports whether a number has digits behind the scale'th of its fraction.
func fraction(text string, scale int) bool {
	r, ok := new(big.Rat).SetString(text)
	if !ok { // NaN, an infinity, or no number
		return false
	}
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil)
	if scale < 0 {
		r.Quo(r, new(big.Rat).SetInt(ten))
	} else {
		r.Mul(r, new(big.Rat).SetInt(ten))
	}
	return !r.IsInt()
}

// floats reports whether the shortest text of a number as a float of so many bits is the same number.
func floats(text string, bits int) bool {
	was, ok := new(big.Rat).SetString(text)
	if !ok {
		return true
	}
	f, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return true // out of range: the server says so
	}
	is, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, bits))
	return ok && is.Cmp(was) == 0
}

// seconds is how many digits other than closing zeros a fraction of a second has.
func seconds(text string) int {
	_, rest, ok := strings.Cut(text, ".")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return len(strings.TrimRight(rest[:end], "0"))
}
