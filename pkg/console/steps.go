package console

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"floe/pkg/console/draft"
	"floe/pkg/job"
	"floe/pkg/precheck"
)

// What a step asks of a database takes no longer than a person waits.
const stepTime = 20 * time.Second

// sides of a job, as forms and files name them.
var sides = []string{"source", "target"}

// asked are the codes that tell whether a database can be used at all.
var asked = []string{"S-CONN", "S-AUTH", "S-VERSION", "S-PRIMARY", "S-WAL-LEVEL", "S-REPL-PRIV", "T-CONN", "T-OWNER", "T-VERSION"}

// end is one database on the step of databases.
type end struct {
	Side   string
	At     draft.Endpoint
	Has    bool   // a password is kept
	May    bool   // it can be looked at from here
	By     string // whose service is asked, where none of this process is
	Tested []Check
}

func (m *maker) endpointsPage(w http.ResponseWriter, r *http.Request) { m.endpoints(w, r, nil) }

func (m *maker) endpoints(w http.ResponseWriter, r *http.Request, wrong error) {
	m.mu.Lock()
	var ends []end
	for _, side := range sides {
		e := end{Side: side, At: *of(m.draft, side)}
		e.Has = !e.At.Password.IsZero()
		if t := m.tested[side]; t != nil {
			var c Checks
			c.take("", t)
			e.Tested = c.Checks
		}
		ends = append(ends, e)
	}
	m.mu.Unlock()
	for i := range ends {
		e := &ends[i]
		if e.May = m.apart == nil; e.May {
			continue
		}
		if x := m.apart.at(r.Context(), e.Side, &e.At); x != nil {
			e.May, e.By = true, x.prefix
		}
	}
	b := struct {
		Ends  []end
		Modes []string
		Known map[string][]string // by side, where services that report are
	}{Ends: ends, Modes: draft.Modes}
	if m.apart != nil {
		b.Known = m.apart.known(r.Context())
	}
	m.look(w, r, "endpoints", false, wrong, b)
}

func of(d *draft.Draft, side string) *draft.Endpoint {
	if side == "source" {
		return &d.Source
	}
	return &d.Target
}

// takeEndpoints takes both databases, whichever button was pressed; a test asks one of them.
func (m *maker) takeEndpoints(w http.ResponseWriter, r *http.Request) {
	var wrong error
	for _, side := range sides {
		if err := m.takeEndpoint(r, side); err != nil {
			wrong = errors.Join(wrong, err)
		}
	}
	if wrong != nil {
		m.endpoints(w, r, wrong)
		return
	}
	if use, ok := strings.CutPrefix(r.PostFormValue("do"), "use-"); ok && m.apart != nil {
		side, place, _ := strings.Cut(use, " ")
		if !slices.Contains(sides, side) {
			side = ""
		}
		if err := m.apart.use(r.Context(), m, side, place); err != nil {
			m.endpoints(w, r, err)
			return
		}
		http.Redirect(w, r, "/new#"+side, http.StatusSeeOther)
		return
	}
	d := m.now()
	if side, ok := strings.CutPrefix(r.PostFormValue("do"), "test-"); ok && slices.Contains(sides, side) {
		if !of(d, side).Complete() {
			m.endpoints(w, r, errors.New(side+": want host and database"))
			return
		}
		if err := m.test(r.Context(), d, side); err != nil {
			m.endpoints(w, r, err)
			return
		}
		http.Redirect(w, r, "/new#"+side, http.StatusSeeOther)
		return
	}
	if !d.Source.Complete() || !d.Target.Complete() {
		m.endpoints(w, r, errors.New("source and target: want host and database of both"))
		return
	}
	http.Redirect(w, r, "/new/log", http.StatusSeeOther)
}

// takeEndpoint takes one database. A password is kept only once all else was found to be in order, and one
// that was given for another server or user is forgotten.
func (m *maker) takeEndpoint(r *http.Request, side string) error {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(side + "." + name)) }
	return m.change(func(d *draft.Draft) error {
		e := of(d, side)
		was := *e
		if err := e.Take(draft.Said{Host: value("host"), Port: value("port"), Database: value("database"), User: value("user"), TLS: value("tls"), CA: value("ca"), Encoding: value("encoding")}); err != nil {
			return errors.New(side + ": " + err.Error())
		}
		if m.apart != nil {
			if e.Password = job.Reference("${" + strings.ToUpper(side) + "_PASSWORD}"); *e != was {
				delete(m.tested, side)
			}
			return nil
		}
		password := r.PostFormValue(side + ".password") // spaces are part of it
		if password != "" || value("forget") != "" || e.Password != was.Password {
			var err error
			if e.Password, err = m.Keep(side, password); err != nil {
				return err
			}
		}
		if password != "" || *e != was {
			delete(m.tested, side)
		}
		return nil
	})
}

