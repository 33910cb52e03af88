package past

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"floe/capture/load"
	"floe/capture/readback"
	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// Steps are what a start does besides reading the log, in their order.
type Steps struct {
	// Take takes the slot, and waits while another capture has it: who holds it is the one writer.
	Take func(context.Context) error
	// Check halts unless the source can give everything behind what the log says (L5). The slot is held, so its
	// position does not move meanwhile.
	Check func(context.Context, *Past) error
	// Append appends the Epoch and waits for its acknowledgement.
	Append func(ctx context.Context, epoch uint32) error
	// Nonce is the Epoch's.
	Nonce string
}

// Claim makes the caller the job's one writer: take the slot, read the log, see that nothing is missing,
// append an Epoch above every earlier one, and read on to it. What the log holds by then is what the new
// epoch goes on from. Whatever halts a start does so before anything is written.
func (j Job) Claim(ctx context.Context, loads load.States, steps Steps) (*readback.Reader, *Past, error) {
	if err := steps.Take(ctx); err != nil {
		return nil, nil, err
	}
	r, p, err := j.Read(ctx, loads)
	if err != nil {
		return nil, nil, err
	}
	if err := j.begin(ctx, r, p, steps); err != nil {
		r.Close()
		p.Close()
		return nil, nil, err
	}
	return r, p, nil
}

func (j Job) begin(ctx context.Context, r *readback.Reader, p *Past, steps Steps) error {
	if err := steps.Check(ctx, p); err != nil {
		return j.unlessMoved(ctx, r, p, err)
	}
	last, _ := r.Epoch()
	if err := steps.Append(ctx, last+1); err != nil {
		return err
	}
	return j.readTo(ctx, r, p, last+1, steps.Nonce)
}

// readTo reads on to the Epoch that was appended. Another one that came before it has taken the job; one that
// was acknowledged and is not in the ledger was lost there.
func (j Job) readTo(ctx context.Context, r *readback.Reader, p *Past, own uint32, nonce string) error {
	for {
		epoch, now := r.Epoch()
		if now == nonce {
			return nil
		}
		if epoch >= own {
			return fmt.Errorf("%w: epoch %d", readback.ErrTakenOver, epoch)
		}
		end, err := r.End(ctx)
		if err != nil {
			return err
		}
		if r.At() >= end {
			return halt.New(halt.LogGap, halt.Reset, "%s ends at offset %d without epoch %d, which it acknowledged", broker.Ledger(j.Prefix), end, own)
		}
		if err := r.Next(ctx, p.taking(ctx)); err != nil {
			return err
		}
	}
}

// unlessMoved returns a halt only if the ledger still ends where it was decided on: else somebody
// writes, and what was found may be his doing.
func (j Job) unlessMoved(ctx context.Context, r *readback.Reader, p *Past, found error) error {
	if halt.As(found) == nil {
		return found
	}
	was := p.entries
	if err := j.more(ctx, r, p); err != nil {
		return errors.Join(found, err)
	}
	if p.entries != was {
		return fmt.Errorf("the ledger moved on while it was read; another capture may own the job")
	}
	return found
}

// CheckTopics halts if a topic no longer holds what the ledger points at (L6): one that was deleted would
// be made anew, and nothing else would show that its rows are gone. What left the job is not looked at.
func (j Job) CheckTopics(ctx context.Context, p *Past, tables []ident.Name) error {
	var names []string
	for _, t := range tables {
		names = append(names, ident.Topic(j.Prefix, t))
	}
	names = slices.DeleteFunc(append(names, broker.Objects(j.Prefix)), func(name string) bool { return p.Ends[name] == nil })
	if len(names) == 0 {
		return nil
	}
	log := j.Open()
	defer log.Close()
	ends, err := log.Ends(ctx, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		for partition, want := range p.Ends[name] {
			switch end, ok := ends[name][partition]; {
			case !ok:
				return halt.New(halt.TopicReset, halt.Reset, "topic %s is gone; the ledger points at its records up to offset %d of partition %d", name, want, partition)
			case end < want:
				return halt.New(halt.TopicReset, halt.Reset, "topic %s partition %d ends at offset %d, the ledger points at records up to %d", name, partition, end, want)
			}
		}
	}
	return nil
}
