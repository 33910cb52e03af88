package capture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/source"
	"floe/pkg/broker"
	"floe/pkg/ledger"
)

// ensureTopics makes the job's own topics and returns their ids.
func (s *session) ensureTopics(ctx context.Context) (map[string]kadm.TopicID, error) {
	return broker.EnsureTopics(ctx, kadm.NewClient(s.client), broker.Control(s.Prefix, s.Replication))
}

// selectionHash changes with the set of tables that the job replicates.
func (s *session) selectionHash() string {
	h := sha256.Sum256([]byte(strings.Join(s.selection(), "\n")))
	return hex.EncodeToString(h[:8])
}

func (s *session) selection() []string {
	var names []string
	for _, t := range s.db.Tables() {
		if t.PartitionOf == nil {
			names = append(names, t.Name.SQL())
		}
	}
	slices.Sort(names)
	return names
}

// placeBeginning places what is valid from this epoch on, in the order that readers of a trimmed ledger
// look for: where to resume, the selection, then every definition, schema and load in one entry. Rows
// may refer to them from here.
func (s *session) placeBeginning(ctx context.Context, o *origin) error {
	if err := s.order.Start(s.order.Resume, o.held.Confirmed); err != nil {
		return err
	}
	if err := s.writer.Append(&ledger.Entry{Selection: &ledger.Selection{Tables: s.selection()}}, nil, nil); err != nil {
		return err
	}
	if err := s.tablesOf(ctx); err != nil {
		return err
	}
	skipped := s.beginLoads()
	s.refiles()
	objects, err := s.objects()
	if err != nil {
		return err
	}
	if err := s.placeObjects(objects); err != nil {
		return err
	}
	return s.skip(skipped)
}

// objects are all definitions in dependency order, then the row schemas and the loads.
func (s *session) objects() ([]ledger.Object, error) {
	var out []ledger.Object
	for i := range s.db.Definitions {
		o, err := definitionObject(&s.db.Definitions[i])
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	for _, def := range s.db.Tables() {
		if t := s.tables[def.OID]; t != nil {
			o, err := s.loadObject(t)
			if err != nil {
				return nil, err
			}
			out = append(append(out, schemaObjects(t)...), o)
		}
	}
	return out, nil
}

// placeObjects produces definitions to floe.objects and the entry that makes them valid here.
func (s *session) placeObjects(objects []ledger.Object) error {
	if err := s.order.Close(); err != nil {
		return err
	}
	var spans publish.Spans
	if err := s.produceObjects(&spans, objects, ledger.Header{}); err != nil {
		return err
	}
	return s.writer.Append(&ledger.Entry{Objects: &ledger.Objects{}}, spans.List(), nil)
}

// beginLoads opens a load for each table that the ledger knows no load of, and forgets those of tables
// that have left. It returns the loads that are not to be.
func (s *session) beginLoads() (skipped []*load.State) {
	s.update(func(st load.States) {
		for oid := range st {
			if s.tables[oid] == nil {
				delete(st, oid)
			}
		}
		for _, def := range s.db.Tables() {
			if s.tables[def.OID] == nil || st[def.OID] != nil {
				continue
			}
			number := uint64(1)
			if !s.first {
				number = s.loadNumber()
			}
			l := st.Begin(def.OID, number)
			l.Heeded = s.sent.Count
			if s.SkipLoad {
				l.Complete = true
				skipped = append(skipped, l)
			}
		}
	})
	return skipped
}

// skip places the end of loads that are not to be.
func (s *session) skip(loads []*load.State) error {
	for _, l := range loads {
		l.Loaded = true
		if err := s.writer.Append(&ledger.Entry{Loaded: &ledger.Loaded{Load: l.Load, Table: l.Table}}, nil, nil); err != nil {
			return err
		}
	}
	s.loading.Store(s.loads.Open())
	return nil
}

// withdraw takes what is no longer selected out of the publication: its changes would be sent for nothing. The log
// says that it left by then, valid and read back: a table that the log has and the publication has not is one that
// others took out.
func (s *session) withdraw(ctx context.Context) error {
	var selected []uint32
	for _, t := range source.Published(s.today) {
		selected = append(selected, t.OID)
	}
	unwanted, err := source.Unwanted(ctx, s.admin, s.publication(), selected)
	if err != nil || len(unwanted) == 0 {
		return err
	}
	if err := s.settled(ctx); err != nil {
		return err
	}
	kept, err := source.Withdraw(ctx, s.admin, s.publication(), unwanted)
	for _, why := range kept {
		s.Log.Info("a table that is no longer selected stays published", "why", why)
	}
	if err != nil {
		return err
	}
	st, err := source.Stand(ctx, s.admin, s.publication())
	if err != nil {
		return err
	}
	return s.sealed(ctx, s.admin, st, source.Published(s.today))
}

// settled waits until what is valid from this epoch on was read back.
func (s *session) settled(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := make(chan struct{})
	go func() {
		defer close(failed)
		select {
		case <-s.writer.Done():
			cancel(s.writer.Err())
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(nil); <-failed }()
	for s.whole.Load() == 0 {
		if err := s.readOn(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		}
	}
	return nil
}
