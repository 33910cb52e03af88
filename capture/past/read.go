package past

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"

	"floe/capture/load"
	"floe/capture/readback"
	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Job is whose log is read, and how.
type Job struct {
	Open   func() readback.Log
	Prefix string
	Log    *slog.Logger
}

// Read reads the ledger to its end: from the latest Epoch that floe.state names and that proves to
// have everything valid behind it, else from what is kept (L6). Whoever writes may trim the ledger meanwhile;
// what is then missing was not lost, and it is read again.
func (j Job) Read(ctx context.Context, loads load.States) (*readback.Reader, *Past, error) {
	for {
		log := j.Open()
		start, end, err := log.Bounds(ctx, broker.Ledger(j.Prefix), 0)
		if err != nil {
			log.Close()
			return nil, nil, err
		}
		r, p, err := j.read(ctx, log, start, end, loads)
		trimmed := errors.Is(err, readback.ErrTakenOver)
		if halt.As(err) != nil {
			now, _, failed := log.Bounds(ctx, broker.Ledger(j.Prefix), 0)
			trimmed = failed == nil && now > start
		}
		log.Close()
		if !trimmed {
			return r, p, err
		}
		clear(loads)
	}
}

func (j Job) read(ctx context.Context, log readback.Log, start, end int64, loads load.States) (*readback.Reader, *Past, error) {
	topic := broker.Ledger(j.Prefix)
	places, err := j.places(ctx, log)
	if err != nil {
		return nil, nil, err
	}
	for _, at := range places {
		if at.Offset < start || at.Offset >= end {
			continue
		}
		p := j.newPast(loads)
		p.place = &at
		r, err := j.readFrom(ctx, at.Offset, ledger.NewCursor(), p)
		switch {
		case err == nil && p.known:
			return r, p, nil
		case err == nil:
			r.Close()
			p.Close()
		case halt.As(err) == nil && !errors.Is(err, errElsewhere):
			return nil, nil, err
		}
		j.Log.Warn("the ledger has no such place; floe.state is ignored", "epoch", at.Epoch, "offset", at.Offset, "err", err)
		clear(loads)
	}
	p, cursor := j.newPast(loads), ledger.NewCursor()
	if p.known = start == 0; !p.known {
		cursor = ledger.Within()
	}
	r, err := j.readFrom(ctx, start, cursor, p)
	if err == nil && !p.known {
		r.Close()
		p.Close()
		err = halt.New(halt.LogGap, fixReset, "%s begins at offset %d, and no Epoch in it has everything valid behind it", topic, start)
	}
	return r, p, err
}

const fixReset = halt.Reset

// errElsewhere: floe.state names a place where something else is.
var errElsewhere = errors.New("another entry is there")

// readFrom reads from one offset to the end that the ledger has now.
func (j Job) readFrom(ctx context.Context, from int64, cursor *ledger.Cursor, p *Past) (*readback.Reader, error) {
	r := readback.Open(j.Open(), broker.Ledger(j.Prefix), from, cursor)
	if err := j.more(ctx, r, p); err != nil {
		r.Close()
		p.Close()
		return nil, err
	}
	return r, nil
}

// more reads on to the end that the ledger has now.
func (j Job) more(ctx context.Context, r *readback.Reader, p *Past) error {
	end, err := r.End(ctx)
	if err != nil {
		return err
	}
	return r.Until(ctx, end, p.taking(ctx))
}

func (j Job) newPast(loads load.States) *Past {
	return &Past{Loads: loads, Ends: map[string]map[int32]int64{}, objects: readback.NewObjects(j.Open()), topic: broker.Objects(j.Prefix)}
}

func (p *Past) taking(ctx context.Context) func(readback.Read) error {
	return func(r readback.Read) error { return p.take(ctx, r) }
}

// placesBack is how many records of floe.state are looked at, the highest epochs' first.
const placesBack = 100

// places are what floe.state names, the highest epoch first. What is no record of ours is ignored.
func (j Job) places(ctx context.Context, log readback.Log) ([]ledger.Place, error) {
	topic := broker.State(j.Prefix)
	start, end, err := log.Bounds(ctx, topic, 0)
	if err != nil {
		return nil, err
	}
	var out []ledger.Place
	for next := max(start, end-placesBack); next < end; {
		records, err := log.Read(ctx, topic, 0, next)
		if err != nil {
			return nil, err
		}
		for _, rec := range records {
			next = rec.Offset + 1
			if p, err := schemas.DecodePlace(rec.Value); err == nil {
				out = append(out, *p)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b ledger.Place) int { return cmp.Compare(b.Epoch, a.Epoch) })
	return out, nil
}
