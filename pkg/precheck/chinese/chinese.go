// Package chinese says in Chinese what the prechecks find, each text whole: the finding, its cause, its
// remedy. What a server says itself, names and SQL stay as they are. A text that it does not know comes
// back as it is; a test holds that it knows all that package precheck says.
package chinese

import (
	"regexp"
	"strings"
	"sync"
)

// Of says a text of a finding in Chinese.
func Of(text string) string {
	if said, ok := strings.CutSuffix(text, " (cannot be ignored)"); ok {
		return Of(said) + "（不可忽略）"
	}
	if at := strings.LastIndex(text, " (ignored: "); at >= 0 && strings.HasSuffix(text, ")") {
		return Of(text[:at]) + "（已忽略：" + text[at+len(" (ignored: "):len(text)-1] + "）"
	}
	if s, ok := texts[text]; ok {
		return s
	}
	best, args := form{}, []string(nil)
	for _, f := range forms() {
		if f.length <= best.length && args != nil {
			continue
		}
		if a, ok := f.match(text); ok {
			best, args = f, a
		}
	}
	if args == nil {
		return text
	}
	return fill(best.chinese, args)
}

// form is a text with gaps, each for what only a finding knows.
type form struct {
	pieces  []string // what stands before, between and behind the gaps
	length  int      // of all pieces: of two forms that fit the longer one is meant
	chinese string
}

var forms = sync.OnceValue(func() (out []form) {
	for text, chinese := range texts {
		f := form{pieces: strings.Split(text, "%s"), chinese: chinese}
		if len(f.pieces) == 1 {
			continue
		}
		for _, p := range f.pieces {
			f.length += len(p)
		}
		out = append(out, f)
	}
	return out
})

// match returns what stands in the gaps.
func (f *form) match(text string) ([]string, bool) {
	rest, ok := strings.CutPrefix(text, f.pieces[0])
	if !ok {
		return nil, false
	}
	var args []string
	last := len(f.pieces) - 1
	for _, p := range f.pieces[1:last] {
		arg, behind, ok := strings.Cut(rest, p)
		if !ok {
			return nil, false
		}
		args, rest = append(args, arg), behind
	}
	arg, ok := strings.CutSuffix(rest, f.pieces[last])
	return append(args, arg), ok
}

// more ends a list that is cut short.
var more = regexp.MustCompile(` and (\d+) more$`)

// fill puts what stood in the gaps into the Chinese form: {1} as it is, {~1} in Chinese.
func fill(form string, args []string) string {
	var b strings.Builder
	for {
		before, gap, ok := strings.Cut(form, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		n, behind, _ := strings.Cut(gap, "}")
		number, translated := strings.CutPrefix(n, "~")
		arg := args[number[0]-'1']
		if translated {
			arg = Of(arg)
		}
		arg = more.ReplaceAllString(arg, " 等，另有 $1 个")
		b.WriteString(arg)
		form = behind
	}
}
