package job

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds a job file: the parser goes as deep as the file nests.
const maxFile = 256 << 10

// Load reads a job file. Its faults are of type Faults.
func Load(path string) (*Job, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the job file: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a job file's text; file names it in messages.
func Parse(file string, data []byte) (*Job, error) {
	r := &reader{file: file, lines: strings.Split(string(data), "\n"), marks: map[string]ast.Node{}, masks: map[int][]mask{}}
	j := r.read(data)
	if len(r.faults) == 0 {
		return j, nil
	}
	r.faults.sort()
	for _, f := range r.faults {
		f.source, f.caret = r.shown(f.Line, f.Column)
	}
	return nil, r.faults
}

func (r *reader) read(data []byte) *Job {
	if len(data) > maxFile {
		r.fault(nil, "a job file of %d bytes is too large", len(data))
		return nil
	}
	root := r.parse(data)
	if len(r.faults) > 0 {
		r.broken = true
		return nil
	}
	j := Default()
	r.mapping("", root, r.job(&j))
	r.check(&j)
	return &j
}

// parse returns the root of the one document in the file.
func (r *reader) parse(data []byte) ast.Node {
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		var syntax yaml.Error
		if !errors.As(err, &syntax) || syntax.GetToken() == nil {
			r.fault(nil, "this is not YAML: %v", err)
			return nil
		}
		text := syntax.GetMessage()
		// What is repeated of the file may be a password.
		if before, key, has := strings.Cut(text, `"`); has && !plainKey.MatchString(key[:max(0, strings.IndexByte(key, '"'))]) {
			text = strings.TrimRight(before, ": ")
		}
		r.fault(ast.String(syntax.GetToken()), "this is not YAML: %s", text)
		return nil
	}
	var root ast.Node
	for _, d := range f.Docs {
		switch {
		case d.Body == nil || d.Body.Type() == ast.CommentType:
		case root != nil:
			r.fault(d.Body, "a second document: a job file holds one job")
		default:
			root = d.Body
		}
	}
	if root == nil && len(r.faults) == 0 {
		r.fault(nil, "the job file is empty: want at least source and target")
	}
	return root
}