// test asks a database what has to be right before anything else is.
func (m *maker) test(ctx context.Context, d *draft.Draft, side string) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	var r *precheck.Report
	var err error
	switch {
	case m.apart != nil:
		r, err = m.apart.test(ctx, side, of(d, side))
	case side == logSide:
		r, err = m.Check(ctx, d.Broker(), precheck.Log, func(int, int) {})
	default:
		r, err = m.Check(ctx, d.Side(side == "source"), precheck.Side(side), func(int, int) {})
	}
	if err != nil {
		return err
	}
	if side != logSide {
		r.Only(asked)
	}
	m.mu.Lock()
	m.tested[side] = r
	m.mu.Unlock()
	return nil
}

// logSide is where what a test found of the log is kept, beside those of the sides.
const logSide = "log"

func (m *maker) logPage(w http.ResponseWriter, r *http.Request) { m.log(w, r, nil) }

func (m *maker) log(w http.ResponseWriter, r *http.Request, wrong error) {
	b := struct {
		Fixed      bool
		Mechanisms []string
		Tested     []Check
	}{Fixed: m.Fixed, Mechanisms: draft.Mechanisms}
	m.mu.Lock()
	if t := m.tested[logSide]; t != nil {
		var c Checks
		c.take("", t)
		b.Tested = c.Checks
	}
	m.mu.Unlock()
	m.look(w, r, "kafka", false, wrong, b)
}

// takeLog takes where the log is and how one gets in, and perhaps looks whether it answers.
func (m *maker) takeLog(w http.ResponseWriter, r *http.Request) {
	if m.apart != nil { // it is the one that this console reads
		http.Redirect(w, r, "/new/objects", http.StatusSeeOther)
		return
	}
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	err := m.change(func(d *draft.Draft) error {
		was, brokers := d.Log, value("brokers")
		if m.Fixed {
			brokers = draft.Log{Brokers: m.Brokers}.List()
		}
		if err := d.TakeLog(draft.SaidLog{Brokers: brokers, TLS: value("tls") != "", CA: value("ca"), Cert: value("cert"), Key: value("key"), ServerName: value("server_name"),
			Mechanism: value("mechanism"), User: value("user"), Password: value("password")}); err != nil {
			return err
		}
		if !reflect.DeepEqual(was, d.Log) {
			delete(m.tested, logSide)
		}
		return nil
	})
	d := m.now()
	switch {
	case err != nil:
		m.log(w, r, err)
	case value("do") != "test":
		http.Redirect(w, r, "/new/objects", http.StatusSeeOther)
	case len(d.Log.Brokers) == 0:
		m.log(w, r, errors.New("the embedded log needs no test: it begins with the job"))
	default:
		if err := m.test(r.Context(), d, logSide); err != nil {
			m.log(w, r, err)
			return
		}
		http.Redirect(w, r, "/new/log", http.StatusSeeOther)
	}
}

func (m *maker) objectsPage(w http.ResponseWriter, r *http.Request) { m.objects(w, r, nil) }

func (m *maker) objects(w http.ResponseWriter, r *http.Request, wrong error) {
	var b struct {
		Tree    []draft.Schema
		More    bool
		Search  string
		Exclude string
		Filters string
		Columns string
		Blind   bool   // nobody can be asked what the source has
		By      string // whose capture was, where the source is not reached from here
		Lost    string // why the source's tables are not shown
		Count   int
		Most    int
	}
	d := m.now()
	b.Search, b.Most = r.FormValue("search"), draft.MostShown
	for _, p := range d.Exclude {
		b.Exclude += p.String() + "\n"
	}
	for _, f := range d.Filters {
		b.Filters += f.String() + "\n"
	}
	for _, l := range d.Lists {
		b.Columns += l.String() + "\n"
	}
	ctx, cancel := context.WithTimeout(r.Context(), stepTime)
	defer cancel()
	var tables []draft.Listed
	var err error
	if m.apart != nil {
		tables, b.By, err = m.apart.tables(ctx, &d.Source)
		b.Blind = b.By == ""
	} else {
		tables, err = m.Tables(ctx, d.Side(true).Source)
	}
	if err != nil {
		b.Lost = err.Error()
	}
	for _, t := range tables {
		if d.Includes(t.Ident()) {
			b.Count++
		}
	}
	b.Tree, b.More = d.Tree(tables, b.Search)
	m.look(w, r, "objects", false, wrong, b)
}

