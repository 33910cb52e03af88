package applier

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/failpoint"
	"floe/pkg/ident"
)

// Defined are where what is valid was defined.
func (s *session) Defined() []int64 { return s.places.offsets() }

// Forget drops what is valid: all that is valid in a new epoch follows its Epoch.
func (s *session) Forget() { s.valid, s.places = catalog.NewDatabase(0, nil), nil }

// Remember keeps what is known before a big transaction.
func (s *session) Remember() {
	s.before = s.known.clone()
	s.bigRows, s.bigObjects = map[uint32]*target.Skipped{}, false
}

// Void takes back what an unfinished big transaction changed of it.
func (s *session) Void(ctx context.Context) error {
	s.leaves = nil
	if s.valid == s.before.valid {
		return nil
	}
	s.known = s.before
	s.planned(s.script)
	return s.db.Forget(ctx)
}

// Objects makes an entry's definitions true on the target.
func (s *session) Objects(ctx context.Context, e *assemble.Entry) error {
	c, err := decode(&e.Defs, e.Offset)
	if err != nil {
		return err
	}
	if batch.AllValid(e) {
		s.valid, s.places = catalog.NewDatabase(0, nil), nil
		clear(s.shapes)
	}
	return s.follow(ctx, e, c)
}

// follow makes the target hold what is valid behind a change, in the open transaction.
func (s *session) follow(ctx context.Context, e *assemble.Entry, c *change) error {
	anew := s.anew(c)
	began, err := s.reload(ctx, e, c)
	if err != nil {
		return err
	}
	if err := s.forget(ctx, c); err != nil {
		return err
	}
	if err := s.parted(ctx, c); err != nil {
		return err
	}
	if err := s.labels(ctx, c); err != nil {
		return err
	}
	s.define(e.Offset, c)
	if len(c.now)+len(c.gone)+len(c.left)+len(c.shapes) == 0 && !batch.AllValid(e) { // only loads
		return nil
	}
	if err := s.db.Exec(ctx, target.Plain); err != nil {
		return err
	}
	if err := failpoint.Here("objects.before"); err != nil {
		return err
	}
	script, report, err := structure.Follow(ctx, s.db.Tx, s.Job, s.Name, s.valid, c.gone, s.options(),
		structure.InstallOptions{Proceed: s.Proceed, SkipStructure: s.SkipStructure, Anew: anew, Left: c.left})
	s.report.structure(report)
	if err != nil {
		return err
	}
	s.planned(script)
	report, err = structure.Quiet(ctx, s.db.Tx, s.Job, s.Name, s.script, s.db.Replica)
	s.report.structure(report)
	if err != nil {
		return err
	}
	if err := s.complete(ctx, c, began); err != nil {
		return err
	}
	if err := failpoint.Here("objects.after"); err != nil {
		return err
	}
	return errors.Join(s.differs(ctx), s.db.Exec(ctx, target.Bound), s.find(ctx, "SET LOCAL"), s.db.Forget(ctx))
}

// anew are the tables of which a load begins that brings every row, with those of the target. Among rows that
// were there before floe some are the target's own: they stay.
func (s *session) anew(c *change) map[ident.Name]ident.Name {
	out := map[ident.Name]ident.Name{}
	for _, l := range c.loads {
		if !s.Proceed && !l.Loaded && l.Load != s.loads[l.table].Number {
			out[l.name] = s.Mapping.Table(l.name)
		}
	}
	return out
}

// differs has reports say what of the target's structure is not as the source's.
func (s *session) differs(ctx context.Context) error {
	facts, err := structure.Facts(ctx, s.db.Tx, s.Job, s.Name)
	if err == nil {
		s.report.known(facts)
	}
	return err
}

