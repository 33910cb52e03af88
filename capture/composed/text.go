package composed

// misfit is the type that a text, or a text within it, does not fit, or nil.
func (f *form) misfit(text []byte) *form {
	switch {
	case f == nil:
		return nil
	case f.elem != nil:
		return f.array(text)
	case !f.record:
		if f.labels[string(text)] {
			return nil
		}
		return f
	}
	n := 0
	var bad *form
	whole := len(text) >= 2 && text[0] == '(' && text[len(text)-1] == ')'
	if whole && (len(f.fields) != 0 || len(text) > 2) {
		whole = items(text[1:len(text)-1], func(item []byte, null bool) {
			if n < len(f.fields) && !null && bad == nil {
				bad = f.fields[n].misfit(item)
			}
			n++
		})
	}
	if !whole || n != len(f.fields) {
		return f
	}
	return bad
}

// array looks at the elements of an array, of whatever dimensions.
func (f *form) array(text []byte) (bad *form) {
	for len(text) > 0 && text[0] != '{' { // its bounds, where they do not begin with 1
		text = text[1:]
	}
	for len(text) > 0 {
		switch text[0] {
		case '{', '}', ',':
			text = text[1:]
			continue
		}
		n := 0
		for quoted := false; n < len(text) && (quoted || text[n] != ',' && text[n] != '}'); n++ {
			switch text[n] {
			case '"':
				quoted = !quoted
			case '\\':
				n++
			}
		}
		item := text[:min(n, len(text))]
		if string(item) != "NULL" {
			if bad = f.elem.misfit(plain(item)); bad != nil {
				return bad
			}
		}
		text = text[len(item):]
	}
	return nil
}

// items calls f with each field of a record's text, without its quotes; one that is empty and not quoted is null. It
// returns false if quotes do not end.
func items(text []byte, f func(item []byte, null bool)) bool {
	for begin, n, quoted := 0, 0, false; ; n++ {
		if n >= len(text) || !quoted && text[n] == ',' {
			if quoted || n > len(text) {
				return false
			}
			f(plain(text[begin:n]), begin == n)
			if n == len(text) {
				return true
			}
			begin = n + 1
			continue
		}
		switch text[n] {
		case '"':
			quoted = !quoted // a doubled one ends and begins
		case '\\':
			n++
		}
	}
}

// plain is an item without quotes and what protects signs in them: \x, and "" within "…".
func plain(item []byte) []byte {
	protected := false
	for _, c := range item {
		protected = protected || c == '"' || c == '\\'
	}
	if !protected {
		return item
	}
	out, quoted := make([]byte, 0, len(item)), false
	for i := 0; i < len(item); i++ {
		switch c := item[i]; {
		case c == '\\' && i+1 < len(item):
			i++
			out = append(out, item[i])
		case c == '"' && quoted && i+1 < len(item) && item[i+1] == '"':
			i++
			out = append(out, '"')
		case c == '"':
			quoted = !quoted
		default:
			out = append(out, c)
		}
	}
	return out
}
