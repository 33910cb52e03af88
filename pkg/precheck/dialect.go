package precheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/ident"
	"floe/pkg/job"
)

// unspoken names objects of kinds that the target does not have.
func (r *run) unspoken(ctx context.Context) {
	d, err := dialect.Of(ctx, r.dst)
	if err != nil {
		r.unread("O-KIND-UNSUPPORTED", err)
		return
	}
	if r.Job.Init.SkipStructure {
		return
	}
	var found, views []string
	for _, def := range r.db.Definitions {
		b, ok := def.Body.(*catalog.TextDef)
		if !ok || (b.Speech == dialect.Plain || b.Speech == d.Speech) && (def.Kind != catalog.KindObjectType || b.Absent == "") {
			continue
		}
		name := strings.ReplaceAll(string(def.Kind), "-", " ") + " " + strings.TrimPrefix(def.Name.String(), `"".`)
		if r.Job.Init.Unsupported == "substitute" && def.Kind == catalog.KindSynonym && r.stands(b) {
			views = append(views, name)
		} else {
			found = append(found, name)
		}
	}
	if len(views) > 0 {
		r.add(Check{Code: "O-KIND-UNSUPPORTED", Severity: Notice, Object: strings.Join(views, ", "), Text: "the target is " + d.Name + " and has no synonyms; views of their names stand for them: " + strings.Join(views, ", "),
			Fix: "none is needed; applications find them by name, in schema public those that are public synonyms, and need rights on them"})
	}
	if len(found) == 0 {
		return
	}
	c := Check{Code: "O-KIND-UNSUPPORTED", Severity: Warn, Object: strings.Join(found, ", "), Text: "the target is " + d.Name + " and has no such kinds: " + strings.Join(found, ", "),
		Fix: "none is needed for rows: the objects are reported with their source (floe status -o json); rewrite on the target what applications need"}
	if r.Job.Init.Unsupported == "fail" {
		c.Severity, c.Fix = Fail, "exclude them, use a target that has their kinds, or have them reported (init.structure.unsupported: report)"
	}
	r.add(c)
}

// stands reports whether a view can stand for a synonym: it names a table or view that the job has.
func (r *run) stands(b *catalog.TextDef) bool {
	return b.For != nil && slices.ContainsFunc(r.db.Definitions, func(d catalog.Definition) bool {
		switch d.Kind {
		case catalog.KindTable, catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
			return d.Name == *b.For
		}
		return false
	})
}

// caseless: a server in Oracle mode may fold quoted names, so that two become one.
func (r *run) caseless(ctx context.Context) {
	d, err := dialect.Of(ctx, r.dst)
	if err != nil {
		r.unread("O-NAME-CASE", err)
		return
	}
	if !d.FoldsNames {
		return
	}
	seen := map[string]ident.Name{}
	var found, apart []string
	m := r.Job.Mapping()
	_, roots := names(r.db)
	for _, n := range roots {
		to := m.Table(n)
		key := strings.ToLower(to.Schema + "\x00" + to.Name)
		if other, twice := seen[key]; twice {
			found = append(found, other.String()+" and "+to.String())
			apart = append(apart, fmt.Sprintf("{from: %s, to: %s}", job.Scalar(n.String()), job.Scalar(ident.Name{Schema: to.Schema, Name: to.Name + "_2"}.String())))
		}
		seen[key] = to
	}
	if len(found) > 0 {
		r.add(Check{Code: "O-NAME-CASE", Severity: Warn, Object: strings.Join(found, ", "), Text: "the target folds the case of names, which makes one of " + strings.Join(found, ", "), Fix: fmt.Sprintf("give one of each another name, as by objects.mapping: [%s]", strings.Join(apart, ", "))})
	}
}
