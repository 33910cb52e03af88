// Package charset reads the texts of a database that does not say what encoding they are in (SQL_ASCII): the
// server passes their bytes on as they are, and the job says what they mean (source.encoding).
//
// Nothing is ever replaced: bytes that mean no character, or that would not come back from the text as they are,
// are an error.
package charset

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// Charset is an encoding by PostgreSQL's name of it. It is safe for concurrent use.
type Charset struct {
	Name string
	of   encoding.Encoding
}

// known are the encodings, by PostgreSQL's names.
var known = map[string]encoding.Encoding{
	"UTF8": encoding.Nop, "LATIN1": charmap.ISO8859_1, "LATIN2": charmap.ISO8859_2, "LATIN3": charmap.ISO8859_3, "LATIN4": charmap.ISO8859_4, "LATIN5": charmap.ISO8859_9,
	"LATIN6": charmap.ISO8859_10, "LATIN7": charmap.ISO8859_13, "LATIN8": charmap.ISO8859_14, "LATIN9": charmap.ISO8859_15, "LATIN10": charmap.ISO8859_16,
	"ISO_8859_5": charmap.ISO8859_5, "ISO_8859_6": charmap.ISO8859_6, "ISO_8859_7": charmap.ISO8859_7, "ISO_8859_8": charmap.ISO8859_8,
	"WIN866": charmap.CodePage866, "WIN874": charmap.Windows874, "WIN1250": charmap.Windows1250, "WIN1251": charmap.Windows1251, "WIN1252": charmap.Windows1252, "WIN1253": charmap.Windows1253,
	"WIN1254": charmap.Windows1254, "WIN1255": charmap.Windows1255, "WIN1256": charmap.Windows1256, "WIN1257": charmap.Windows1257, "WIN1258": charmap.Windows1258,
	"KOI8R": charmap.KOI8R, "KOI8U": charmap.KOI8U, "EUC_CN": simplifiedchinese.GBK, "GBK": simplifiedchinese.GBK, "GB18030": simplifiedchinese.GB18030,
	"BIG5": traditionalchinese.Big5, "EUC_JP": japanese.EUCJP, "SJIS": japanese.ShiftJIS, "EUC_KR": korean.EUCKR, "UHC": korean.EUCKR,
}

// Names are those that Find knows.
func Names() []string {
	var out []string
	for n := range known {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Find returns the encoding of a name as PostgreSQL takes it; UTF-8 and utf8 are one.
func Find(name string) (*Charset, error) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "")
	for n, e := range known {
		if strings.EqualFold(plain.Replace(n), plain.Replace(name)) {
			return &Charset{n, e}, nil
		}
	}
	return nil, fmt.Errorf("%q is no encoding: want one of %s", name, strings.Join(Names(), ", "))
}

// ErrUndecodable says that bytes are no text of the encoding.
var ErrUndecodable = errors.New("the bytes are no text of that encoding")

// ErrEmbedded says that a character has a byte that stands for a sign of ASCII elsewhere, so that the server,
// which does not know the encoding, may have taken it for one when it wrote the value of a type with quotes or
// brackets of its own.
var ErrEmbedded = errors.New("a character of it holds a byte of ASCII, which the server takes for a sign of its own")

// Decode returns the text, b itself if it is ASCII. Plain is a value that is nothing but text.
func (c *Charset) Decode(b []byte, plain bool) ([]byte, error) {
	if ascii(b) == len(b) {
		return b, nil
	}
	text := b
	if c.of != encoding.Nop {
		var err error
		if text, err = c.of.NewDecoder().Bytes(b); err != nil {
			return nil, ErrUndecodable
		}
	} else if !utf8.Valid(b) {
		return nil, ErrUndecodable
	}
	if back, err := c.Encode(text); err != nil || !bytes.Equal(back, b) {
		return nil, ErrUndecodable
	}
	if !plain && ascii(text) != ascii(b) {
		return nil, ErrEmbedded
	}
	return text, nil
}

// Encode is the other way.
func (c *Charset) Encode(text []byte) ([]byte, error) {
	if c.of == encoding.Nop || ascii(text) == len(text) {
		return text, nil
	}
	b, err := c.of.NewEncoder().Bytes(text)
	if err != nil {
		return nil, fmt.Errorf("%q in encoding %s: %w", text, c.Name, err)
	}
	return b, nil
}

// ascii counts bytes below 128.
func ascii(b []byte) (n int) {
	for _, x := range b {
		if x < 0x80 {
			n++
		}
	}
	return n
}
