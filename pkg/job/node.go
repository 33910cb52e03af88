package job

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// reader walks a file's syntax tree and collects every fault, where a decoder would end at the first.
type reader struct {
	file   string
	lines  []string
	faults Faults
	// marks remembers where fields stand, for checks that look at several.
	marks map[string]ast.Node
	// masks are what is not shown of the lines, by their numbers.
	masks map[int][]mask
	// broken: the file is no YAML, and nothing is known of what stands where.
	broken bool
}

func (r *reader) fault(n ast.Node, text string, args ...any) *Fault {
	f := &Fault{File: r.file, Line: 1, Column: 1, Text: fmt.Sprintf(text, args...)}
	if n != nil && n.GetToken() != nil && n.GetToken().Position != nil {
		p := n.GetToken().Position
		f.Line, f.Column = p.Line, p.Column
	}
	r.faults = append(r.faults, f)
	return f
}

// plainKey is what faults repeat of a key that is none of ours.
var plainKey = regexp.MustCompile(`^[a-z_]{1,20}$`)

// mapping reads a mapping of known fields. An absent value (null) is an empty mapping.
func (r *reader) mapping(path string, n ast.Node, known fields) {
	_, secret := known["password"]
	if v := single(n); v != "" && secret {
		r.hide(n, v, nil)
	}
	for _, v := range r.pairs(path, n) {
		key := v.Key.GetToken().Value
		at := join(path, key)
		f, ok := known[key]
		if !ok {
			if secret { // it may be one under a wrong name
				r.hide(v.Value, single(v.Value), nil)
			}
			near := nearest(key, known)
			if near == "" && !plainKey.MatchString(key) { // a value that slipped
				r.hide(v.Key, key, nil)
				at = join(path, redacted)
			}
			r.fault(v.Key, "%s is not a field%s", at, near)
			continue
		}
		r.marks[at] = v.Key
		f.read(at, v.Value)
	}
}

// pairs returns the entries of a mapping, without those that repeat a key.
func (r *reader) pairs(path string, n ast.Node) []*ast.MappingValueNode {
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		r.fault(n, "%s: want a mapping (key: value), not %s", orFile(path), kind(n))
		return nil
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(pairs), func(v *ast.MappingValueNode) bool {
		key := v.Key.GetToken().Value
		if _, plain := v.Key.(*ast.StringNode); !plain {
			r.fault(v.Key, "%s: want a plain name as key, not %s", orFile(path), kind(v.Key))
			return true
		}
		if seen[key] {
			r.fault(v.Key, "%s stands twice", join(path, key))
			return true
		}
		seen[key] = true
		return false
	})
}

// list reads a sequence.
func (r *reader) list(path string, n ast.Node, item func(path string, n ast.Node)) {
	switch s := n.(type) {
	case nil, *ast.NullNode:
	case *ast.SequenceNode:
		for i, v := range s.Values {
			item(path+"["+strconv.Itoa(i)+"]", v)
		}
	default:
		r.fault(n, "%s: want a list, not %s", path, kind(n))
	}
}

// single is the text of a value on one line, "" of what is none.
func single(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	return ""
}

// raw is a scalar's text as it stands in the file.
func (r *reader) raw(path string, n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	r.fault(n, "%s: want a value, not %s", path, kind(n))
	return "", false
}

// text is a scalar with its references replaced.
func (r *reader) text(path string, n ast.Node) (string, bool) {
	s, ok := r.raw(path, n)
	if !ok {
		return "", false
	}
	out, err := expand(s, os.LookupEnv)
	if err != nil {
		r.fault(n, "%s: %v", path, err)
		return "", false
	}
	return out, true
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func orFile(path string) string {
	if path == "" {
		return "the job file"
	}
	return path
}

func kind(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		return "an anchor, an alias or a tag (a job file has none)"
	}
	return "one value" // which is not repeated: it may be a password, or hold one
}
