package applier

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// errRelaxed ends a session for which a restriction of the target was let go: the next one goes on from the
// checkpoint.
var errRelaxed = errors.New("what refused a row was let go")

// pathError ends a session whose target has functions that need a schema in their search_path.
type pathError struct{ schema string }

func (e *pathError) Error() string {
	return "functions of the target need schema " + e.schema + " in their search_path"
}

// relax looks whether the refusal that ends the session is by a check that floe made and can let go
// (structure.Relax). It is let go by itself, not in the transaction that it refused: that was rolled back, and
// may be one of many parts.
func (s *session) relax(ctx context.Context, why error) error {
	var said *pgconn.PgError
	if !target.Refused(why) || !errors.As(why, &said) {
		return nil
	}
	if err := s.db.Rollback(ctx); err != nil {
		return err
	}
	schema, err := catalog.SchemaFor(ctx, s.db.Conn, said, s.path)
	if err != nil {
		return err
	}
	if schema != "" {
		s.Log.Info("a function of the target names something without its schema, which is in the search_path from now on", "schema", schema, "said", said.Message)
		return &pathError{schema}
	}
	if s.SkipStructure {
		return nil
	}
	if err := errors.Join(s.db.Begin(ctx), s.db.Exec(ctx, target.Plain)); err != nil {
		return err
	}
	gone, err := structure.Relax(ctx, s.db.Tx, s.Job, s.Name, s.valid, s.options(), said, func(t ident.Name) bool {
		def := s.valid.Table(t)
		return def != nil && s.settled(def.OID)
	})
	if err != nil || gone == "" {
		return errors.Join(err, s.db.Rollback(ctx))
	}
	s.Log.Warn("a restriction of the target refused a row of the source, and was let go", "object", gone, "code", said.Code, "constraint", said.ConstraintName)
	if err := s.db.Commit(ctx, s.owner, s.db.At()); err != nil {
		return err
	}
	return errRelaxed
}
