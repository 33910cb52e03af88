package main

import (
	"context"
	"errors"

	"floe/cmd/floe/datadir"
	"floe/cmd/floe/supervise"
	"floe/pkg/job"
)

// The exit codes; scripts rely on them.
const (
	codeOK          = 0
	codeInternal    = 1
	codeUsage       = 2
	codePrecheck    = 3
	codeWarned      = 4
	codeUnreachable = 5
	codeMismatch    = 6
	codeFailed      = 7
	codeTimeout     = 8
	codeConflict    = 9
	codeInterrupted = 130
)

// exitError is an error with the code that the process ends with. Without err all was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

func exit(code int, err error) error { return &exitError{code, err} }

// codeOf is the exit code of a command that returned err.
func codeOf(err error) int {
	var e *exitError
	var faults job.Faults
	var busy *datadir.BusyError
	var ended *supervise.EndedError
	switch {
	case err == nil:
		return codeOK
	case errors.As(err, &e):
		return e.code
	case errors.As(err, &faults):
		return codeUsage
	case errors.As(err, &busy):
		return codeConflict
	case errors.As(err, &ended):
		return ended.Code
	case errors.Is(err, context.DeadlineExceeded):
		return codeTimeout
	}
	return codeInternal
}