// takeObjects takes what was chosen, renamed and left out, whichever button was pressed.
func (m *maker) takeObjects(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		m.objects(w, r, err)
		return
	}
	err := m.change(func(d *draft.Draft) error {
		d.Whole = r.PostFormValue("whole") == "yes"
		to := map[string]string{}
		names, targets := r.PostForm["pattern"], r.PostForm["to"]
		for i := range min(len(names), len(targets)) {
			to[names[i]] = targets[i]
		}
		add := r.PostForm["choose"]
		if p := strings.TrimSpace(r.PostFormValue("add")); p != "" {
			add = append(add, p)
		}
		if r.PostFormValue("drop") != "" {
			d.Drop(r.PostFormValue("drop"))
		}
		return errors.Join(d.Rename(to), d.Choose(add), d.Leave(lines(r.PostFormValue("exclude"))), d.Take(lines(r.PostFormValue("filters"))), d.List(lines(r.PostFormValue("columns"))))
	})
	d := m.now()
	next := r.PostFormValue("do") == "next"
	if err == nil && next && !d.Whole && len(d.Chosen) == 0 {
		err = errors.New("nothing is chosen: want the whole database, or some schemas or tables")
	}
	switch {
	case err != nil:
		m.objects(w, r, err)
	case next:
		http.Redirect(w, r, "/new/init", http.StatusSeeOther)
	default:
		q := ""
		if s := r.PostFormValue("search"); s != "" {
			q = "?search=" + queryEscape(s)
		}
		http.Redirect(w, r, "/new/objects"+q, http.StatusSeeOther)
	}
}

// lines are those of a text that hold anything.
func lines(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func (m *maker) initPage(w http.ResponseWriter, r *http.Request) {
	_ = m.change(func(d *draft.Draft) error { // it changes a name that nobody gave
		if d.Name == "" {
			d.Name = job.ProposeName(d.Source.Database)
		}
		return nil
	})
	m.look(w, r, "init", false, nil, nil)
}

func (m *maker) takeInit(w http.ResponseWriter, r *http.Request) {
	on := func(name string) bool { return r.PostFormValue(name) != "" }
	err := m.change(func(d *draft.Draft) error {
		n, err := strconv.Atoi(r.PostFormValue("readers"))
		if err != nil || n < 1 || n > 64 {
			return errors.New("readers: want a number from 1 to 64")
		}
		d.Init = draft.Init{Structure: on("structure"), Data: on("data"), Proceed: r.PostFormValue("existing") == "proceed", DDLOff: r.PostFormValue("ddl") == "off", KeepIdentity: r.PostFormValue("identity") == "keep", Readers: n}
		return d.Call(strings.TrimSpace(r.PostFormValue("name")))
	})
	if err != nil {
		m.look(w, r, "init", false, err, nil)
		return
	}
	http.Redirect(w, r, "/new/check", http.StatusSeeOther)
}

func (m *maker) checkPage(w http.ResponseWriter, r *http.Request) {
	if m.apart != nil {
		m.awaits(w, r, nil)
		return
	}
	m.check(w, r, nil)
}

func (m *maker) check(w http.ResponseWriter, r *http.Request, wrong error) {
	_, err := m.now().Job()
	b := struct {
		Report  checkList
		Current bool // the prechecks looked at the job as it is described now
		Pass    bool
	}{Report: m.checks.list(r, "/new/check")}
	b.Current = m.current()
	b.Pass = b.Current && m.passed(&b.Report.Checks)
	m.look(w, r, "precheck", b.Report.Running, errors.Join(wrong, err), b)
}

func (m *maker) current() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.checked == string(m.draft.Text())
}

// passed reports whether a job may start by these prechecks: nothing failed.
func (m *maker) passed(c *Checks) bool {
	return !c.Running && c.At != nil && c.Error == "" && c.Result != "failed"
}

// takeCheck runs the prechecks, or takes a warning as known.
func (m *maker) takeCheck(w http.ResponseWriter, r *http.Request) {
	if m.apart != nil {
		m.checksApart(w, r)
		return
	}
	if r.PostFormValue("do") == "ignore" {
		if p := m.checks.ignore(Known{r.PostFormValue("code"), r.PostFormValue("reason")}); p != nil {
			m.check(w, r, errors.New(p.Detail))
			return
		}
		http.Redirect(w, r, "/new/check", http.StatusSeeOther)
		return
	}
	d := m.now()
	j, err := d.Job()
	if err != nil {
		m.check(w, r, nil)
		return
	}
	if !m.checks.now().Running {
		m.mu.Lock()
		m.checked = string(d.Text())
		m.mu.Unlock()
		m.checks.begin(m.life, m.Log, alone(func(ctx context.Context, told func(done, of int)) (*precheck.Report, error) {
			return m.Check(ctx, j, precheck.Both, told)
		}))
	}
	http.Redirect(w, r, "/new/check", http.StatusSeeOther)
}

// start starts the job that was checked, once.
func (m *maker) start(w http.ResponseWriter, r *http.Request) {
	if m.apart != nil {
		m.startApart(w, r)
		return
	}
	last := m.checks.now()
	m.mu.Lock()
	file := m.draft.Text()
	ready := m.passed(&last) && m.checked == string(file) && !m.over
	var err error
	if ready {
		err = m.Start(file)
		m.over = err == nil
	}
	m.mu.Unlock()
	switch {
	case err != nil:
		m.check(w, r, err)
	case !ready:
		m.check(w, r, errors.New("the prechecks have not passed for the job as it is now; run them first"))
	default:
		close(m.started)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}