// define takes up what a change says.
func (s *session) define(offset int64, c *change) {
	s.valid = s.valid.With(c.now, slices.Concat(c.gone, c.left))
	for _, r := range slices.Concat(c.gone, c.left) {
		if r.Kind == catalog.KindTable {
			delete(s.shapes, r.OID)
			delete(s.clashed, r.OID)
		}
	}
	maps.Copy(s.shapes, c.shapes)
	for _, d := range c.now { // rows of a partition are its root's, and of an unlogged table there are none
		if t, ok := d.Body.(*catalog.TableDef); ok && (t.Unlogged || s.valid.Root(t).OID != t.OID) {
			delete(s.shapes, t.OID)
		}
	}
	s.leafless()
	s.places = s.places.with(offset, c)
}

// leafless drops the shapes of partitioned tables that have no partition left which holds rows: nothing is loaded
// of them, and a load that began before they had none is moot. With the next partition capture places them again.
func (s *session) leafless() {
	rows := map[uint32]bool{}
	for _, t := range s.valid.Tables() {
		if t.PartitionKey == "" && !t.Unlogged {
			rows[s.valid.Root(t).OID] = true
		}
	}
	for _, t := range s.valid.Tables() {
		if t.PartitionKey != "" && !rows[t.OID] {
			delete(s.shapes, t.OID)
		}
	}
}

// forget drops what is kept of the load of tables that are gone. Those that left the selection may come
// back: then it matters that they were loaded once.
func (s *session) forget(ctx context.Context, c *change) error {
	for _, r := range c.gone {
		if _, known := s.loads[r.OID]; !known || r.Kind != catalog.KindTable {
			continue
		}
		if err := errors.Join(s.dropSeen(ctx, r.OID), s.dropKept(ctx, r.OID), s.forgo(ctx, r.OID, true), s.db.ForgetLoad(ctx, s.owner, r.OID)); err != nil {
			return err
		}
		delete(s.loads, r.OID)
	}
	return nil
}

func (s *session) options() structure.Options {
	return structure.Options{Mapping: s.Mapping, TargetVersion: s.db.Version, ForeignKeysLast: !s.db.Replica,
		Target: s.db.Dialect, Unsupported: s.Unsupported}
}

// planned takes up the steps towards what is valid; what was known of the target's tables is out of date.
func (s *session) planned(script *structure.Script) {
	s.script, s.names = script, structure.Sequences(s.valid, s.Mapping)
	s.folder = fold.New()
	s.folder.Foldable = s.foldable(s.valid)
	clear(s.tables)
}

// complete runs what a change made possible of the steps behind the load: those that are new, and of what
// failed before that which the change defines, or which waits for tables that are loaded from here on.
// Others would fail again; they are tried at each start.
func (s *session) complete(ctx context.Context, c *change, began []ident.Name) error {
	if s.SkipStructure {
		return nil
	}
	steps, err := structure.Untried(ctx, s.db.Tx, s.Job, s.Name, s.script.After)
	if err != nil {
		return err
	}
	chosen, defined := map[string]bool{}, map[string]bool{}
	for _, st := range steps {
		chosen[st.ID] = true
	}
	for _, d := range c.now {
		defined[string(d.Kind)+"/"+strconv.FormatUint(uint64(d.OID), 10)] = true
	}
	for _, st := range s.script.After {
		object := strings.Join(strings.SplitN(st.ID, "/", 3)[:2], "/")
		waited := slices.ContainsFunc(began, func(t ident.Name) bool { return slices.Contains(st.Tables, t) })
		chosen[st.ID] = chosen[st.ID] || defined[object] || waited
	}
	return s.finishStructure(ctx, slices.DeleteFunc(slices.Clone(s.script.After), func(st structure.Statement) bool { return !chosen[st.ID] }))
}

// table is how rows of this shape meet the target.
func (s *session) table(ctx context.Context, shape *event.Table) (*render.Table, error) {
	if t := s.tables[shape]; t != nil {
		return t, nil
	}
	t, err := s.db.Describe(ctx, shape, s.Mapping.Table(shape.Name), func(c string) string { return s.Mapping.Column(shape.Name, c) })
	if err != nil {
		return nil, err
	}
	s.tables[shape] = t
	return t, nil
}
