package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"floe/pkg/precheck"
	"floe/pkg/status"
	"floe/schemas"
)

// Whatever the prechecks of a service find fits into one record of the log: texts are cut, SQL is whole or not there.
func TestFindingsFitIntoARecord(t *testing.T) {
	t.Parallel()
	r := &precheck.Report{Result: "failed"}
	for _, code := range precheck.Codes {
		long := code + strings.Repeat("表", 1<<17)
		r.Checks = append(r.Checks, precheck.Check{Code: code, Severity: precheck.Fail, Object: long, Text: long, Cause: long, Fix: long, FixSQL: long})
	}
	r.Checks[0].FixSQL = "ALTER SYSTEM SET wal_level = 'logical';"
	c := told(r)
	for i, x := range c.Found {
		if !utf8.ValidString(x.Text) || !strings.HasPrefix(x.Text, x.Code+"表") || !strings.HasSuffix(x.Text, "…") || (x.FixSQL == "") != (i > 0) {
			t.Errorf("%.60s %.60s", x.Text, x.FixSQL)
		}
	}
	b, err := schemas.EncodeStatus(&status.Report{Role: "capture", Checks: c})
	if err != nil || len(b) > 950_000 {
		t.Errorf("%v, %d bytes", err, len(b))
	}
}
