package capture

import (
	"context"

	"floe/capture/route"
	"floe/capture/source"
	"floe/pkg/failpoint"
	"floe/pkg/registry"
)

// register gives all schemas to the job's registry, if it has one. Before the Epoch: a registry that is
// away or refuses one keeps capture from starting, and nothing is written meanwhile.
func (s *session) register(ctx context.Context) error {
	if s.Registry == nil {
		return nil
	}
	if err := s.Registry.Remember(ctx, s.Kafka, s.Prefix); err != nil {
		return err
	}
	roots := s.db.Roots()
	done := map[uint32]bool{}
	for _, def := range source.Published(s.db) {
		if r := roots[def.OID]; r != nil {
			def = r
		}
		if done[def.OID] {
			continue
		}
		if _, err := s.table(ctx, def); err != nil {
			return err
		}
		done[def.OID] = true
	}
	return nil
}

// giveIDs sets the ids that the table's values and keys bear: the registry's, else floe's own. Those
// contain the epoch, so that no restart gives one to another schema.
func (s *session) giveIDs(ctx context.Context, t *route.Table) (err error) {
	keyed := len(t.Shape.Key) > 0
	if s.Registry == nil {
		if s.versions == maxTables {
			return errNewEpoch // its ids are used up
		}
		t.SchemaID = s.epoch<<16 | (2*s.versions + 1)
		s.versions++
		if keyed {
			t.KeyID = t.SchemaID + 1
		}
		return nil
	}
	if err := failpoint.Here("register.before"); err != nil {
		return err
	}
	if t.SchemaID, err = s.Registry.Register(ctx, registry.ValueSubject(t.Topic), t.Codec.ValueSchema()); err != nil {
		return err
	}
	if keyed {
		if t.KeyID, err = s.Registry.Register(ctx, registry.KeySubject(t.Topic), t.Codec.KeySchema()); err != nil {
			return err
		}
	}
	return failpoint.Here("register.after")
}
