package capture

import (
	"fmt"
	"slices"

	"github.com/jackc/pglogrepl"

	"floe/capture/defined"
	"floe/capture/past"
	"floe/capture/route"
	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// reads is what is read of the catalog: whole tables. Which of their columns are the job's depends on what was
// known of them where the stream is, so they are narrowed where that is known.
func (s *session) reads() catalog.Selection {
	return catalog.Selection{Tables: s.Includes, Schema: s.Schemas, Everything: s.Everything, Filter: s.Filter, Encoding: s.encoding}
}

// chosen is what the job takes of each table.
func (s *session) chosen() catalog.Selection {
	return catalog.Selection{Filter: s.Filter, Columns: s.Columns}
}

// narrow leaves of what the catalog says the columns that the job lists. A log that was made by other lists is
// not gone on with: its rows lack columns, or have some that are to be left out.
func (s *session) narrow(p *past.Past) error {
	var was *catalog.Database
	if p.Defined != nil {
		was = catalog.NewDatabase(s.db.Version, defined.InOrderOf(p.Defined.List(), s.db.Definitions))
		for _, t := range was.Tables() {
			if err := s.sameList(t); err != nil {
				return err
			}
		}
	}
	s.db = s.db.Narrow(s.chosen(), was)
	return nil
}

// sameList holds a table's list in the log against the job's of that name.
func (s *session) sameList(t *catalog.TableDef) error {
	if t.PartitionOf != nil {
		return nil
	}
	name, then := t.Name, []string(nil)
	if t.List != nil {
		name, then = t.List.Table, t.List.Columns
	}
	if now := s.columns(name); !slices.Equal(then, now) {
		return halt.New(halt.FilterRefused, "set objects.filters back, or "+halt.Reset, "the log has %s of %s, and the job lists %s", columnsText(then), t.Name, columnsText(now))
	}
	return nil
}

// fits halts at a table that cannot be copied with the columns that the job lists.
func fits(def *catalog.TableDef) error {
	if def.List == nil || def.List.Fault == "" {
		return nil
	}
	return halt.New(halt.FilterRefused, "give the table a key among the columns that are listed, and the like; or list more columns in objects.filters, and "+halt.Reset,
		"the columns of %s that the job lists: %s", def.Name, def.List.Fault)
}

// inOrder holds the columns of a relation against the numbers of those of its definition. Names that were exchanged, and
// nobody told, would else give values to each other's columns, or let out what is to stay.
func (s *session) inOrder(id uint32, t *route.Table, m *pglogrepl.RelationMessage) error {
	want := s.orders[id]
	if want == nil {
		return nil
	}
	var are []string
	for _, c := range m.Columns {
		if slices.Contains(want, c.Name) {
			are = append(are, c.Name)
		}
	}
	if !slices.Equal(are, want) {
		return fmt.Errorf("%w: the columns of %s are %q, by their numbers %q", route.ErrShape, t.Shape.Name, are, want)
	}
	return nil
}

func (s *session) columns(table ident.Name) []string {
	if s.Columns == nil {
		return nil
	}
	return slices.Sorted(slices.Values(s.Columns(table)))
}

func columnsText(list []string) string {
	if len(list) == 0 {
		return "all columns"
	}
	text := "columns"
	for i, c := range list {
		if i > 0 {
			text += ","
		}
		text += " " + ident.Quote(c)
	}
	return text
}
