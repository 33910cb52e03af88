package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/job"
	"floe/pkg/precheck"
)

// checking is how prechecks are run and shown.
type checking struct {
	only, ignore []string
	strict       bool
	fixSQL       string
	embedded     bool
	// others are the prechecks that other machines made, nil for none; side are those that are made here.
	others *precheck.Report
	side   precheck.Side
}

const junit = "junit"

func (a *app) checkCommand() *cobra.Command {
	var how checking
	cmd := &cobra.Command{Use: "check", Short: "Look for what would stop the job; changes nothing", Args: cobra.NoArgs,
		Long: `Look for what would stop the job; this changes nothing. Of a database whose address or password is not known here
it shows what its service found and left in the log, when and where: floe capture checks the source, floe applier the
target, before the job begins.`,
		Annotations: map[string]string{junit: "yes"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := how.reasons(); err != nil { // before anybody is asked
				return err
			}
			j, err := a.resolve(need{})
			if err != nil {
				return err
			}
			at := here(j)
			if at != precheck.Both && j.Kafka == nil {
				a.findRunning(j)
			}
			var opts []kgo.Opt
			if j.Kafka != nil {
				if opts, err = options(j); err != nil {
					return err
				}
			} else if err := (need{source: true, target: true}).check(j); err != nil {
				return err
			}
			if at != precheck.Both && opts != nil {
				if how.others, err = a.heard(cmd.Context(), j, opts, at); err == nil {
					how.side = at
				} else if j.Source.IsZero() || j.Target.IsZero() {
					return err
				} // else what is not known here is a finding
			}
			return a.check(cmd.Context(), j, opts, how)
		}}
	f := cmd.Flags()
	f.StringSliceVar(&how.only, "only", nil, "show these codes alone, and end by them")
	f.StringArrayVar(&how.ignore, "ignore", nil, "take a warning as known, CODE=reason")
	f.BoolVar(&how.strict, "strict", false, "end with 4 if there are warnings")
	f.StringVar(&how.fixSQL, "fix-sql", "", "write the SQL that mends what was found to this file; - is standard output")
	return cmd
}

// reasons reads CODE=reason.
func (c *checking) reasons() (map[string]string, error) {
	out := map[string]string{}
	var codes []string
	for _, text := range c.ignore {
		code, reason, _ := strings.Cut(text, "=")
		if strings.TrimSpace(reason) == "" {
			return nil, exit(codeUsage, fmt.Errorf("--ignore %s: want CODE=reason, for whoever reads it later", text))
		}
		out[code], codes = reason, append(codes, code)
	}
	if err := precheck.CheckCodes(append(codes, c.only...)); err != nil {
		return nil, exit(codeUsage, err)
	}
	return out, nil
}

// check prints the prechecks and returns the exit code that they ask for. Kafka is nil to leave its out.
func (a *app) check(ctx context.Context, j *job.Job, kafka []kgo.Opt, how checking) error {
	reasons, err := how.reasons()
	if err != nil {
		return err
	}
	c := precheck.Config{Job: j, Kafka: kafka, Embedded: how.embedded}
	if !how.embedded { // within floe dev the log is not open yet
		c.Known = a.defined(ctx, j)
	}
	if j.Kafka != nil {
		c.Place = strings.Join(j.Kafka.Brokers, ",")
	}
	if kafka != nil && !j.Registry.IsZero() {
		remote, err := remoteRegistry(j)
		if err != nil {
			return err
		}
		c.Registry = remote.Ping
	}
	r := how.others
	if r == nil || how.side != precheck.Log {
		if c.Side = how.side; c.Side == precheck.Target { // capture has checked the log
			c.Kafka, c.Registry = nil, nil
		}
		r = how.joined(precheck.Run(ctx, c))
	}
	if err := ctx.Err(); err != nil {
		return exit(codeInterrupted, nil)
	}
	r.Ignore(reasons)
	r.Only(how.only)
	if err := errors.Join(a.show(r), how.writeSQL(a, r)); err != nil {
		return err
	}
	switch {
	case r.Unreachable():
		return exit(codeUnreachable, nil)
	case r.Failed():
		return exit(codePrecheck, nil)
	case how.strict && r.Warned():
		return exit(codeWarned, nil)
	}
	return nil
}

// joined adds to what was found here what the other side's service did.
func (c *checking) joined(r *precheck.Report) *precheck.Report {
	if o := c.others; o != nil {
		r.Source, r.Target, r.Heard = r.Source+o.Source, r.Target+o.Target, o.Heard // each knows one
		r.Add(o.Checks...)
	}
	return r
}

func (a *app) show(r *precheck.Report) error {
	switch {
	case a.flags.output == junit:
		return r.WriteJUnit(a.out)
	case a.machine():
		return a.encode(r)
	}
	return r.Write(a.out)
}

func (c *checking) writeSQL(a *app, r *precheck.Report) error {
	if c.fixSQL == "" {
		return nil
	}
	var b bytes.Buffer
	if err := r.WriteSQL(&b); err != nil {
		return err
	}
	if c.fixSQL == "-" {
		_, err := a.out.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(c.fixSQL, b.Bytes(), 0o644); err != nil {
		return exit(codeUsage, fmt.Errorf("--fix-sql: %w", err))
	}
	return nil
}
