package charset

import (
	"bytes"
	"errors"
	"testing"
)

func find(t testing.TB, name string) *Charset {
	t.Helper()
	c, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Texts are read as the encoding has them.
func TestTextsAreDecoded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"latin-1": {"caf\xe9", "café"}, "WIN1252": {"\x80", "€"}, "gbk": {"\xd6\xd0\xce\xc4", "中文"}, "EUC_CN": {"\xd6\xd0", "中"}, "KOI8R": {"\xd2", "р"},
		"SJIS": {"\x83\x5c", "ソ"}, "UTF8": {"é", "é"}, "BIG5": {"\xa4\xa4", "中"},
	} {
		got, err := find(t, name).Decode([]byte(c.in), true)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q is %q, %v", name, c.in, got, err)
		}
	}
	if _, err := Find("EBCDIC"); err == nil {
		t.Error("EBCDIC is known")
	}
}

// What means nothing is refused, and never replaced.
func TestWhatIsNoTextIsRefused(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{"UTF8": "a\xff", "GBK": "\xff\xff", "EUC_JP": "\xa4", "WIN1253": "\xff", "GB18030": "\x81"} {
		if got, err := find(t, name).Decode([]byte(in), true); !errors.Is(err, ErrUndecodable) {
			t.Errorf("%s: %q is %q, %v", name, in, got, err)
		}
	}
	// The second byte is a backslash: in an array the server has doubled it.
	if _, err := find(t, "GBK").Decode([]byte("{\x81\x5c}"), false); !errors.Is(err, ErrEmbedded) {
		t.Error(err)
	}
}

// Whatever is decoded comes back as it was, and holds no replacement.
func FuzzDecodedTextComesBack(f *testing.F) {
	f.Add([]byte("\x81\x5c\x80\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, name := range Names() {
			c := find(t, name)
			text, err := c.Decode(bytes.Clone(in), true)
			if err != nil {
				continue
			}
			if back, err := c.Encode(text); err != nil || !bytes.Equal(back, in) {
				t.Errorf("%s: %q became %q and %q, %v", name, in, text, back, err)
			}
		}
	})
}
