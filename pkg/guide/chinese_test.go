package guide

import (
	"strings"
	"testing"
	"unicode"
)

// Every page is there in Chinese, whole; one of no code is not.
func TestEveryPageIsThereInChinese(t *testing.T) {
	t.Parallel()
	for _, p := range Pages() {
		zh := Chinese(p.Code)
		if zh == nil || zh.Code != p.Code || zh.Kind != p.Kind {
			t.Errorf("%s is %+v", p.Code, zh)
			continue
		}
		for _, text := range []string{zh.Cause, zh.Did} {
			if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s says %q", p.Code, text)
			}
		}
		if said := chinese[p.Code]; said[2] == "" || said[0] == p.Cause {
			t.Errorf("%s: %q", p.Code, said)
		}
	}
	if len(chinese) != len(Pages()) || Chinese("nothing") != nil {
		t.Errorf("%d pages of %d codes", len(chinese), len(Pages()))
	}
}
