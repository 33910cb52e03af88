package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"floe/pkg/access"
	"floe/pkg/console/draft"
	"floe/pkg/inquiry"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/precheck"
)

// apart is what a console does that makes a job for services elsewhere. It reaches no database and is told no
// password: what it makes is a job file, with references. Services that report on the log, of this job or of
// another one, are asked what they see of their databases, each with its own rights; and once those that were
// given the file do, their prechecks are shown, made again, and the job is started.
type apart struct {
	server *server

	mu     sync.Mutex
	listed map[string]listing // by place
}

// listing is the tables that a capture said it sees.
type listing struct {
	at     time.Time
	tables []draft.Listed
}

// Bounds of listings.
const (
	listedFor  = time.Minute
	mostPlaces = 20
)

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

// service is one that works with a database.
type service struct {
	prefix, key string
	watch       *watch
}

// at is a service that works with a database now, nil for none.
func (a *apart) at(ctx context.Context, side string, e *draft.Endpoint) *service {
	found, _, err := a.server.board.jobs(ctx, pageWaits)
	if err != nil || !e.Complete() {
		return nil
	}
	place := fmt.Sprintf("%s:%d/%s", e.Host, cmp.Or(e.Port, 5432), e.Database)
	for _, f := range found {
		m := f.watch.now()
		keys := alive(m)
		for i, r := range m.reports {
			if k := key(m.sum.Services[i]); (r.Role == "capture") == (side == "source") && r.Place == place && slices.Contains(keys, k) {
				return &service{f.prefix, k, f.watch}
			}
		}
	}
	return nil
}

var errNobody = errors.New("no service on this log works with that database; those that are given the file look whether they reach it")

// test lets a service look at its database: what has to be right before anything else is.
func (a *apart) test(ctx context.Context, side string, e *draft.Endpoint) (*precheck.Report, error) {
	x := a.at(ctx, side, e)
	if x == nil {
		return nil, errNobody
	}
	m := x.watch.now()
	var r *precheck.Report
	silent, err := a.server.question(ctx, x.prefix, a.server.sender(ctx), inquiry.Checks, []string{x.key}, func(said inquiry.Answer) {
		if at := slices.IndexFunc(m.sum.Services, func(s overview.Service) bool { return key(s) == x.key }); said.Checks != nil && at >= 0 {
			found := reportOf(m.reports[at], said.Checks)
			r = &found
		}
	})
	if err == nil && (r == nil || len(silent) > 0) {
		err = fmt.Errorf("%s of job %s does not answer; one of an older floe cannot", x.key, x.prefix)
	}
	return r, err
}

// tables are the source's, as a capture that works with it sees them. Nobody is asked again for a while.
func (a *apart) tables(ctx context.Context, e *draft.Endpoint) (out []draft.Listed, by string, err error) {
	x := a.at(ctx, "source", e)
	if x == nil {
		return nil, "", nil
	}
	place := fmt.Sprint(e.Host, e.Port, e.Database)
	a.mu.Lock()
	l, ok := a.listed[place]
	a.mu.Unlock()
	if ok && time.Since(l.at) < listedFor {
		return l.tables, x.prefix, nil
	}
	whole := false
	_, err = a.server.question(ctx, x.prefix, a.server.sender(ctx), inquiry.Tables, []string{x.key}, func(said inquiry.Answer) {
		for _, t := range said.Tables {
			out = append(out, draft.Listed(t))
		}
		if said.Fault != "" {
			err = errors.Join(err, errors.New(said.Fault))
		}
		whole = whole || said.End && said.Fault == ""
	})
	if !whole {
		return nil, x.prefix, errors.Join(fmt.Errorf("the tables are not known: capture of job %s does not say them", x.prefix), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.listed) >= mostPlaces {
		clear(a.listed)
	}
	a.listed[place] = listing{time.Now(), out}
	return out, x.prefix, nil
}

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
	j, lang := s.found(found[i], time.Now()), language(r)
	m := found[i].watch.now()
	last := s.latest(prefix, m)
	out.Job, out.Ready = &j, readinessOf(m, &last, lang)
	out.Report = checkList{last, last.sum(lang), "/jobs/" + pathEscape(prefix) + "/checks", access.Of(r.Context()) == access.Operator}
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
		b.Report.Action = "/new/check"
	}
	m.look(w, r, "await", true, errors.Join(wrong, incomplete, err), b)
}

// checksApart lets the services that were given the file make their prechecks again, or takes a warning as known.
func (m *maker) checksApart(w http.ResponseWriter, r *http.Request) {
	f, p := m.apart.server.find(r.Context(), m.now().Name)
	if p == nil {
		p = m.apart.server.checked(r, f.prefix, f.watch)
	}
	if p != nil {
		m.awaits(w, r, errors.New(p.Detail))
		return
	}
	http.Redirect(w, r, "/new/check", http.StatusSeeOther)
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
