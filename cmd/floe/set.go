package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/job"
	"floe/pkg/ledger"
)

func (a *app) setCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{Use: "set [KEY=VALUE...]", Short: "Change bounds of a running job; without arguments, show what was changed",
		Long: `Change bounds of a running job: ` + strings.Join(control.Keys, ", ") + `, as in the job file. What was set
goes for the job from then on, also when its services start again; floe job export prints it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var set control.Settings
			for _, text := range args {
				if err := set.Set(text); err != nil {
					return exit(codeUsage, err)
				}
			}
			c, err := a.commander(cmd.Context())
			if err != nil {
				return err
			}
			if c.sent.Next == 0 && !c.known(cmd.Context()) {
				return c.unknown()
			}
			if len(args) == 0 {
				return a.showSettings(c.sent.Set)
			}
			said := time.Now()
			next, err := c.send(cmd.Context(), ledger.VerbSet, args...)
			if err != nil {
				return err
			}
			if timeout == 0 {
				return c.say("job %s: %s is in the log; the services take it up at once\n", c.job.Name, strings.Join(args, ", "))
			}
			w := waits{timeout: timeout}
			if err := c.obeyed(cmd.Context(), &w, next, said); err != nil {
				return err
			}
			return c.say("job %s: %s goes from now on\n", c.job.Name, strings.Join(args, ", "))
		}}
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to wait until the services have taken it up (exit 8), 0 to not wait")
	return cmd
}

func (a *app) showSettings(s control.Settings) error {
	set := s.Values()
	if a.machine() {
		return a.encode(set)
	}
	for _, key := range control.Keys {
		value, ok := set[key]
		if !ok {
			value = "as the job file says"
		}
		if _, err := fmt.Fprintf(a.out, "%-42s %s\n", key, value); err != nil {
			return err
		}
	}
	return nil
}

// bounds are the fields of a job that commands can set.
func bounds(j *job.Job) control.Settings {
	t, a := j.Throttle, j.Apply
	h, kept := t.HoldLoad, int64(t.HoldLoad.SlotBytes)
	return control.Settings{ApplierLag: &h.ApplierLag, OldestTransaction: &h.OldestTransaction, SlotBytes: &kept, ActiveSessions: &h.ActiveSessions,
		LoadRows: &t.LoadRows, LoadMBps: &t.LoadMBps, ApplyRows: &t.ApplyRows, ApplyMBps: &t.ApplyMBps, BatchRows: &a.BatchRows, BatchWait: &a.BatchWait}
}

// adopt makes a job's fields what commands set.
func adopt(j *job.Job, s control.Settings) {
	j.Throttle.LoadRows = control.Or(s.LoadRows, j.Throttle.LoadRows)
	j.Throttle.LoadMBps = control.Or(s.LoadMBps, j.Throttle.LoadMBps)
	j.Throttle.ApplyRows = control.Or(s.ApplyRows, j.Throttle.ApplyRows)
	j.Throttle.ApplyMBps = control.Or(s.ApplyMBps, j.Throttle.ApplyMBps)
	h := &j.Throttle.HoldLoad
	h.ApplierLag, h.OldestTransaction = control.Or(s.ApplierLag, h.ApplierLag), control.Or(s.OldestTransaction, h.OldestTransaction)
	h.SlotBytes, h.ActiveSessions = job.Size(control.Or(s.SlotBytes, int64(h.SlotBytes))), control.Or(s.ActiveSessions, h.ActiveSessions)
	j.Apply.BatchRows = control.Or(s.BatchRows, j.Apply.BatchRows)
	j.Apply.BatchWait = control.Or(s.BatchWait, j.Apply.BatchWait)
}
