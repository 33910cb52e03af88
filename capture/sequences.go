package capture

import (
	"context"
	"encoding/json"
	"slices"
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

// sequencesOf are the sequences of a database, those behind identity columns among them.
func sequencesOf(db *catalog.Database) []uint32 {
	var oids []uint32
	for _, d := range db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.SequenceDef:
			oids = append(oids, d.OID)
		case *catalog.TableDef:
			for _, c := range b.Columns {
				if c.Identity != nil {
					oids = append(oids, c.Identity.OID)
				}
			}
		}
	}
	return oids
}

// sample hands sequences whose value changed to the stream.
func (s *session) sample(ctx context.Context) error {
	conn, err := s.readConn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	last := map[uint32]ledger.SequenceValue{}
	var db *catalog.Database
	var oids []uint32
	for {
		if now := s.database(); now != db { // changes make another
			db, oids = now, sequencesOf(now)
		}
		var changed []sequence
		if len(oids) > 0 {
			if changed, err = s.changed(ctx, conn, oids, last); err != nil {
				return err
			}
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
func (s *session) changed(ctx context.Context, conn *pgx.Conn, oids []uint32, last map[uint32]ledger.SequenceValue) ([]sequence, error) {
	values, err := catalog.ReadSequences(ctx, conn, oids)
	if err != nil {
		return nil, err
	}
	var out []sequence
	for _, v := range values {
		now := ledger.SequenceValue{Last: v.Last, IsCalled: v.IsCalled}
		if was, ok := last[v.OID]; ok && was == now {
			continue
		}
		last[v.OID] = now
		out = append(out, sequence{v.OID, v.Name, now})
	}
	return out, nil
}

// placeSequences puts sampled values into the log, of sequences that are still there where the stream is.
func (s *session) placeSequences(values []sequence) error {
	oids := sequencesOf(s.db)
	values = slices.DeleteFunc(values, func(v sequence) bool { return !slices.Contains(oids, v.oid) })
	if len(values) == 0 {
		return nil
	}
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
