package rig

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// Dump is what pg_dump, of which program is the path, says of a database's structure, statement by statement
// and sorted: without floe's own, and without owners.
func Dump(ctx context.Context, program, url string) ([]string, error) {
	cmd := exec.CommandContext(ctx, program, "-s", "--no-owner", "--exclude-schema=floe", "-d", url)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("pg_dump: %w: %s", err, errs.String())
	}
	return statements(string(out)), nil
}

var (
	section = regexp.MustCompile(`(?m)^--.*\n`)
	setting = regexp.MustCompile(`(?m)^SET default_(table_access_method|tablespace) = (.*);$`)
	// A source gets the identities that its changes need; a target has its own.
	identity = regexp.MustCompile(`(?m)^ALTER TABLE ONLY .* REPLICA IDENTITY .*;$`)
	floes    = regexp.MustCompile(`^(CREATE|ALTER|COMMENT ON) (PUBLICATION|EVENT TRIGGER) floe_`)
)

// statements cuts a dump at its comments. A table bears the access method that was set before it, which
// stands where the first table of another one comes.
func statements(dump string) []string {
	method := "heap"
	var out []string
	for _, s := range section.Split(dump, -1) {
		for _, m := range setting.FindAllStringSubmatch(s, -1) {
			if m[1] == "table_access_method" {
				method = m[2]
			}
		}
		s = strings.TrimSpace(identity.ReplaceAllString(setting.ReplaceAllString(s, ""), ""))
		switch {
		case s == "", strings.HasPrefix(s, `\`), floes.MatchString(s):
			continue
		case strings.HasPrefix(s, "CREATE TABLE ") && method != "heap" && !strings.Contains(s, "PARTITION BY"):
			s += " USING " + method
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// Only returns what a has and b lacks, each as often.
func Only(a, b []string) []string {
	left := map[string]int{}
	for _, s := range b {
		left[s]++
	}
	var out []string
	for _, s := range a {
		if left[s]--; left[s] < 0 {
			out = append(out, s)
		}
	}
	return out
}
