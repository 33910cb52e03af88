package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/job"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// runCommands are those that say whether a job is to work.
func (a *app) runCommands() []*cobra.Command {
	start := a.runs(ledger.VerbStart, "Start a job for the first time, or one that is stopped or paused")
	pause := a.runs(ledger.VerbPause, "Pause a job between two transactions; the source keeps its WAL from there on")
	resume := a.runs(ledger.VerbResume, "Go on with a job that is paused")
	stop := a.runs(ledger.VerbStop, "Stop a job like pause does; only start ends it")
	return []*cobra.Command{start, pause, resume, stop}
}

// waits are the flags of commands that can wait for a job to be in a state.
type waits struct {
	state   string
	timeout time.Duration
}

// awaitable are the states that --wait takes.
var awaitable = []string{"PAUSED", "STOPPED", "INIT_STRUCTURE", "INIT_DATA", "CATCHING_UP", "SYNCING"}

func (w *waits) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.state, "wait", "", "wait until the job is in this state: "+strings.Join(awaitable, ", "))
	cmd.Flags().DurationVar(&w.timeout, "timeout", 5*time.Minute, "with --wait, give up after this time (exit 8)")
}

func (w *waits) check() error {
	w.state = strings.ToUpper(w.state)
	if w.state != "" && !slices.Contains(awaitable, w.state) {
		return exit(codeUsage, fmt.Errorf("--wait %s: want %s", w.state, strings.Join(awaitable, ", ")))
	}
	return nil
}

func (a *app) runs(verb, short string) *cobra.Command {
	var w waits
	var reason string
	cmd := &cobra.Command{Use: verb, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := w.check(); err != nil {
			return err
		}
		c, err := a.commander(cmd.Context())
		if err != nil {
			return err
		}
		said := time.Now()
		next, err := c.run(cmd.Context(), verb, reason)
		if err != nil {
			return err
		}
		return c.await(cmd.Context(), &w, next, said)
	}}
	w.addFlags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "kept with the command and shown by floe status")
	return cmd
}

// commander sends commands to one job.
type commander struct {
	app   *app
	job   *job.Job
	kafka []kgo.Opt
	sent  *control.Sent
	by    string // who asks, if that is not who runs this process
}

// commander finds the job and reads what was sent to it so far.
func (a *app) commander(ctx context.Context) (*commander, error) {
	j, opts, err := a.logOf()
	if err != nil {
		return nil, err
	}
	c := &commander{app: a, job: j, kafka: opts}
	return c, c.reread(ctx)
}

// reread reads what was sent to the job so far.
func (c *commander) reread(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	sent, err := control.Read(ctx, c.kafka, c.job.Prefix())
	if err != nil {
		return unreachable(err)
	}
	c.sent = sent
	return nil
}

// send appends a command and returns the offset behind it.
func (c *commander) send(ctx context.Context, verb string, args ...string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	at, err := control.SendBy(ctx, c.kafka, c.job.Prefix(), cmp.Or(c.by, control.Sender()), verb, args...)
	if err != nil {
		return 0, unreachable(err)
	}
	return at + 1, nil
}

// run says whether the job is to work, unless that is so already.
func (c *commander) run(ctx context.Context, verb, reason string) (int64, error) {
	if verb != ledger.VerbStart && c.sent.Next == 0 && !c.known(ctx) {
		return 0, c.unknown()
	}
	switch nothing, err := c.sent.Judge(verb); {
	case err != nil:
		return 0, exit(codeConflict, fmt.Errorf("job %s: %w", c.job.Name, err))
	case nothing:
		if verb == ledger.VerbStart { // it may be kept from that still
			if err := c.first(ctx); err != nil {
				return 0, err
			}
		}
		who := c.sent.Who()
		if who == "" {
			who = "running"
		}
		return c.sent.Next, c.say("job %s: nothing to do, it is %s\n", c.job.Name, who)
	}
	if verb == ledger.VerbStart {
		if err := c.first(ctx); err != nil {
			return 0, err
		}
	}
	var args []string
	if reason != "" {
		args = append(args, reason)
	}
	next, err := c.send(ctx, verb, args...)
	if err != nil {
		return 0, err
	}
	return next, c.say("job %s: %s is in the log; the services take it up at once\n", c.job.Name, verb)
}

