// Package ending ends a job for good by its log alone: its services clear their sides, each with its own
// rights, then the log goes.
//
//   - Nothing is asked of a job that runs: it is stopped first, by whoever wants its end.
//   - The command that says so goes last with the log: whatever cut a deletion short, a further one finds it
//     there and ends what is left.
//   - The target's tables stay, with their rows.
package ending

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// Deletion is a job that is to be deleted, as its log showed it when it was looked at.
type Deletion struct {
	Job, Prefix string
	Topics      []string // the ledger last
	Begun       bool     // the ledger has an entry
	Sent        *control.Sent
	Now         *overview.Overview // nil if nothing was ever heard
	Removal     Removal

	kafka []kgo.Opt
}

// Removal is what a deletion removes.
type Removal struct {
	Job    string   `json:"job"`
	Source []string `json:"source"`
	Target []string `json:"target"`
	Topics []string `json:"topics"`
	// Stay is the number of the target's tables, which stay.
	Stay int `json:"stay"`
}

// lookTime bounds what looking asks of a log.
const lookTime = 10 * time.Second

// Look finds what the log has of a job. It changes nothing. A log that does not answer is an UnreachableError.
func Look(ctx context.Context, kafka []kgo.Opt, job, prefix string) (*Deletion, error) {
	d := &Deletion{Job: job, Prefix: prefix, kafka: kafka}
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if d.Sent, err = control.Read(ctx, kafka, prefix); err != nil {
		return nil, &UnreachableError{err}
	}
	if d.Topics, err = Topics(ctx, client, prefix); err != nil {
		return nil, err
	}
	if d.Begun, err = control.Begun(ctx, kafka, prefix); err != nil {
		return nil, &UnreachableError{err}
	}
	if slices.Contains(d.Topics, broker.Status(prefix)) {
		f, err := overview.Follow(kafka, prefix)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := f.Refresh(ctx); err != nil {
			return nil, &UnreachableError{err}
		}
		d.Now = f.Now
	}
	return d, d.list(ctx, client)
}

// list is what goes, by the names that floe gives.
func (d *Deletion) list(ctx context.Context, client *kgo.Client) error {
	p := &d.Removal
	p.Job, p.Source, p.Target, p.Topics = d.Job, []string{}, []string{}, append([]string{}, d.Topics...)
	if !d.Begun {
		return nil
	}
	topic := broker.Ledger(d.Prefix)
	found, err := kadm.NewClient(client).ListTopics(ctx, topic)
	if err != nil {
		return &UnreachableError{err}
	}
	id := found[topic].ID
	p.Source = []string{"slot floe_" + p.Job + "_" + hex.EncodeToString(id[:4]), "publication floe_" + p.Job,
		"the job's recording of DDL; with the last job also the event triggers floe_* and schema floe",
		"the job's rows of the heartbeat table, and with the last row the table",
		"the replica identities that it gave, where no other publication needs them: those before come back"}
	p.Target = []string{"the job's rows in schema floe; with the last job all of the schema"}
	if d.Now != nil {
		p.Stay = len(d.Now.Tables())
	}
	return nil
}

// Silent are the roles of which nothing is heard.
func (d *Deletion) Silent() []string {
	roles, now := []string{"capture", "applier"}, time.Now()
	if d.Now == nil {
		return roles
	}
	return slices.DeleteFunc(roles, func(role string) bool {
		return slices.ContainsFunc(d.Now.Reports(), func(r *status.Report) bool { return r.Role == role && d.Now.Age(r, now) <= overview.Stale })
	})
}

// Cleared reports whether both sides are: nobody made anything, or the services have removed it.
func (d *Deletion) Cleared() bool { return !d.Begun && len(d.Silent()) == 2 }

// Judge refuses to delete a job in its state.
func (d *Deletion) Judge() error {
	if d.Sent.Run == control.Deleted || d.Cleared() {
		return nil
	}
	if d.Begun && d.Sent.Run != control.Stopped && d.Sent.Run != control.Finished {
		return &control.ConflictError{Detail: "the job runs", Fix: "floe stop first"}
	}
	if quiet := d.Silent(); len(quiet) > 0 {
		return &control.ConflictError{Detail: fmt.Sprintf("nothing is heard of job %s's %s, which clears its side", d.Job, strings.Join(quiet, " and ")),
			Fix: fmt.Sprintf("start floe %s, or delete with both databases in the job file and no service running", quiet[0])}
	}
	return nil
}

// Clear has the services remove what is on their sides, and waits until all have; told is told of each that is
// heard, with whether it has. Somebody asks for it.
func (d *Deletion) Clear(ctx context.Context, by string, told func(r *status.Report, done bool)) error {
	if d.Cleared() || !d.Begun && d.Sent.Run == control.Deleted {
		return nil
	}
	// Nothing of the commands is ever trimmed, so a command's number is its place.
	next := int64(1 + slices.IndexFunc(d.Sent.Commands(), func(c ledger.Command) bool { return c.Verb == ledger.VerbDelete }))
	if d.Sent.Run != control.Deleted {
		short, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		at, err := control.SendBy(short, d.kafka, d.Prefix, by, ledger.VerbDelete, d.Job)
		if err != nil {
			return &UnreachableError{err}
		}
		next = at + 1
	}
	f, err := overview.Follow(d.kafka, d.Prefix)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := f.Refresh(ctx); err != nil {
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &WaitedError{unclear(f.Now, next)}
			}
			return &UnreachableError{err}
		}
		left := 0
		for _, r := range f.Now.Reports() {
			done := cleared(r, next)
			if !done {
				left++
			}
			told(r, done)
		}
		if left == 0 && f.Now.Capture != nil && len(f.Now.Appliers) > 0 {
			return nil
		}
	}
}

func cleared(r *status.Report, next int64) bool {
	return r.State == string(control.Finished) && r.Obeyed >= next
}

// unclear are the services that have not cleared their sides.
func unclear(o *overview.Overview, next int64) (out []string) {
	for _, r := range o.Reports() {
		if !cleared(r, next) {
			out = append(out, strings.TrimSpace(r.Role+" is "+r.State+" "+r.Detail))
		}
	}
	return out
}

// WaitedError is a deletion whose services did not clear their sides in time.
type WaitedError struct{ Left []string }

func (e *WaitedError) Error() string {
	if len(e.Left) == 0 {
		return "not both sides are cleared: nothing is heard of one"
	}
	return "not both sides are cleared: " + strings.Join(e.Left, "; ")
}

// Drop deletes the topics, the command that says so last: a further deletion, or a service that comes, finds it.
func (d *Deletion) Drop(ctx context.Context) error {
	client, err := kgo.NewClient(d.kafka...)
	if err != nil {
		return err
	}
	defer client.Close()
	return DropTopics(ctx, client, d.Topics, broker.Status(d.Prefix), broker.Ledger(d.Prefix), broker.Commands(d.Prefix))
}
