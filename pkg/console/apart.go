package console

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"floe/pkg/access"
	"floe/pkg/console/draft"
	"floe/pkg/ledger"
)

// apart is what a console does that makes a job for services elsewhere. It asks no database anything and is
// told no password: what it makes is a job file, with references. Once the services that were given it report
// on the log, it shows what their prechecks found, and starts the job.
type apart struct {
	server *server
}

func (a *apart) show(w http.ResponseWriter, r *http.Request, code int, name, title string, live bool, body any) {
	a.server.show(w, r, code, name, title, live, body)
}

// known are the places of databases whose services report on the log, by side.
func (a *apart) known(ctx context.Context) map[string][]string {
	found, _, err := a.server.board.jobs(ctx, pageWaits)
	if err != nil {
		return nil // they are a help and no more
	}
	out := map[string][]string{}
	for _, f := range found {
		source, target := places(f.watch.now().reports)
		for side, place := range map[string]string{"source": source, "target": target} {
			if place != "" && !slices.Contains(out[side], place) {
				out[side] = append(out[side], place)
			}
		}
	}
	for side := range out {
		slices.Sort(out[side])
	}
	return out
}

// spots are host, port and database of a place, as reports have it.
var spots = regexp.MustCompile(`^(.+?):(\d+)/(.+)$`)

// use takes a database that a service on this log works with.
func (a *apart) use(ctx context.Context, m *maker, side, place string) error {
	at := spots.FindStringSubmatch(place)
	if at == nil || !slices.Contains(a.known(ctx)[side], place) {
		return errors.New("no service on this log works with that database")
	}
	return m.change(func(d *draft.Draft) error {
		e := of(d, side)
		password := e.Password
		err := e.Take(draft.Said{Host: at[1], Port: at[2], Database: at[3], User: e.User, TLS: e.TLS, CA: e.CA})
		e.Password = password // a reference, the same for every server
		return err
	})
}

// awaited is a job as its services report it before it begins, and behind.
type awaited struct {
	Job    *FoundJob // nil while nothing reports
	Ready  *readiness
	Report checkList
}

// awaited looks for a job by its name, which is its prefix unless its file says otherwise.
func (s *server) awaited(r *http.Request, prefix string, patience time.Duration) (out awaited, err error) {
	found, _, err := s.board.jobs(r.Context(), patience)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(found, func(f *followed) bool { return f.prefix == prefix })
	if i < 0 {
		return out, nil
	}
	j := s.found(found[i], time.Now())
	m := found[i].watch.now()
	out.Job, out.Ready = &j, readinessOf(m, language(r))
	if c := reported(m); c != nil {
		out.Report = checkList{Checks: *c, Sum: c.sum(language(r))}
	}
	return out, nil
}

// awaits is the last step: the file, and what the services say that were given it.
func (m *maker) awaits(w http.ResponseWriter, r *http.Request, wrong error) {
	d := m.now()
	_, incomplete := d.Job()
	var b awaited
	var err error
	if incomplete == nil {
		b, err = m.apart.server.awaited(r, d.Name, pageWaits)
	}
	m.look(w, r, "await", true, errors.Join(wrong, incomplete, err), b)
}

// startApart starts the job that was described, once its services are ready.
func (m *maker) startApart(w http.ResponseWriter, r *http.Request) {
	name := m.now().Name
	b, err := m.apart.server.awaited(r, name, programWaits)
	switch {
	case err != nil:
	case b.Ready == nil || !b.Ready.May:
		err = errors.New("its services do not say that they are ready")
	default:
		if _, p := m.apart.server.runFound(r.Context(), name, ledger.VerbStart, ""); p != nil {
			err = errors.New(p.Detail)
		}
	}
	if err != nil {
		m.awaits(w, r, err)
		return
	}
	http.Redirect(w, r, "/jobs/"+pathEscape(name), http.StatusSeeOther)
}

// jobPage shows one job of the log: before it begins its prechecks, later how it goes.
func (s *server) jobPage(w http.ResponseWriter, r *http.Request) {
	b, err := s.awaited(r, r.PathValue("name"), programWaits)
	switch {
	case err != nil:
		s.refused(w, r, s.silent(err))
	case b.Job == nil:
		s.refused(w, r, &access.Problem{Status: http.StatusNotFound, Code: "job-unknown", Detail: "there is no such job on this log"})
	default:
		s.show(w, r, http.StatusOK, "job", "Job", true, b)
	}
}
