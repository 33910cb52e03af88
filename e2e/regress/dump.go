package regress

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floe/pkg/pgtest"
)

// Dump is what pg_dump says of a database's structure, statement by statement.
func (k Kit) Dump(ctx context.Context, server *pgtest.Server, database string) ([]string, error) {
	cmd := exec.CommandContext(ctx, k.Programs+"/pg_dump", "-s", "--no-owner", "--exclude-schema=floe",
		"-h", "127.0.0.1", "-p", strconv.Itoa(server.Port()), "-U", "postgres", database)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("pg_dump of %s: %w: %s", database, err, errs.String())
	}
	return statements(string(out)), nil
}

var (
	section = regexp.MustCompile(`(?m)^--.*\n`)
	setting = regexp.MustCompile(`(?m)^SET default_(table_access_method|tablespace) = (.*);$`)
	// A source gets the identities that its changes need; a target has its own.
	identity = regexp.MustCompile(`(?m)^ALTER TABLE ONLY .* REPLICA IDENTITY .*;$`)
	floes    = regexp.MustCompile(`^(CREATE|ALTER) (PUBLICATION|EVENT TRIGGER) floe_`)
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
