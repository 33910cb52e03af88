package job

import (
	"encoding/json"
	"fmt"
)

// Schema is the JSON schema of a job file, for editors. It is made from the fields that reading goes by.
// What only several fields together say (url or host, not both) is left to reading.
func Schema() ([]byte, error) {
	var j Job
	r := &reader{}
	s := r.object(r.job(&j)).schema
	s.Schema, s.Title, s.Types, s.Type = "https://json-schema.org/draft/2020-12/schema", "a job of floe", nil, "object"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the job file's schema: %w", err)
	}
	return append(b, '\n'), nil
}