// first refuses the start of a job that never began while prechecks fail. Services that were started a
// moment ago have yet to say what theirs come to; what one finds later keeps that one from beginning.
func (c *commander) first(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	begun, err := control.Begun(within, c.kafka, c.job.Prefix())
	if err != nil {
		return unreachable(err)
	}
	if begun {
		return nil
	}
	f, err := overview.Follow(c.kafka, c.job.Prefix())
	if err != nil {
		return err
	}
	defer f.Close()
	for within.Err() == nil {
		if err := f.Refresh(within); err != nil && within.Err() == nil {
			return unreachable(err)
		}
		if err := c.barred(overview.Barred(f.Now.Reports())); err != nil {
			return err
		}
		if f.Now.Unready() == "" {
			return nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.say("job %s: %s; it begins once its prechecks have passed\n", c.job.Name, f.Now.Unready())
}

// barred is the error of services whose prechecks failed.
func (c *commander) barred(by []*status.Report) error {
	var errs []error
	for _, r := range by {
		text := fmt.Sprintf("job %s is not started: prechecks of %s on %s failed: %s", c.job.Name, r.Role, r.Host, strings.TrimSpace(r.Reason+" "+r.Detail))
		if r.Fix != "" {
			text += "; to mend it: " + r.Fix
		}
		errs = append(errs, errors.New(text+"; then start floe "+r.Role+" again"))
	}
	if len(errs) == 0 {
		return nil
	}
	return exit(codePrecheck, errors.Join(errs...))
}

// known reports whether the job's topics are there.
func (c *commander) known(ctx context.Context) bool {
	client, err := kgo.NewClient(c.kafka...)
	if err != nil {
		return false
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx, broker.Status(c.job.Prefix()))
	return err == nil && topics.Has(broker.Status(c.job.Prefix()))
}

func (c *commander) say(format string, args ...any) error {
	if c.app.machine() {
		return nil
	}
	_, err := fmt.Fprintf(c.app.out, format, args...)
	return err
}

// await waits until both services took up what was sent, and the job is in the state.
func (c *commander) await(ctx context.Context, w *waits, next int64, since time.Time) error {
	if w.state == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	state, rest := "", w.state == string(control.Paused) || w.state == string(control.Stopped)
	err := c.watch(ctx, "reach "+w.state, func(o *overview.Overview) (bool, error) {
		if h := o.Halted(since); h != nil && !rest && h.Obeyed >= next {
			return false, halted(h)
		}
		if !rest { // a service that came behind the start
			if err := c.barred(overview.Barred(o.Reports())); err != nil {
				return false, err
			}
		}
		state, _ = o.State(time.Now())
		return o.Obeyed(next, since) && o.Reached(w.state, time.Now()), nil
	})
	if err != nil {
		return err
	}
	return c.say("job %s: it is %s\n", c.job.Name, state)
}

// obeyed waits until both services took up what was sent.
func (c *commander) obeyed(ctx context.Context, w *waits, next int64, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	return c.watch(ctx, "take it up", func(o *overview.Overview) (bool, error) { return o.Obeyed(next, since), nil })
}

// watch looks at the job's reports until done says so or fails.
func (c *commander) watch(ctx context.Context, what string, done func(*overview.Overview) (bool, error)) error {
	began := time.Now()
	f, err := overview.Follow(c.kafka, c.job.Prefix())
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := f.Refresh(ctx); err != nil {
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return unreachable(err)
			}
			state, _ := f.Now.State(time.Now())
			return exit(codeTimeout, fmt.Errorf("gave up after %s: job %s did not %s, it is %s", time.Since(began).Round(time.Second), c.job.Name, what, state))
		}
		if ok, err := done(f.Now); ok || err != nil {
			return err
		}
	}
}
