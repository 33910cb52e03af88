package capture

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pg"
)

// sampleEvery is how often sequences are looked at: they write no row events.
const sampleEvery = time.Second

// sequence is a sampled value.
type sequence struct {
	oid   uint32
	name  ident.Name
	value ledger.SequenceValue
}

func (s *session) readConn(ctx context.Context) (*pgx.Conn, error) {
	return pg.Connect(ctx, s.Source, pg.Read)
}

// sample hands sequences whose value changed to the stream.
func (s *session) sample(ctx context.Context) error {
	names := map[uint32]ident.Name{}
	for _, d := range s.db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.SequenceDef:
			names[d.OID] = d.Name
		case *catalog.TableDef:
			for _, c := range b.Columns {
				if c.Identity != nil {
					names[c.Identity.OID] = c.Identity.Name
				}
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	conn, err := s.readConn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	last := map[uint32]ledger.SequenceValue{}
	for {
		changed, err := s.changed(ctx, conn, names, last)
		if err != nil {
			return err
		}
		if len(changed) > 0 {
			select {
			case s.samples <- changed:
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// changed reads all sequences in one query and keeps in last what it has seen.
func (s *session) changed(ctx context.Context, conn *pgx.Conn, names map[uint32]ident.Name, last map[uint32]ledger.SequenceValue) ([]sequence, error) {
	oids := make([]uint32, 0, len(names))
	for oid := range names {
		oids = append(oids, oid)
	}
	values, err := catalog.ReadSequences(ctx, conn, oids)
	if err != nil {
		return nil, err
	}
	var out []sequence
	for oid, v := range values {
		now := ledger.SequenceValue{Last: v.Last, IsCalled: v.IsCalled}
		if was, ok := last[oid]; ok && was == now {
			continue
		}
		last[oid] = now
		out = append(out, sequence{oid, names[oid], now})
	}
	return out, nil
}

// placeSequences puts sampled values into the log.
func (s *session) placeSequences(values []sequence) error {
	objects := make([]ledger.Object, len(values))
	for i, v := range values {
		body, err := json.Marshal(v.value)
		if err != nil {
			return err
		}
		objects[i] = ledger.Object{Kind: ledger.KindSequenceValue, Schema: v.name.Schema, Name: v.name.Name, OID: v.oid, Body: string(body)}
	}
	return s.placeObjects(objects)
}
