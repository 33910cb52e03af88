package main

import (
	"encoding/json"

	"github.com/goccy/go-yaml"
)

// machine reports whether somebody asked for a form that programs read.
func (a *app) machine() bool { return a.flags.output != "table" }

// encode writes v as -o says; the field names of both forms are those of its json tags.
func (a *app) encode(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if a.flags.output == "yaml" {
		if b, err = yaml.JSONToYAML(b); err != nil {
			return err
		}
	} else {
		b = append(b, '\n')
	}
	_, err = a.out.Write(b)
	return err
}
